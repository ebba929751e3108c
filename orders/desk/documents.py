"""The papers and money of an order as its page lists them; who may see the order was decided before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from shop.db import db


@dataclass(frozen=True, slots=True)
class InvoiceBrief:
    """An invoice of an order and the part of it that is for the order."""

    id: UUID
    code: str
    number: str
    kind: str
    status: str
    amount_fen: int
    share_fen: int
    issued_on: date
    file: UUID | None


@dataclass(frozen=True, slots=True)
class PaymentBrief:
    """A receipt and the part of it that is for the order; no account numbers."""

    id: UUID
    payer_name: str
    clearing: str
    status: str
    amount_fen: int
    share_fen: int
    value_on: date
    #: The bank's slips.
    files: list[UUID]


@dataclass(frozen=True, slots=True)
class RefundBrief:
    """A refund of the order."""

    id: UUID
    amount_fen: int
    reason: str
    status: str
    value_on: date | None
    requested_at: datetime
    file: UUID | None


@dataclass(frozen=True, slots=True)
class AnnouncementBrief:
    """A transfer that the buyer announced and did not withdraw."""

    id: UUID
    payer_name: str
    amount_fen: int
    planned_on: date
    announced_at: datetime


_INVOICES = text("""
    SELECT i.public_id, i.code, i.number, i.kind, i.status, i.amount_fen, s.amount_fen, i.issued_on, f.public_id
    FROM invoice_orders s JOIN invoices i ON i.id = s.invoice_id LEFT JOIN stored_files f ON f.id = i.file_id
    WHERE s.order_id = :order ORDER BY i.id""")
_PAYMENTS = text("""
    SELECT p.public_id, p.payer_name, p.clearing, p.status, p.amount_fen,
           cast(sum(a.amount_fen) AS bigint), p.value_on,
           ARRAY(SELECT f.public_id FROM stored_files f WHERE f.id IN (SELECT p.evidence_file_id
                 UNION SELECT s.file_id FROM payment_slips s WHERE s.payment_id = p.id) ORDER BY f.id)
    FROM payment_allocations a JOIN payments p ON p.id = a.payment_id
    WHERE a.order_id = :order GROUP BY p.id ORDER BY p.id""")
_REFUNDS = text("""
    SELECT r.public_id, r.amount_fen, r.reason, r.status, r.value_on, r.requested_at, f.public_id
    FROM refunds r LEFT JOIN stored_files f ON f.id = r.evidence_file_id WHERE r.order_id = :order ORDER BY r.id""")
_ANNOUNCED = text("""
    SELECT public_id, payer_name, amount_fen, planned_on, announced_at
    FROM transfer_announcements WHERE order_id = :order AND withdrawn_at IS NULL ORDER BY id""")


@dataclass(frozen=True, slots=True)
class Papers:
    """All invoices, receipts, refunds and announcements of an order."""

    invoices: list[InvoiceBrief]
    payments: list[PaymentBrief]
    refunds: list[RefundBrief]
    announcements: list[AnnouncementBrief]


def papers_of(order_id: int) -> Papers:
    """Return the papers of an order, in four statements."""
    values = {"order": order_id}
    return Papers(
        [InvoiceBrief(*row) for row in db.session.execute(_INVOICES, values)],
        [PaymentBrief(*row) for row in db.session.execute(_PAYMENTS, values)],
        [RefundBrief(*row) for row in db.session.execute(_REFUNDS, values)],
        [AnnouncementBrief(*row) for row in db.session.execute(_ANNOUNCED, values)],
    )
