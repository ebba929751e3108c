"""The provider's lines in one line each, as its own library reads them, and listers of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count as counter
from typing import Any

from sqlalchemy import text

from orders.reconciliation import fetching
from orders.reconciliation.movements import Lister
from orders.reconciliation.tasks import match_all
from shop.db import db, transaction
from tests.conftest import NOON
from tests.stripe_double.double import Double

_numbers = counter(1)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line as the provider tells it."""

    ref: str
    source_ref: str
    type: str
    amount: int
    fee: int
    net: int
    currency: str
    created_at: datetime


def line(type_: str, amount: int, source: str = "", *, fee: int = 0, **changes: Any) -> Line:
    values: dict[str, Any] = {"ref": f"txn_{next(_numbers):06d}", "currency": "cny", "created_at": NOON} | changes
    return Line(source_ref=source, type=type_, amount=amount, fee=fee, net=amount - fee, **values)


def lists(lines: Sequence[Line]) -> Lister:
    """List these, the newest first, as the provider does."""

    def each(since: datetime, until: datetime) -> list[Line]:
        found = [one for one in lines if since <= one.created_at <= until]
        return sorted(found, key=lambda one: (one.created_at, one.ref), reverse=True)

    return each


def of_double(double: Double, limit: int = 2) -> Lister:
    """List what a double of the provider says, a small page at a time."""

    def each(since: datetime, until: datetime) -> list[Line]:
        asked = {"created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())}, "limit": limit}
        page = double.client().v1.balance_transactions.list(asked)  # type: ignore[arg-type]
        return [_read(one.to_dict()) for one in page.auto_paging_iter()]

    return each


def _read(raw: dict[str, Any]) -> Line:
    return Line(
        ref=raw["id"], source_ref=raw["source"] or "", type=raw["type"], amount=raw["amount"], fee=raw["fee"],
        net=raw["net"], currency=raw["currency"], created_at=datetime.fromtimestamp(raw["created"], UTC),
    )  # fmt: skip


def take(*lines: Line) -> int:
    """Keep lines and match them; return how many were new."""
    kept = 0
    for batch in fetching.batches(lines):
        with transaction():
            kept += fetching.keep(batch, NOON)
    match_all()
    return kept


def take_all(double: Double) -> int:
    """Fetch everything from a double."""
    now = datetime.fromtimestamp(double.clock.now, UTC)
    return take(*of_double(double)(NOON - timedelta(days=5), now))  # type: ignore[arg-type]


def states() -> dict[str, tuple[str, str | None]]:
    """Each line's state and the kind of its exception, if that waits."""
    query = text("""SELECT b.transaction_ref, b.status, CASE WHEN e.status <> 'closed' THEN e.kind END
                    FROM balance_transactions b LEFT JOIN money_exceptions e ON e.id = b.exception_id""")
    return {ref: (status, kind) for ref, status, kind in db.session.execute(query)}


def waiting() -> list[tuple[str, str, int]]:
    """Subject, kind and amount of the exceptions that wait."""
    query = "SELECT subject, kind, amount_fen FROM money_exceptions WHERE status <> 'closed' ORDER BY id"
    return [tuple(row) for row in db.session.execute(text(query))]


def cash() -> dict[str, int]:
    """Debit less credit of each account that is not nought, by kind and owner."""
    query = text("""SELECT a.kind || ' ' || a.owner, sum(m.fen) FROM ledger_accounts a JOIN (
                    SELECT debit_id AS id, amount_fen AS fen FROM postings WHERE book = 'money'
                    UNION ALL SELECT credit_id, -amount_fen FROM postings WHERE book = 'money') m ON m.id = a.id
                    GROUP BY a.kind, a.owner HAVING sum(m.fen) <> 0""")
    return {name: int(fen) for name, fen in db.session.execute(query)}
