"""Shipments and acceptances over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.fulfilment import answers, witnessing
from orders.fulfilment.accepting import AcceptanceDraft, ItemDecision, accept_goods
from orders.fulfilment.answers import AcceptanceAnswer, ShipmentAnswer
from orders.fulfilment.schemas import (
    AcceptanceListSchema,
    AcceptanceSchema,
    NewAcceptanceSchema,
    NewShipmentSchema,
    ShipmentListSchema,
    ShipmentSchema,
    WitnessListSchema,
)
from orders.fulfilment.shipping import ItemToShip, ShipmentDraft, ship_order
from orders.purchase.access import get_order
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.identity.listings import list_colleagues

bp = Blueprint("fulfilment", __name__, url_prefix="/api/v1", description="Shipping and acceptance")


@bp.route("/orders/<uuid:order_id>/shipments")
@requires("signed_in")
@bp.response(200, ShipmentListSchema)
def list_shipments(actor: Actor, order_id: UUID) -> dict[str, Any]:
    """List the shipments of an order."""
    return {"items": answers.shipments_of(get_order(order_id, actor, clock.now()).id, actor)}


@bp.route("/orders/<uuid:order_id>/shipments", methods=["POST"])
@requires("goods:ship")
@idempotent
@bp.arguments(NewShipmentSchema)
@bp.response(201, ShipmentSchema)
def ship(body: dict[str, Any], actor: Actor, order_id: UUID) -> ShipmentAnswer:
    """Ship goods of an order, part by part if need be."""
    items = [
        ItemToShip(one["line_id"], one["quantity"].value, one["quantity"].unit, tuple(one["lot_ids"]))
        for one in body["items"]
    ]
    draft = ShipmentDraft(items, body["carrier"], body["tracking_ref"], body["note"], body["place"])
    at = clock.now()
    with transaction():
        return answers.get_shipment(ship_order(order_id, draft, actor=actor, at=at).public_id, actor, at)


@bp.route("/shipments/<uuid:shipment_id>")
@requires("signed_in")
@bp.response(200, ShipmentSchema)
def show_shipment(actor: Actor, shipment_id: UUID) -> ShipmentAnswer:
    """Show a shipment to those who may see its order."""
    return answers.get_shipment(shipment_id, actor, clock.now())


@bp.route("/orders/<uuid:order_id>/acceptances")
@requires("signed_in")
@bp.response(200, AcceptanceListSchema)
def list_acceptances(actor: Actor, order_id: UUID) -> dict[str, Any]:
    """List the acceptances of an order."""
    return {"items": answers.acceptances_of(get_order(order_id, actor, clock.now()).id, actor)}


@bp.route("/orders/<uuid:order_id>/witnesses")
@requires("goods:accept")
@bp.response(200, WitnessListSchema)
def list_witnesses(actor: Actor, order_id: UUID) -> dict[str, Any]:
    """List the members who can be the second person when the caller accepts goods of an order."""
    at = clock.now()
    get_order(order_id, actor, at)
    return {"items": list_colleagues(actor, clock.business_day(at))}


@bp.route("/orders/<uuid:order_id>/acceptances", methods=["POST"])
@requires("goods:accept")
@idempotent
@bp.arguments(NewAcceptanceSchema)
@bp.response(201, AcceptanceSchema)
def accept(body: dict[str, Any], actor: Actor, order_id: UUID) -> AcceptanceAnswer:
    """Accept or reject delivered goods; the books follow."""
    items = [
        ItemDecision(
            one["shipment_item_id"],
            one["accepted"].value,
            one["rejected"].value,
            one["reason"],
            (one["accepted"].unit, one["rejected"].unit),
            knows_recall=one["accept_recalled"],
        )
        for one in body["items"]
    ]
    files = [(paper["kind"], paper["file_id"]) for paper in body["files"]]
    draft = AcceptanceDraft(
        items, body["witness_name"], body["note"], files, body["witness_id"], also_present=body["also_present"]
    )
    with transaction():
        made = accept_goods(order_id, draft, actor=actor, at=clock.now())
        return next(one for one in answers.acceptances_of(made.order_id, actor) if one.id == made.public_id)


@bp.route("/acceptances/<uuid:acceptance_id>/witness", methods=["POST"])
@requires("orders:read")
@idempotent
@bp.response(200, AcceptanceSchema)
def witness(actor: Actor, acceptance_id: UUID) -> AcceptanceAnswer:
    """Say that one was there as the second person, and that the quantities are right; only who was named can."""
    with transaction():
        made = witnessing.witness(acceptance_id, actor, clock.now())
        return next(one for one in answers.acceptances_of(made.order_id, actor) if one.id == made.public_id)
