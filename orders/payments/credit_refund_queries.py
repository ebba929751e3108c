"""Refunds of credit as lists show them, and the receipts that have something left to go back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from orders.payments import credit_refunds
from orders.payments.credit_models import CreditRefund
from orders.payments.models import Payment
from orders.purchase.party import is_party
from shop.auth import Actor
from shop.db import db
from shop.files.models import StoredFile
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page

#: Receipts with something left that a page shows.
MOST_RECEIPTS = 200


@dataclass(frozen=True)
class CreditRefundRow:
    """A refund of credit as lists show it, with who had paid and to which account."""

    key: int
    id: UUID
    payment: UUID
    receipt_serial: str
    payer_name: str
    payer_account: str
    buyer: str
    payee: str
    clearing: str
    amount_fen: int
    reason: str
    status: str
    bank_serial: str | None
    value_on: date | None
    requested_at: datetime
    requested_by: int
    recorded_at: datetime | None
    recorded_by: int | None
    decided_at: datetime | None
    refusal: str
    failure: str
    evidence_file: UUID | None
    version: int


@dataclass(frozen=True)
class LeftRow:
    """A confirmed bank receipt that has something left."""

    id: UUID
    bank_serial: str
    value_on: date
    payer_name: str
    payer_account: str
    buyer: str
    payee: str
    left_fen: int


def list_refunds(
    actor: Actor,
    on: date,
    *,
    limit: int,
    cursor: str | None = None,
    statuses: tuple[str, ...] | list[str] = (),
    clearing: str = "",
) -> Page[CreditRefundRow]:
    """Return a page of the actor's refunds of credit, newest first; ``clearing`` is from where the money goes back."""
    query = _refunds(actor, on).order_by(CreditRefund.id.desc()).limit(limit + 1)
    if statuses:
        query = query.where(CreditRefund.status.in_(statuses))
    if clearing:
        query = query.where(Payment.clearing == clearing)
    if key := decode_cursor(cursor, int):
        query = query.where(CreditRefund.id < key[0])
    return make_page([_row(*row) for row in db.session.execute(query)], limit, lambda row: (row.key,))


def get_refund(public_id: UUID, actor: Actor, on: date) -> CreditRefundRow:
    """Return one refund of credit.

    :raises NotFound: if there is none, or it is another's.
    """
    found, _payment = credit_refunds.get(public_id, actor, on)
    return _row(*db.session.execute(_refunds(actor, on).where(CreditRefund.id == found.id)).one())


def list_left(actor: Actor, on: date) -> list[LeftRow]:
    """Return the actor's confirmed bank receipts that have something left, the oldest first."""
    payee, buyer = aliased(Organisation), aliased(Organisation)
    left = Payment.amount_fen - Payment.allocated_fen - Payment.returned_fen
    rows = db.session.execute(
        select(
            Payment.public_id, Payment.bank_serial, Payment.value_on, Payment.payer_name, Payment.payer_account,
            buyer.name, payee.name, left,
        )
        .join(payee, payee.id == Payment.payee_id)
        .join(buyer, buyer.id == Payment.buyer_id)
        .where(
            Payment.status == "confirmed", Payment.rail == "bank", Payment.allocated_fen < Payment.amount_fen, left > 0,
            is_party(actor, Payment.buyer_id, Payment.payee_id, on),
        )
        .order_by(Payment.value_on, Payment.id)
        .limit(MOST_RECEIPTS)
    )  # fmt: skip
    return [LeftRow(*row) for row in rows]


def _refunds(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    payee, buyer = aliased(Organisation), aliased(Organisation)
    return (
        select(CreditRefund, Payment, buyer.name, payee.name, StoredFile.public_id)
        .join(Payment, Payment.id == CreditRefund.payment_id)
        .join(payee, payee.id == Payment.payee_id)
        .join(buyer, buyer.id == Payment.buyer_id)
        .outerjoin(StoredFile, StoredFile.id == CreditRefund.evidence_file_id)
        .where(is_party(actor, Payment.buyer_id, Payment.payee_id, on))
    )


def _row(found: CreditRefund, payment: Payment, buyer: str, payee: str, file: UUID | None) -> CreditRefundRow:
    return CreditRefundRow(
        found.id, found.public_id, payment.public_id, payment.bank_serial, payment.payer_name, payment.payer_account,
        buyer, payee, payment.clearing, found.amount_fen, found.reason, found.status, found.bank_serial, found.value_on,
        found.requested_at, found.requested_by, found.recorded_at, found.recorded_by, found.decided_at, found.refusal, found.failure,
        file, found.version,
    )  # fmt: skip
