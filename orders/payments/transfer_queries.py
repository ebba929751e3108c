"""Other buyers' parts of the transfers that receipts are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, tuple_

from orders.payments.models import GONE, Payment
from shop.db import db
from shop.identity.models import Organisation


@dataclass(frozen=True)
class PartRow:
    """What of the same transfer is another buyer's."""

    id: UUID
    buyer: str
    amount_fen: int
    status: str


def parts_of(payments: Sequence[Payment]) -> dict[int, list[PartRow]]:
    """Return the other buyers' receipts of the same transfers, those that were refused left out."""
    split = [payment for payment in payments if payment.transfer_fen is not None]
    if not split:
        return {}
    rows = db.session.execute(
        select(Payment, Organisation.name)
        .join(Organisation, Organisation.id == Payment.buyer_id)
        .where(
            tuple_(Payment.payee_id, Payment.bank_serial).in_([(one.payee_id, one.bank_serial) for one in split]),
            Payment.status.not_in(GONE),
        )
        .order_by(Payment.part_no, Payment.id)
    ).all()
    return {
        one.id: [
            PartRow(other.public_id, name, other.amount_fen, other.status)
            for other, name in rows
            if (other.payee_id, other.bank_serial) == (one.payee_id, one.bank_serial) and other.id != one.id
        ]
        for one in split
    }
