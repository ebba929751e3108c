"""Recomputing orders' money from their documents in plain SQL, apart from the code that posts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text

from orders.payments.checks_sql import BALANCES, DOCUMENTS, LINES, PAYMENTS
from shop.db import db


@dataclass(frozen=True)
class Difference:
    """Something that does not stand where its documents say: what, whose, what is there and what should be."""

    check: str
    subject: str
    field: str
    is_fen: int
    should_be_fen: int


def differing_lines(order_id: int | None = None) -> list[Difference]:
    """Compare each line's ordered, accepted, paid and counted with its quantities and its order's money, and with the postings.

    :param order_id: only this order.
    """
    return _compare("lines", LINES, order_id)


def differing_sums(order_id: int | None = None) -> list[Difference]:
    """Compare each order's received, refunded, refunding, direct and due with receipts, refunds and quantities."""
    return _compare("orders", DOCUMENTS, order_id)


def differing_payments() -> list[Difference]:
    """Compare what each receipt has allocated with its allocations."""
    return _compare("receipts", PAYMENTS)


def differing_balances() -> list[Difference]:
    """Compare the balance of every account of the money book with all documents."""
    return _compare("balances", BALANCES)


def _compare(check: str, query: str, order_id: int | None = None) -> list[Difference]:
    """Run a query of ``subject``, then pairs ``x``, ``x__should`` of columns; return where a pair differs."""
    values = {"order": order_id} if ":order" in query else {}
    return list(_differences(check, query, values))


def _differences(check: str, query: str, values: dict[str, int | None]) -> Iterator[Difference]:
    for row in db.session.execute(text(query), values).mappings():
        for name in row:
            if f"{name}__should" in row and row[name] != row[f"{name}__should"]:
                yield Difference(check, str(row["subject"]), name, int(row[name]), int(row[f"{name}__should"]))
