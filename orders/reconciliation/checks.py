"""Recomputing what the provider's lines moved, in plain SQL, apart from the code that posts it."""

from __future__ import annotations

from flask import Flask

from orders.ledger import verify
from orders.payments import checks
from orders.reconciliation.movements import CNY, FEES, PAYOUTS, SOURCED
from orders.reconciliation.sources import ALL_DOCUMENTS


def _names(types: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in types)


#: What lines that were looked at moved: debit less credit of each account.
DOCUMENTS = f"""
    WITH told AS (
        SELECT *, CASE WHEN type IN ({_names(FEES)}) THEN -net ELSE fee END AS cost,
               CASE WHEN type IN ({_names(PAYOUTS)}) THEN -amount ELSE 0 END AS paid_out
        FROM balance_transactions WHERE currency = '{CNY}' AND status <> 'new'
    ),
    foreign_parts AS (
        SELECT d.producer_id, sign(b.amount)::bigint * d.full_fen AS fen
        FROM balance_transactions b JOIN ({ALL_DOCUMENTS}) d ON d.ref = b.source_ref
        WHERE b.currency <> '{CNY}' AND b.status = 'posted' AND b.type IN ({_names(SOURCED)}) AND d.full_fen > 0
    )
    SELECT 'fees', 'platform', cost FROM told
    UNION ALL SELECT 'stripe_cash', 'platform', -cost - paid_out FROM told
    UNION ALL SELECT 'stripe_payout', 'platform', paid_out FROM told
    UNION ALL SELECT 'bank_supervised', 'platform', amount_fen FROM payout_arrivals
    UNION ALL SELECT 'stripe_payout', 'platform', -amount_fen FROM payout_arrivals
    UNION ALL SELECT 'fx', 'org:' || producer_id, fen FROM foreign_parts
    UNION ALL SELECT 'stripe_cash', 'org:' || producer_id, -fen FROM foreign_parts"""

#: Things that the provider and we say different sums of, without anybody having been told.
SOURCES = f"""
    WITH theirs AS (
        SELECT source_ref AS ref, sum(amount) AS fen, bool_or(exception_id IS NOT NULL AND status = 'exception') AS is_told
        FROM balance_transactions
        WHERE currency = '{CNY}' AND status <> 'new' AND source_ref <> '' AND type IN ({_names(SOURCED)}) GROUP BY 1
    ),
    ours AS (SELECT ref, sum(booked_fen) AS fen FROM ({ALL_DOCUMENTS}) d GROUP BY 1)
    SELECT t.ref || ': the provider says ' || t.fen || ', our books ' || coalesce(o.fen, 0) AS sentence
    FROM theirs t LEFT JOIN ours o USING (ref)
    WHERE t.fen IS DISTINCT FROM coalesce(o.fen, 0) AND NOT t.is_told
    ORDER BY t.ref"""

#: Lines whose state and exception do not go together.
STATES = """
    SELECT transaction_ref || ' is ' || b.status || ' with exception ' || coalesce(e.status, 'none')
    FROM balance_transactions b LEFT JOIN money_exceptions e ON e.id = b.exception_id
    WHERE (b.status = 'exception' AND (e.id IS NULL OR e.resolution = 'settled'))
       OR (b.status = 'matched' AND e.status <> 'closed')"""


def init_app(_app: Flask) -> None:
    """Add the checks to ``duikou verify``."""
    checks.add_documents("balance_transactions", DOCUMENTS)
    verify.register("balance transactions = books", lambda _order_id: _compare(SOURCES))
    verify.register("balance transactions = exceptions", lambda _order_id: _compare(STATES))


def _compare(differing: str) -> verify.Result:
    return verify.compare("SELECT count(*) FROM balance_transactions", differing)
