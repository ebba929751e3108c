"""Corrections of receipts as lists show them; each in a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, false, func, select, text
from sqlalchemy.orm import aliased

from orders.payments import correction_facts
from orders.payments.correction_facts import RightFacts
from orders.payments.correction_models import ReceiptCorrection
from orders.payments.models import Payment
from orders.purchase.models import Order
from orders.purchase.party import is_party
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.files.models import StoredFile
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page

#: What producers were paid of the orders that a receipt is for: it is owed back once the receipt is reversed.
_PAID_OUT = text("""
    SELECT a.payment_id, sum(s.bank_settled_fen + s.bank_settling_fen)::bigint AS fen
    FROM (SELECT DISTINCT payment_id, order_id FROM payment_allocations WHERE payment_id = ANY(:payments)) a
    JOIN order_settlements s ON s.order_id = a.order_id GROUP BY 1""")


@dataclass(frozen=True)
class RightOrder:
    """An order that what is right pays."""

    order: UUID
    number: str
    amount_fen: int


@dataclass(frozen=True)
class CorrectionRow:
    """A correction with the receipt that it is about and what is right."""

    key: int
    id: UUID
    payment: UUID
    bank_serial: str
    payee: str
    buyer: str
    clearing: str
    amount_fen: int
    reason: str
    evidence_file: UUID
    right: RightFacts | None
    orders: Sequence[RightOrder]
    #: What the producer has been paid of the receipt's orders, or is being paid.
    paid_out_fen: int
    status: str
    proposed_by: int
    proposed_at: datetime
    decided_at: datetime | None
    refusal: str
    replacement: UUID | None
    version: int


def list_corrections(
    actor: Actor, on: date, *, limit: int, cursor: str | None = None, statuses: Sequence[str] = (),
    payment_id: int | None = None,
) -> Page[CorrectionRow]:  # fmt: skip
    """Return a page of the corrections of the actor's receipts, newest first; none for buyers."""
    query = _corrections(actor, on).order_by(ReceiptCorrection.id.desc()).limit(limit + 1)
    if statuses:
        query = query.where(ReceiptCorrection.status.in_(statuses))
    if payment_id is not None:
        query = query.where(ReceiptCorrection.payment_id == payment_id)
    if key := decode_cursor(cursor, int):
        query = query.where(ReceiptCorrection.id < key[0])
    return make_page(_rows(query), limit, lambda row: (row.key,))


def get_correction(public_id: UUID, actor: Actor, on: date) -> CorrectionRow:
    """Return a correction.

    :raises NotFound: if there is none, or it is another's.
    """
    rows = _rows(_corrections(actor, on).where(ReceiptCorrection.public_id == public_id))
    if not rows:
        raise NotFound(_("没有这笔更正。"))
    return rows[0]


def _corrections(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    payee, buyer, made = aliased(Organisation), aliased(Organisation), aliased(Payment)
    query = (
        select(ReceiptCorrection, Payment, payee.name, buyer.name, StoredFile.public_id, made.public_id)
        .join(Payment, Payment.id == ReceiptCorrection.payment_id)
        .join(payee, payee.id == Payment.payee_id)
        .join(buyer, buyer.id == Payment.buyer_id)
        .join(StoredFile, StoredFile.id == ReceiptCorrection.evidence_file_id)
        .outerjoin(made, made.id == ReceiptCorrection.replacement_id)
        .where(is_party(actor, Payment.buyer_id, Payment.payee_id, on))
    )
    return query.where(false()) if actor.organisation_kind == "institution" else query


def _rows(query: Select[*tuple[Any, ...]]) -> list[CorrectionRow]:
    found = db.session.execute(query).all()
    facts = [correction_facts.read(row[0].facts) for row in found]
    names = {share.order for each in facts if each for share in each.allocations}
    numbers = {
        row.public_id: row.number
        for row in db.session.execute(select(Order.public_id, Order.number).where(Order.public_id.in_(names)))
    }
    paid = {
        row.payment_id: row.fen
        for row in db.session.execute(_PAID_OUT, {"payments": [row[1].id for row in found]})
    }  # fmt: skip
    return [
        CorrectionRow(
            key=one.id, id=one.public_id, payment=payment.public_id, bank_serial=payment.bank_serial, payee=payee,
            buyer=buyer, clearing=payment.clearing, amount_fen=payment.amount_fen, reason=one.reason,
            evidence_file=file, right=right,
            orders=[
                RightOrder(share.order, numbers[share.order], share.amount_fen)
                for share in (right.allocations if right else ())
            ],
            paid_out_fen=max(paid.get(payment.id, 0), 0), status=one.status, proposed_by=one.proposed_by,
            proposed_at=one.proposed_at, decided_at=one.decided_at, refusal=one.refusal, replacement=made,
            version=one.version,
        )
        for (one, payment, payee, buyer, file, made), right in zip(found, facts, strict=True)
    ]  # fmt: skip


def count_waiting(actor: Actor, on: date) -> int:
    """Return how many corrections of the actor's receipts wait for a second person."""
    found = db.session.scalar(
        select(func.count())
        .select_from(ReceiptCorrection)
        .join(Payment, Payment.id == ReceiptCorrection.payment_id)
        .where(ReceiptCorrection.status == "proposed", is_party(actor, Payment.buyer_id, Payment.payee_id, on))
    )
    return found or 0
