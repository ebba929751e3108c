"""Refunds of credit over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.payments import credit_refund_queries, credit_refunds
from orders.payments.credit_refund_queries import CreditRefundRow
from orders.payments.credit_refund_schemas import (
    CreditRefundPage,
    CreditRefundQuery,
    CreditRefundSchema,
    RequestCreditRefundSchema,
)
from orders.payments.refund_schemas import RecordRefundSchema
from orders.payments.refunds import TransferBack
from orders.payments.schemas import ReasonSchema
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page

bp = Blueprint("credit_refunds", __name__, url_prefix="/api/v1", description="Credit back to its payer, by two persons")


@bp.route("/credit-refunds")
@requires("payments:read")
@bp.arguments(CreditRefundQuery, location="query")
@bp.response(200, CreditRefundPage)
def list_credit_refunds(query: dict[str, Any], actor: Actor) -> Page[CreditRefundRow]:
    """List the refunds of the caller's credit, newest first."""
    return credit_refund_queries.list_refunds(actor, clock.today(), **query)


@bp.route("/credit-refunds/<uuid:credit_refund_id>")
@requires("payments:read")
@bp.response(200, CreditRefundSchema)
def get_credit_refund(credit_refund_id: UUID, actor: Actor) -> CreditRefundRow:
    """Return a refund of credit."""
    return _row(credit_refund_id, actor)


@bp.route("/payments/<uuid:payment_id>/credit-refunds", methods=["POST"])
@requires("refunds:request")
@idempotent
@bp.arguments(RequestCreditRefundSchema)
@bp.response(201, CreditRefundSchema)
def request_credit_refund(body: dict[str, Any], payment_id: UUID, actor: Actor) -> CreditRefundRow:
    """Ask for what a receipt has left; it is set aside at once, and goes back to who had paid it."""
    with transaction():
        made = credit_refunds.request(payment_id, body["amount"], body["reason"], actor, clock.now())
        return _row(made.public_id, actor)


@bp.route("/credit-refunds/<uuid:credit_refund_id>/record", methods=["POST"])
@requires("refunds:record")
@idempotent
@bp.arguments(RecordRefundSchema)
@bp.response(200, CreditRefundSchema)
def record_credit_refund(body: TransferBack, credit_refund_id: UUID, actor: Actor) -> CreditRefundRow:
    """Record that the credit was sent back; another person confirms it."""
    with transaction():
        credit_refunds.record(credit_refund_id, body, actor, clock.now())
        return _row(credit_refund_id, actor)


@bp.route("/credit-refunds/<uuid:credit_refund_id>/confirm", methods=["POST"])
@requires("refunds:confirm")
@idempotent
@bp.response(200, CreditRefundSchema)
def confirm_credit_refund(credit_refund_id: UUID, actor: Actor) -> CreditRefundRow:
    """Confirm a refund of credit that another person recorded."""
    with transaction():
        credit_refunds.confirm(credit_refund_id, actor, clock.now())
        return _row(credit_refund_id, actor)


@bp.route("/credit-refunds/<uuid:credit_refund_id>/withdraw", methods=["POST"])
@requires("refunds:request")
@idempotent
@bp.response(200, CreditRefundSchema)
def withdraw_credit_refund(credit_refund_id: UUID, actor: Actor) -> CreditRefundRow:
    """Take back what one asked for oneself, before it is recorded."""
    with transaction():
        credit_refunds.withdraw(credit_refund_id, actor, clock.now())
        return _row(credit_refund_id, actor)


@bp.route("/credit-refunds/<uuid:credit_refund_id>/refuse", methods=["POST"])
@requires("payments:read")
@idempotent
@bp.arguments(ReasonSchema)
@bp.response(200, CreditRefundSchema)
def refuse_credit_refund(body: dict[str, Any], credit_refund_id: UUID, actor: Actor) -> CreditRefundRow:
    """Refuse a refund of credit with a reason: who may record one that is asked for, who may confirm one that is recorded."""
    with transaction():
        credit_refunds.refuse(credit_refund_id, body["reason"], actor, clock.now())
        return _row(credit_refund_id, actor)


def _row(credit_refund_id: UUID, actor: Actor) -> CreditRefundRow:
    return credit_refund_queries.get_refund(credit_refund_id, actor, clock.today())
