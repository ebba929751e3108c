"""Refunds over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.payments import refund_queries, refund_sending, refunds, withdrawing
from orders.payments.refund_queries import RefundRow
from orders.payments.refund_schemas import (
    RecordRefundSchema,
    RefundPage,
    RefundQuery,
    RefundSchema,
    RequestRefundSchema,
)
from orders.payments.refunds import TransferBack
from orders.payments.schemas import ReasonSchema
from orders.purchase import party
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page

bp = Blueprint("refunds", __name__, url_prefix="/api/v1", description="Money back, by two persons")


@bp.route("/refunds")
@requires("payments:read")
@bp.arguments(RefundQuery, location="query")
@bp.response(200, RefundPage)
def list_refunds(query: dict[str, Any], actor: Actor) -> Page[RefundRow]:
    """List the refunds of the caller's orders, newest first."""
    return refund_queries.list_refunds(actor, clock.today(), **query)


@bp.route("/refunds/<uuid:refund_id>")
@requires("payments:read")
@bp.response(200, RefundSchema)
def get_refund(refund_id: UUID, actor: Actor) -> RefundRow:
    """Return a refund."""
    return refund_queries.get_refund(refund_id, actor, clock.today())


@bp.route("/orders/<uuid:order_id>/refunds")
@requires("payments:read")
@bp.arguments(RefundQuery, location="query")
@bp.response(200, RefundPage)
def list_order_refunds(query: dict[str, Any], order_id: UUID, actor: Actor) -> Page[RefundRow]:
    """List the refunds of an order."""
    today = clock.today()
    key = party.get_order(order_id, actor, today).id
    return refund_queries.list_refunds(actor, today, order_id=key, **query)


@bp.route("/orders/<uuid:order_id>/refunds", methods=["POST"])
@requires("refunds:request")
@idempotent
@bp.arguments(RequestRefundSchema)
@bp.response(201, RefundSchema)
def request_refund(body: dict[str, Any], order_id: UUID, actor: Actor) -> RefundRow:
    """Ask for money back; it is set aside at once, and never more than was received.

    It goes back the way it came. What came by several ways or from several payers makes a refund for each; the first
    is returned.
    """
    with transaction():
        made = refunds.request(
            order_id, body["amount"], body["reason"], actor=actor, at=clock.now(), lines=body["lines"]
        )
        return refund_queries.get_refund(made.public_id, actor, clock.today())


@bp.route("/refunds/<uuid:refund_id>/send", methods=["POST"])
@requires("refunds:record")
@idempotent
@bp.response(200, RefundSchema)
def send_refund(refund_id: UUID, actor: Actor) -> RefundRow:
    """Send a refund back through the card provider; its word confirms it."""
    with transaction():
        refund_sending.send(refund_id, actor, clock.now())
        return refund_queries.get_refund(refund_id, actor, clock.today())


@bp.route("/refunds/<uuid:refund_id>/record", methods=["POST"])
@requires("refunds:record")
@idempotent
@bp.arguments(RecordRefundSchema)
@bp.response(200, RefundSchema)
def record_refund(body: TransferBack, refund_id: UUID, actor: Actor) -> RefundRow:
    """Record that the money was sent back; another person confirms it."""
    with transaction():
        refunds.record(refund_id, body, actor, clock.now())
        return refund_queries.get_refund(refund_id, actor, clock.today())


@bp.route("/refunds/<uuid:refund_id>/confirm", methods=["POST"])
@requires("refunds:confirm")
@idempotent
@bp.response(200, RefundSchema)
def confirm_refund(refund_id: UUID, actor: Actor) -> RefundRow:
    """Confirm a refund that another person recorded."""
    with transaction():
        refunds.confirm(refund_id, actor, clock.now())
        return refund_queries.get_refund(refund_id, actor, clock.today())


@bp.route("/refunds/<uuid:refund_id>/withdraw", methods=["POST"])
@requires("refunds:request")
@idempotent
@bp.response(200, RefundSchema)
def withdraw_refund(refund_id: UUID, actor: Actor) -> RefundRow:
    """Take back what one asked for oneself, before it is recorded or sent."""
    with transaction():
        withdrawing.withdraw_refund(refund_id, actor, clock.now())
        return refund_queries.get_refund(refund_id, actor, clock.today())


@bp.route("/refunds/<uuid:refund_id>/refuse", methods=["POST"])
@requires("payments:read")
@idempotent
@bp.arguments(ReasonSchema)
@bp.response(200, RefundSchema)
def refuse_refund(body: dict[str, Any], refund_id: UUID, actor: Actor) -> RefundRow:
    """Refuse a refund with a reason: who may record one that is asked for, who may confirm one that is recorded."""
    with transaction():
        refunds.refuse(refund_id, body["reason"], actor, clock.now())
        return refund_queries.get_refund(refund_id, actor, clock.today())
