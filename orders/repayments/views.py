"""Debts and repayments over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.payments.schemas import ReasonSchema
from orders.repayments import queries, services
from orders.repayments.queries import RepaymentRow
from orders.repayments.schemas import (
    DebtList,
    RecordRepaymentSchema,
    RepaymentPage,
    RepaymentQuery,
    RepaymentSchema,
)
from orders.repayments.services import RepaymentFacts
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page

bp = Blueprint("repayments", __name__, url_prefix="/api/v1", description="What producers owe and pay back")


@bp.route("/producer-debts")
@requires("payouts:read")
@bp.response(200, DebtList)
def list_debts(actor: Actor) -> dict[str, Any]:
    """List what the caller's producers owe (operator: all), with code and account to pay it back."""
    return {"items": queries.list_debts(actor, clock.today())}


@bp.route("/repayments")
@requires("payouts:read")
@bp.arguments(RepaymentQuery, location="query")
@bp.response(200, RepaymentPage)
def list_repayments(query: dict[str, Any], actor: Actor) -> Page[RepaymentRow]:
    """List repayments, newest first."""
    return queries.list_repayments(actor, clock.today(), **query)


@bp.route("/repayments", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(RecordRepaymentSchema)
@bp.response(201, RepaymentSchema)
def record_repayment(body: RepaymentFacts, actor: Actor) -> RepaymentRow:
    """Record that a producer has paid back; another person confirms it, or the statement's line does."""
    with transaction():
        made = services.record(body, actor, clock.now())
        return queries.get_repayment(made.public_id, actor, clock.today())


@bp.route("/repayments/<uuid:repayment_id>")
@requires("payouts:read")
@bp.response(200, RepaymentSchema)
def get_repayment(repayment_id: UUID, actor: Actor) -> RepaymentRow:
    """Return a repayment."""
    return queries.get_repayment(repayment_id, actor, clock.today())


@bp.route("/repayments/<uuid:repayment_id>/confirm", methods=["POST"])
@requires("payments:confirm")
@idempotent
@bp.response(200, RepaymentSchema)
def confirm_repayment(repayment_id: UUID, actor: Actor) -> RepaymentRow:
    """Confirm a repayment that another person recorded."""
    with transaction():
        services.confirm(repayment_id, actor, clock.now())
        return queries.get_repayment(repayment_id, actor, clock.today())


@bp.route("/repayments/<uuid:repayment_id>/refuse", methods=["POST"])
@requires("payments:confirm")
@idempotent
@bp.arguments(ReasonSchema)
@bp.response(200, RepaymentSchema)
def refuse_repayment(body: dict[str, Any], repayment_id: UUID, actor: Actor) -> RepaymentRow:
    """Refuse a repayment that another person recorded."""
    with transaction():
        services.refuse(repayment_id, body["reason"], actor, clock.now())
        return queries.get_repayment(repayment_id, actor, clock.today())
