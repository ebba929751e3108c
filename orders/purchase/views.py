"""Baskets and procurements over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import current_app

from orders.purchase import basket, checkout, listing, procurement_answers, procurements
from orders.purchase.basket import Basket
from orders.purchase.models import Procurement
from orders.purchase.procurement_answers import ProcurementAnswer
from orders.purchase.schemas import (
    ApproveProcurementSchema,
    BasketQuantitySchema,
    BasketSchema,
    EditProcurementSchema,
    NewProcurementSchema,
    OrderReasonSchema,
    ProcurementListSchema,
    ProcurementQuery,
    ProcurementSchema,
    WantedLinesSchema,
    WantedSchema,
    head_of,
    wanted_of,
)
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.etag import format_etag, if_match
from shop.idempotency import idempotent
from shop.paging import Page

bp = Blueprint("procurements", __name__, url_prefix="/api/v1", description="Baskets and procurements")
Tagged = tuple[ProcurementAnswer, dict[str, str]]


def confirm_within() -> timedelta:
    """Return how long a producer has to confirm an order."""
    return timedelta(days=current_app.config["CONFIRM_WITHIN_DAYS"])


@bp.route("/basket")
@requires("basket:edit")
@bp.response(200, BasketSchema)
def show_basket(actor: Actor) -> Basket:
    """Show the basket at today's prices; what cannot be ordered says why."""
    return basket.view_basket(actor, clock.now())


@bp.route("/basket", methods=["DELETE"])
@requires("basket:edit")
@bp.response(204)
def empty_basket(actor: Actor) -> None:
    """Empty the basket."""
    with transaction():
        basket.empty_basket(actor)


@bp.route("/basket/lines", methods=["POST"])
@requires("basket:edit")
@idempotent
@bp.arguments(WantedSchema)
@bp.response(201, BasketSchema)
def add_basket_line(body: dict[str, Any], actor: Actor) -> Basket:
    """Add a quantity of a listing to the basket."""
    at = clock.now()
    with transaction():
        basket.put_line(body["listing_id"], body["quantity"], actor=actor, at=at, add=True)
        return basket.view_basket(actor, at)


@bp.route("/basket/lines/<uuid:listing_id>", methods=["PUT"])
@requires("basket:edit")
@bp.arguments(BasketQuantitySchema)
@bp.response(200, BasketSchema)
def set_basket_line(body: dict[str, Any], actor: Actor, listing_id: UUID) -> Basket:
    """Set the quantity of a listing in the basket."""
    at = clock.now()
    with transaction():
        basket.put_line(listing_id, body["quantity"], actor=actor, at=at)
        return basket.view_basket(actor, at)


@bp.route("/basket/lines/<uuid:listing_id>", methods=["DELETE"])
@requires("basket:edit")
@bp.response(204)
def remove_basket_line(actor: Actor, listing_id: UUID) -> None:
    """Take a listing out of the basket."""
    with transaction():
        basket.remove_line(listing_id, actor=actor)


@bp.route("/procurements")
@requires("procurements:read")
@bp.arguments(ProcurementQuery, location="query")
@bp.response(200, ProcurementListSchema)
def list_procurements(query: dict[str, Any], actor: Actor) -> Page[Procurement]:
    """List the organisation's procurements, newest first."""
    wanted = listing.ProcurementFilter(
        query["status"], query["created_from"], query["created_to"], query["party"], query["approval"]
    )
    return listing.list_procurements(actor, wanted, limit=query["limit"], cursor=query["cursor"])


@bp.route("/procurements", methods=["POST"])
@requires("procurements:create")
@idempotent
@bp.arguments(NewProcurementSchema)
@bp.response(201, ProcurementSchema)
def create_procurement(body: dict[str, Any], actor: Actor) -> Tagged:
    """Draw up a procurement; with ``place`` it is placed in the same call, all or nothing."""
    at = clock.now()
    with transaction():
        lines = basket.take_basket(actor, at) if body["from_basket"] else wanted_of(body)
        if body["place"]:
            placed = checkout.create_and_place(
                head_of(body), lines, actor=actor, at=at, confirm_within=confirm_within()
            )
            return _tagged(procurement_answers.placed_procurement(placed, actor))
        made = procurements.create_procurement(head_of(body), lines, actor=actor, at=at)
        if body["submit"]:
            made = procurements.submit_procurement(made.public_id, actor=actor, at=at)
        return _tagged(procurement_answers.procurement_answer(made, actor, at))


@bp.route("/procurements/<uuid:procurement_id>")
@requires("procurements:read")
@bp.response(200, ProcurementSchema)
def show_procurement(actor: Actor, procurement_id: UUID) -> Tagged:
    """Show a procurement: its lines at today's prices, or its orders."""
    return _tagged(procurement_answers.get_procurement(procurement_id, actor, clock.now()))


@bp.route("/procurements/<uuid:procurement_id>", methods=["PATCH"])
@requires("procurements:create")
@bp.arguments(EditProcurementSchema)
@bp.response(200, ProcurementSchema)
def edit_procurement(body: dict[str, Any], actor: Actor, procurement_id: UUID) -> Tagged:
    """Change a procurement that is not placed; its approval is void then."""
    return _edit(procurement_id, body, actor, if_match())


@bp.route("/procurements/<uuid:procurement_id>/lines", methods=["PUT"])
@requires("procurements:create")
@bp.arguments(WantedLinesSchema)
@bp.response(200, ProcurementSchema)
def replace_lines(body: dict[str, Any], actor: Actor, procurement_id: UUID) -> Tagged:
    """Replace all lines of a procurement that is not placed; its approval is void then."""
    return _edit(procurement_id, body, actor, if_match())


def _edit(procurement_id: UUID, body: dict[str, Any], actor: Actor, version: int) -> Tagged:
    at = clock.now()
    lines = wanted_of(body) if "lines" in body else None
    head = {name: value for name, value in body.items() if name != "lines"}
    with transaction():
        edited = procurements.edit_procurement(procurement_id, head, lines, version=version, actor=actor, at=at)
        return _tagged(procurement_answers.procurement_answer(edited, actor, at))


@bp.route("/procurements/<uuid:procurement_id>/submit", methods=["POST"])
@requires("procurements:submit")
@idempotent
@bp.response(200, ProcurementSchema)
def submit_procurement(actor: Actor, procurement_id: UUID) -> Tagged:
    """Submit a draft for approval, or again what has become dearer than was approved."""
    at = clock.now()
    with transaction():
        moved = procurements.submit_procurement(procurement_id, actor=actor, at=at)
        return _tagged(procurement_answers.procurement_answer(moved, actor, at))


@bp.route("/procurements/<uuid:procurement_id>/approve", methods=["POST"])
@requires("procurements:approve")
@idempotent
@bp.arguments(ApproveProcurementSchema)
@bp.response(200, ProcurementSchema)
@bp.alt_response(412, response="PRECONDITION_FAILED")
def approve_procurement(body: dict[str, Any], actor: Actor, procurement_id: UUID) -> Tagged:
    """Approve what another person submitted; no more than this sum may be placed."""
    return _decide(procurement_id, body, actor, approved=True)


@bp.route("/procurements/<uuid:procurement_id>/reject", methods=["POST"])
@requires("procurements:approve")
@idempotent
@bp.arguments(OrderReasonSchema)
@bp.response(200, ProcurementSchema)
def reject_procurement(body: dict[str, Any], actor: Actor, procurement_id: UUID) -> Tagged:
    """Reject what another person submitted; it can be edited and submitted again."""
    return _decide(procurement_id, body, actor, approved=False)


def _decide(procurement_id: UUID, body: dict[str, Any], actor: Actor, *, approved: bool) -> Tagged:
    at = clock.now()
    with transaction():
        moved = procurements.decide_approval(
            procurement_id, approved=approved, actor=actor, at=at, why=body["why"], seen_fen=body.get("total"),
            version=body.get("version"),
        )  # fmt: skip
        return _tagged(procurement_answers.procurement_answer(moved, actor, at))


@bp.route("/procurements/<uuid:procurement_id>/place", methods=["POST"])
@requires("procurements:read")
@idempotent
@bp.response(200, ProcurementSchema)
def place_procurement(actor: Actor, procurement_id: UUID) -> Tagged:
    """Place an approved procurement, or a draft where nobody approves: one order per producer."""
    at = clock.now()
    with transaction():
        placed = checkout.place_procurement(procurement_id, actor=actor, at=at, confirm_within=confirm_within())
        return _tagged(procurement_answers.placed_procurement(placed, actor))


@bp.route("/procurements/<uuid:procurement_id>/cancel", methods=["POST"])
@requires("procurements:create")
@idempotent
@bp.arguments(OrderReasonSchema)
@bp.response(200, ProcurementSchema)
def cancel_procurement(body: dict[str, Any], actor: Actor, procurement_id: UUID) -> Tagged:
    """Give a procurement up before it is placed."""
    at = clock.now()
    with transaction():
        moved = procurements.cancel_procurement(procurement_id, actor=actor, at=at, why=body["why"])
        return _tagged(procurement_answers.procurement_answer(moved, actor, at))


def _tagged(answer: ProcurementAnswer) -> Tagged:
    return answer, {"ETag": format_etag(answer.version)}
