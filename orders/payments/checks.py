"""Recomputing orders' money from their documents in plain SQL, apart from the code that posts it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import RowMapping, text

from orders.ledger import verify
from orders.payments.checks_sql import BALANCES, CHARGES, DOCUMENTS, LINES, PAYMENTS, TRANSFERS
from shop.db import db
from shop.money import format_yuan


@dataclass(frozen=True)
class Difference:
    """Something that does not stand where its documents say: what, whose, what is there and what should be."""

    check: str
    subject: str
    field: str
    is_fen: int
    should_be_fen: int

    def __str__(self) -> str:
        """Return the difference as a sentence."""
        there, should = format_yuan(self.is_fen), format_yuan(self.should_be_fen)
        return f"{self.subject}: {self.field} is {there}, its documents say {should}"


def differing_lines(order_id: int | None = None) -> list[Difference]:
    """Compare each line's ordered, accepted, paid and counted with its quantities and its order's money, and with the postings.

    :param order_id: only this order.
    """
    return compare("lines", LINES, order_id)


def differing_sums(order_id: int | None = None) -> list[Difference]:
    """Compare each order's received, refunded, refunding, direct and due with receipts, refunds and quantities."""
    return compare("orders", DOCUMENTS, order_id)


def differing_payments() -> list[Difference]:
    """Compare what each receipt has allocated and given back with its allocations and refunds of credit."""
    return [*compare("receipts", PAYMENTS), *compare("transfers", TRANSFERS)]


def differing_balances() -> list[Difference]:
    """Compare the balance of every account of the money book with all documents."""
    return compare("balances", _balances())


def differing_charges() -> list[Difference]:
    """Compare each charge with its receipts and refunds."""
    return compare("charges", CHARGES)


#: What packages above say that accounts should stand at.
_documents: dict[str, str] = {}


def add_documents(name: str, sql: str) -> None:
    """Add documents that move accounts: a SELECT of our own code of kind, owner and fen (debit less credit)."""
    _documents[name] = sql


def _balances() -> str:
    more = "".join(
        f" UNION ALL SELECT kind, owner, fen FROM ({sql}) AS d(kind, owner, fen)" for sql in _documents.values()
    )
    return BALANCES.format(more=more)


def init_app(_app: Flask) -> None:
    """Add the checks to ``duikou verify``."""
    verify.register("orders' sums = documents", lambda order_id: result("orders", DOCUMENTS, order_id))
    verify.register("lines = quantities = postings", lambda order_id: result("lines", LINES, order_id))
    verify.register("receipts = allocations and refunds of credit", lambda _order_id: result("receipts", PAYMENTS))
    verify.register("receipts of transfers <= transfers", lambda _order_id: result("transfers", TRANSFERS))
    verify.register("charges = receipts and refunds", lambda _order_id: result("charges", CHARGES))
    verify.register("money accounts = documents", lambda _order_id: result("balances", _balances()))


def compare(check: str, query: str, order_id: int | None = None) -> list[Difference]:
    """Return what differs in a query's rows: a subject, then pairs of columns ``x`` and ``x__should``."""
    return [difference for row in _rows(query, order_id) for difference in _differences(check, row)]


def result(check: str, query: str, order_id: int | None = None) -> verify.Result:
    """Return the same for ``duikou verify``."""
    rows = _rows(query, order_id)
    return verify.result(len(rows), [str(one) for row in rows for one in _differences(check, row)])


def _rows(query: str, order_id: int | None) -> Sequence[RowMapping]:
    """Return the rows of a query: ``subject``, then pairs of columns ``x`` and ``x__should``."""
    return db.session.execute(text(query), {"order": order_id} if ":order" in query else {}).mappings().all()


def _differences(check: str, row: RowMapping) -> Iterator[Difference]:
    for name in row:
        if f"{name}__should" in row and row[name] != row[f"{name}__should"]:
            yield Difference(check, str(row["subject"]), str(name), int(row[name]), int(row[f"{name}__should"]))
