"""Rollup cells and account balances: caches of sealed postings, added to by each seal, rebuilt by verify."""

from __future__ import annotations

from sqlalchemy import text

from orders.ledger.grains import GRAINS, Grain, as_text, bucket_sql
from shop.db import db

#: The width of a cell's key.
_KEYS = 3


def cells_sql(grain: Grain, source: str) -> str:
    """Return the SQL of a grain's cells over ``source``, rows of postings ``p`` with their dimensions ``d``."""
    keys = [as_text(key) for key in grain.keys] + ["''"] * (_KEYS - len(grain.keys))
    return f"""
        SELECT '{grain.name}' AS grain, p.measure, {bucket_sql(grain.bucket, "p.business_on")} AS bucket_on,
               {keys[0]} AS k1, {keys[1]} AS k2, {keys[2]} AS k3, sum(p.amount_fen) AS amount_fen
        FROM {source}
        GROUP BY 2, 3, 4, 5, 6"""


#: Sealed statistics; ``fresh`` of a seal are read once and serve all grains.
SEALED_STATS = """ledger_seals s JOIN postings p ON p.entry_id = s.entry_id AND p.book = 'stats'
                  JOIN ledger_dimensions d ON d.id = p.dimension_id"""
_FRESH_COLUMNS = sorted({key for grain in GRAINS for key in grain.keys})


def _add_sql() -> str:
    fields = ", ".join(f"{as_text(key)} AS {key}" for key in _FRESH_COLUMNS)
    parts = []
    for grain in GRAINS:
        keys = [*(f"f.{key}" for key in grain.keys), *["''"] * (_KEYS - len(grain.keys))]
        parts.append(f"""
            SELECT '{grain.name}', f.measure, {bucket_sql(grain.bucket, "f.business_on")}, {", ".join(keys)},
                   sum(f.amount_fen) FROM fresh f GROUP BY 2, 3, 4, 5, 6""")
    return f"""
        WITH fresh AS MATERIALIZED (
            SELECT p.measure, p.business_on, p.amount_fen, {fields}
            FROM {SEALED_STATS} WHERE s.seq > :after AND s.seq <= :upto)
        INSERT INTO ledger_rollups AS r (grain, measure, bucket_on, k1, k2, k3, amount_fen)
        {" UNION ALL ".join(parts)}
        ON CONFLICT (grain, measure, bucket_on, k1, k2, k3)
        DO UPDATE SET amount_fen = r.amount_fen + excluded.amount_fen"""


BALANCES = """
    SELECT a.account_id, a.measure, sum(a.debit_fen) AS debit_fen, sum(a.credit_fen) AS credit_fen
    FROM ledger_seals s JOIN postings p ON p.entry_id = s.entry_id
    CROSS JOIN LATERAL (VALUES (p.debit_id, coalesce(p.measure, 'money'), p.amount_fen, 0),
                               (p.credit_id, coalesce(p.measure, 'money'), 0, p.amount_fen))
         AS a(account_id, measure, debit_fen, credit_fen)"""

_ADD_CELLS = text(_add_sql())
_ADD_BALANCES = text(f"""
    INSERT INTO ledger_balances AS b (account_id, measure, debit_fen, credit_fen)
    {BALANCES} WHERE s.seq > :after AND s.seq <= :upto GROUP BY 1, 2
    ON CONFLICT (account_id, measure) DO UPDATE
    SET debit_fen = b.debit_fen + excluded.debit_fen, credit_fen = b.credit_fen + excluded.credit_fen""")


def add_sealed(after: int, upto: int) -> None:
    """Add the entries sealed after ``after`` up to ``upto`` to all cells and balances; the sealer's lock is held."""
    bounds = {"after": after, "upto": upto}
    db.session.execute(_ADD_CELLS, bounds)
    db.session.execute(_ADD_BALANCES, bounds)
