"""What the database holds at the end of the walk, in plain SQL: both books, the payouts, the bank and the provider."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from orders.ledger import verify
from shop.db import db, snapshot
from tests.money.outside import of_kind
from tests.stripe_double.double import Double
from tests.system.money_world import MoneyWorld

#: Postings of the walk's orders alone: the demo's story has a past of its own.
_STATS = """
    SELECT o.number, p.measure, sum(p.amount_fen)::bigint
    FROM postings p JOIN ledger_dimensions d ON d.id = p.dimension_id JOIN orders o ON o.id = d.order_id
    WHERE p.book = 'stats' AND o.number = ANY(:numbers) AND p.measure IN ('ordered', 'accepted', 'paid', 'counted')
    GROUP BY 1, 2"""
_MONEY = """
    SELECT a.kind, CASE a.owner WHEN 'platform' THEN 'platform' ELSE g.kind END, sum(x.fen)::bigint
    FROM (SELECT debit_id AS account, amount_fen AS fen FROM postings WHERE book = 'money' AND entry_id > :since
          UNION ALL SELECT credit_id, -amount_fen FROM postings WHERE book = 'money' AND entry_id > :since) x
    JOIN ledger_accounts a ON a.id = x.account LEFT JOIN organisations g ON a.owner = 'org:' || g.id
    GROUP BY 1, 2 HAVING sum(x.fen) <> 0"""


def last_entry(world: MoneyWorld) -> int:
    """Return the journal's last entry, after which the walk's begin."""
    return int(_rows(world, "SELECT coalesce(max(id), 0) FROM journal_entries")[0][0])


def assert_books(world: MoneyWorld, numbers: list[str], since: int) -> None:
    """Hold every sum of the walk against the figures that a person gets with pencil and paper."""
    stats = {(number, measure): fen for number, measure, fen in _rows(world, _STATS, numbers=numbers)}
    first, second = numbers
    assert stats == {
        (first, "ordered"): 100_000, (first, "accepted"): 100_000, (first, "paid"): 90_000, (first, "counted"): 90_000,
        (second, "ordered"): 60_000, (second, "accepted"): 60_000, (second, "paid"): 60_000, (second, "counted"): 60_000,
    }  # fmt: skip
    # 1,600.00 came, 100.00 went back, the producers keep 1,500.00 less 0.6 %, and the platform its 9.00: 3.60 of them
    # lie with Stripe's 4.20 (4.80 less 0.60) and 4.80 at the bank; Stripe's own fees are the platform's expense.
    fees_fen = _provider_fees_fen(world.double)
    assert {(kind, owner): fen for kind, owner, fen in _rows(world, _MONEY, since=since)} == {
        ("fees", "platform"): fees_fen - 900, ("operator_bank", "platform"): 480,
        ("stripe_cash", "platform"): 420 - fees_fen,
    }  # fmt: skip
    paid = _rows(world, "SELECT rail, status, amount_fen FROM payouts ORDER BY amount_fen")
    assert [tuple(row) for row in paid] == [
        ("bank", "paid", 19_880), ("bank", "paid", 59_640), ("stripe", "paid", 79_520),
    ]  # fmt: skip
    back = _rows(world, "SELECT status, amount_fen FROM transfer_reversals")
    assert [tuple(row) for row in back] == [("done", 9_940)]
    assert _rows(world, "SELECT count(*) FROM money_exceptions WHERE status <> 'closed'")[0][0] == 0
    assert _differing(world) == {}


def _provider_fees_fen(double: Double) -> int:
    """Return what Stripe kept of its own."""
    return sum(int(one["fee"]) for one in of_kind(double, "balance_transaction"))


def _differing(world: MoneyWorld) -> dict[str, Any]:
    with world.app.app_context():
        with snapshot():
            found = {name: result.named for name, result in verify.run() if result.differing}
        db.session.remove()
    return found


def _rows(world: MoneyWorld, sql: str, **values: object) -> list[Any]:
    with world.app.app_context():
        found = list(db.session.execute(text(sql), values))
        db.session.remove()
    return found
