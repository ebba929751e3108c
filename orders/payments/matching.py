"""Reading which orders a receipt is for, as a person typed or pasted them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from orders.payments.receipts import Share
from orders.purchase import due
from orders.purchase.amounts import read_rows
from orders.purchase.models import Order
from shop.auth import Actor
from shop.db import db
from shop.identity.models import Organisation


def buyer_of(number: str | None, actor: Actor, on: date) -> UUID | None:
    """Return whose an order is that a person typed by number or code; ``None`` if nothing is typed.

    :raises BadRows: if there is no such order of the actor's.
    """
    if not (number or "").strip():
        return None
    (row,) = read_rows(f"{number} 1", actor, on, default=due_of)
    return db.session.get_one(Organisation, row.order.buyer_id).public_id


def due_of(order: Order, before: int) -> int:  # noqa: ARG001  what rows ask
    """Return what is unpaid of an order."""
    return due.unpaid_fen(order)


@dataclass(frozen=True)
class Match:
    """The orders that rows name, and whose they are."""

    shares: tuple[Share, ...]
    producer: UUID | None


def match(text: str, amount_fen: int | None, actor: Actor, on: date) -> Match:
    """Read rows of "number or reference code, amount"; without an amount what is unpaid, up to what is left.

    :raises BadRows: naming the row that cannot be read.
    """

    def default(order: Order, before: int) -> int:
        unpaid = due.unpaid_fen(order)
        return unpaid if amount_fen is None else min(unpaid, amount_fen - before)

    rows = read_rows(text, actor, on, default=default)
    producer = db.session.get_one(Organisation, rows[0].order.producer_id).public_id if rows else None
    return Match(tuple(Share(order=row.order.public_id, amount_fen=row.amount_fen) for row in rows), producer)
