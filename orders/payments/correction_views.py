"""Corrections of confirmed receipts over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.payments import correction_queries, corrections
from orders.payments.correction_queries import CorrectionRow
from orders.payments.correction_schemas import (
    ProposeReceiptCorrectionSchema,
    ReceiptCorrectionPage,
    ReceiptCorrectionQuery,
    ReceiptCorrectionSchema,
)
from orders.payments.corrections import CorrectionFacts
from orders.payments.schemas import ReasonSchema
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page

bp = Blueprint(
    "receipt_corrections", __name__, url_prefix="/api/v1", description="Wrong receipts put right by two persons"
)


@bp.route("/receipt-corrections")
@requires("payments:read")
@bp.arguments(ReceiptCorrectionQuery, location="query")
@bp.response(200, ReceiptCorrectionPage)
def list_corrections(query: dict[str, Any], actor: Actor) -> Page[CorrectionRow]:
    """List corrections of the caller's receipts, newest first."""
    return correction_queries.list_corrections(actor, clock.today(), **query)


@bp.route("/receipt-corrections/<uuid:receipt_correction_id>")
@requires("payments:read")
@bp.response(200, ReceiptCorrectionSchema)
def get_correction(receipt_correction_id: UUID, actor: Actor) -> CorrectionRow:
    """Return a correction."""
    return correction_queries.get_correction(receipt_correction_id, actor, clock.today())


@bp.route("/payments/<uuid:payment_id>/corrections", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(ProposeReceiptCorrectionSchema)
@bp.response(201, ReceiptCorrectionSchema)
def propose_correction(body: CorrectionFacts, payment_id: UUID, actor: Actor) -> CorrectionRow:
    """Say that a confirmed receipt is wrong; another person agrees, and only then it is reversed."""
    with transaction():
        made = corrections.propose(payment_id, body, actor, clock.now())
        return correction_queries.get_correction(made.public_id, actor, clock.today())


@bp.route("/receipt-corrections/<uuid:receipt_correction_id>/agree", methods=["POST"])
@requires("payments:confirm")
@idempotent
@bp.response(200, ReceiptCorrectionSchema)
def agree_to_correction(receipt_correction_id: UUID, actor: Actor) -> CorrectionRow:
    """Agree to a correction that another person proposed: the receipt is reversed today."""
    with transaction():
        corrections.agree(receipt_correction_id, actor, clock.now())
        return correction_queries.get_correction(receipt_correction_id, actor, clock.today())


@bp.route("/receipt-corrections/<uuid:receipt_correction_id>/refuse", methods=["POST"])
@requires("payments:confirm")
@idempotent
@bp.arguments(ReasonSchema)
@bp.response(200, ReceiptCorrectionSchema)
def refuse_correction(body: dict[str, Any], receipt_correction_id: UUID, actor: Actor) -> CorrectionRow:
    """Say that the receipt is right as it is."""
    with transaction():
        corrections.refuse(receipt_correction_id, body["reason"], actor, clock.now())
        return correction_queries.get_correction(receipt_correction_id, actor, clock.today())


@bp.route("/receipt-corrections/<uuid:receipt_correction_id>/withdraw", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.response(200, ReceiptCorrectionSchema)
def withdraw_correction(receipt_correction_id: UUID, actor: Actor) -> CorrectionRow:
    """Take back a correction that one proposed oneself."""
    with transaction():
        corrections.withdraw(receipt_correction_id, actor, clock.now())
        return correction_queries.get_correction(receipt_correction_id, actor, clock.today())
