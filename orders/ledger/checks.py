"""The ledger's own checks and the stock's: seals, leaves, cells, balances, both sides of the statistics, filings."""

from __future__ import annotations

from functools import partial

from flask import Flask
from sqlalchemy import select, text

from orders.ledger import sealing
from orders.ledger.closing import DIGEST
from orders.ledger.grains import GRAINS, Grain
from orders.ledger.models import Period
from orders.ledger.rollups import BALANCES, SEALED_STATS, cells_sql
from orders.ledger.verify import Result, compare, register, result
from shop.db import db
from shop.typed import compared

_SAME_CELL = "t.measure = r.measure AND t.bucket_on = r.bucket_on AND t.k1 = r.k1 AND t.k2 = r.k2 AND t.k3 = r.k3"
_CELL_NAME = """rtrim(concat_ws(' ', coalesce(t.measure, r.measure), coalesce(t.bucket_on, r.bucket_on),
                          coalesce(t.k1, r.k1), coalesce(t.k2, r.k2), coalesce(t.k3, r.k3)))"""


def init_app(_app: Flask) -> None:
    """Register the checks; the order is the order they run in."""
    register("seals gapless", check_seals)
    register("leaf hashes", check_leaves)
    for grain in GRAINS:
        register(f"rollup {grain.name}", partial(_check_grain, grain))
    register("account balances", check_balances)
    register("institutions = counties", check_sides)
    register("postings = dimensions", check_dimensions)
    register("closed periods", check_periods)
    register("filings", check_filings)
    register("filings' numbers", check_filing_numbers)
    register("stock of lots", check_lots)
    register("stock of SKUs", check_stock)


def check_seals(_order_id: int | None) -> Result:
    """Compare the seals' numbers with 1, 2, 3 … and with the mark."""
    return compare(
        "SELECT count(*) FROM ledger_seals",
        """SELECT 'seq ' || seq || ' follows ' || before FROM
             (SELECT seq, lag(seq, 1, 0) OVER (ORDER BY seq) AS before FROM ledger_seals) s WHERE seq <> before + 1
           UNION ALL
           SELECT 'mark says ' || m.seq || ', last seal is ' || coalesce(s.last, 0) FROM ledger_seal_marks m,
             (SELECT max(seq) AS last FROM ledger_seals) s WHERE m.seq <> coalesce(s.last, 0)
           UNION ALL
           SELECT 'entry ' || e.id || ' was left out' FROM journal_entries e, ledger_seal_marks m
           WHERE e.xid < m.xid AND NOT EXISTS (SELECT FROM ledger_seals s WHERE s.entry_id = e.id)""",
    )


def check_leaves(order_id: int | None) -> Result:
    """Compute every leaf again from its entry and postings."""
    one = "" if order_id is None else "WHERE e.order_id = :order_id"
    return compare(
        f"SELECT count(*) FROM ledger_seals s JOIN journal_entries e ON e.id = s.entry_id {one}",
        f"""SELECT 'seq ' || s.seq || ' ' || e.key FROM ledger_seals s JOIN journal_entries e ON e.id = s.entry_id
            {one or "WHERE true"} AND s.leaf <> {sealing.LEAF} ORDER BY s.seq""",
        **({} if order_id is None else {"order_id": order_id}),
    )


def _differing_cells(grain: Grain) -> str:
    return f"""
        FROM ({cells_sql(grain, SEALED_STATS)}) t
        FULL JOIN (SELECT * FROM ledger_rollups WHERE grain = '{grain.name}') r ON {_SAME_CELL}
        WHERE t.amount_fen IS DISTINCT FROM r.amount_fen"""


def _check_grain(grain: Grain, _order_id: int | None) -> Result:
    return compare(
        f"SELECT count(*) FROM ledger_rollups WHERE grain = '{grain.name}'",
        f"""SELECT {_CELL_NAME} || ': ' || coalesce(cast(r.amount_fen AS text), 'no cell') || ' instead of '
                   || coalesce(cast(t.amount_fen AS text), 'no cell') {_differing_cells(grain)}""",
    )


def check_balances(_order_id: int | None) -> Result:
    """Compare every account's balances with its sealed postings."""
    return compare(
        "SELECT count(*) FROM ledger_balances",
        f"""SELECT a.kind || '/' || a.owner || ' ' || coalesce(t.measure, b.measure) || ': '
                   || concat_ws('/', b.debit_fen, b.credit_fen) || ' instead of '
                   || concat_ws('/', t.debit_fen, t.credit_fen)
            FROM ({BALANCES} GROUP BY 1, 2) t
            FULL JOIN ledger_balances b ON b.account_id = t.account_id AND b.measure = t.measure
            JOIN ledger_accounts a ON a.id = coalesce(t.account_id, b.account_id)
            WHERE (t.debit_fen, t.credit_fen) IS DISTINCT FROM (b.debit_fen, b.credit_fen)""",
    )


def check_sides(_order_id: int | None) -> Result:
    """Compare what buyers were debited with what counties were credited, per measure."""
    return compare(
        "SELECT count(*) FROM postings WHERE book = 'stats'",
        """SELECT measure || ': institutions ' || buyers || ', counties ' || counties FROM (
             SELECT p.measure, coalesce(sum(p.amount_fen) FILTER (WHERE b.kind = 'buyer'), 0) AS buyers,
                    coalesce(sum(p.amount_fen) FILTER (WHERE c.kind = 'county'), 0) AS counties, sum(p.amount_fen) AS total
             FROM postings p JOIN ledger_accounts b ON b.id = p.debit_id JOIN ledger_accounts c ON c.id = p.credit_id
             WHERE p.book = 'stats' GROUP BY 1) s
           WHERE buyers <> counties OR buyers <> total""",
    )


def check_dimensions(order_id: int | None) -> Result:
    """Compare each posting's accounts with the county and buyer of its dimensions."""
    one = "" if order_id is None else "AND d.order_id = :order_id"
    source = f"""postings p JOIN ledger_dimensions d ON d.id = p.dimension_id
                 JOIN ledger_accounts b ON b.id = p.debit_id JOIN ledger_accounts c ON c.id = p.credit_id
                 JOIN assisted_counties k ON k.code = d.county_code WHERE p.book = 'stats' {one}"""
    return compare(
        f"SELECT count(*) FROM {source}",
        f"""SELECT 'posting ' || p.id || ' ' || b.owner || ' ' || c.owner FROM {source} AND (
              c.owner <> 'county:' || d.county_code OR b.owner LIKE 'org:%' AND b.owner <> 'org:' || d.buyer_id
              OR NOT d.counts AND p.measure = 'counted'
              OR (d.prefecture_code, d.province_code) IS DISTINCT FROM (k.prefecture_code, k.province_code))""",
        **({} if order_id is None else {"order_id": order_id}),
    )


def check_periods(_order_id: int | None) -> Result:
    """Compute every close again, each from the one before it."""
    closed = db.session.scalars(select(Period).where(Period.closed_at.is_not(None)).order_by(Period.starts_on)).all()
    found, previous = [], None
    for period in closed:
        values = {"starts_on": period.starts_on, "ends_on": period.ends_on, "seq": period.closed_seq}
        digest = db.session.execute(text(DIGEST), {"previous": previous or "", **values}).one()
        if (digest.sha256, int(digest.control_total_fen), previous) != (
            period.sha256, period.control_total_fen, period.previous_sha256,
        ):  # fmt: skip
            found.append(f"{period.starts_on:%Y-%m} differs from its close")
        previous = period.sha256
    return result(len(closed), found)


def check_filings(_order_id: int | None) -> Result:
    """Compare what counted for each filing with its lines and its state."""
    return compare(
        "SELECT count(*) FROM filings",
        """SELECT f.number || ': counted ' || coalesce(c.fen, 0) || ', lines ' || l.fen || ', ' || f.status
           FROM filings f
           LEFT JOIN (SELECT filing_id, sum(amount_fen) AS fen FROM filing_lines GROUP BY 1) l ON l.filing_id = f.id
           LEFT JOIN (SELECT d.filing_id, bool_and(d.counts) AS counts,
                        coalesce(sum(p.amount_fen) FILTER (WHERE p.measure = 'counted'), 0) AS fen,
                        coalesce(sum(p.amount_fen) FILTER (WHERE p.measure = 'paid'), 0) AS paid
                      FROM postings p JOIN ledger_dimensions d ON d.id = p.dimension_id
                      WHERE d.filing_id IS NOT NULL GROUP BY 1) c ON c.filing_id = f.id
           WHERE f.amount_fen IS DISTINCT FROM l.fen
              OR coalesce(c.paid, 0) <> CASE WHEN f.status = 'confirmed' THEN f.amount_fen ELSE 0 END
              OR coalesce(c.fen, 0) <> CASE WHEN f.status = 'confirmed' AND c.counts THEN f.amount_fen ELSE 0 END""",
    )


def check_filing_numbers(_order_id: int | None) -> Result:
    """Look for numbers that are of two filings: from before numbers were compared without signs and width."""
    rows = db.session.execute(
        text("""SELECT k.kind, k.key, f.number FROM filing_keys k JOIN filings f ON f.id = k.filing_id
                WHERE k.kind <> 'invoice' ORDER BY k.kind, k.key""")
    ).all()
    holders: dict[tuple[str, str], list[str]] = {}
    for kind, key, number in rows:
        holders.setdefault((kind, compared(key)), []).append(number)
    twice = {key: numbers for key, numbers in holders.items() if len(numbers) > 1}
    return result(len(rows), [f"{kind} {key}: {', '.join(numbers)}" for (kind, key), numbers in twice.items()])


def check_lots(_order_id: int | None) -> Result:
    """Compare each lot with the sum of its movements."""
    return compare(
        "SELECT count(*) FROM lots",
        """SELECT 'lot ' || l.code || ': ' || l.on_hand || ' instead of ' || coalesce(m.quantity, 0) FROM lots l
           LEFT JOIN (SELECT lot_id, sum(quantity) AS quantity FROM lot_movements GROUP BY 1) m ON m.lot_id = l.id
           WHERE l.on_hand <> coalesce(m.quantity, 0)""",
    )


def check_stock(_order_id: int | None) -> Result:
    """Compare each SKU's stock with its open lots."""
    return compare(
        "SELECT count(*) FROM sku_stock",
        """SELECT 'SKU ' || k.code || ': ' || coalesce(s.on_hand, 0) || ' instead of ' || coalesce(l.on_hand, 0)
           FROM skus k LEFT JOIN sku_stock s ON s.sku_id = k.id
           LEFT JOIN (SELECT sku_id, sum(on_hand) AS on_hand FROM lots WHERE status = 'open' GROUP BY 1) l
             ON l.sku_id = k.id
           WHERE coalesce(s.on_hand, 0) <> coalesce(l.on_hand, 0)""",
    )


def repair() -> int:
    """Write cells and balances again where they differ, under the sealer's lock; return how many rows changed.

    Nothing else is ever repaired: the caches follow the postings, never the other way.
    """
    sealing.hold()
    changed = sum(_repair_grain(grain) for grain in GRAINS)
    stale = db.session.execute(
        text(f"""
        DELETE FROM ledger_balances b WHERE NOT EXISTS (
            SELECT FROM ({BALANCES} GROUP BY 1, 2) t WHERE t.account_id = b.account_id AND t.measure = b.measure)
        RETURNING 1""")
    ).all()
    fixed = db.session.execute(
        text(f"""
        INSERT INTO ledger_balances AS b (account_id, measure, debit_fen, credit_fen) {BALANCES} GROUP BY 1, 2
        ON CONFLICT (account_id, measure) DO UPDATE SET debit_fen = excluded.debit_fen, credit_fen = excluded.credit_fen
        WHERE (b.debit_fen, b.credit_fen) IS DISTINCT FROM (excluded.debit_fen, excluded.credit_fen) RETURNING 1""")
    ).all()
    return changed + len(stale) + len(fixed)


def _repair_grain(grain: Grain) -> int:
    stale = db.session.execute(
        text(f"""
        WITH gone AS (SELECT r.measure, r.bucket_on, r.k1, r.k2, r.k3 {_differing_cells(grain)} AND t.measure IS NULL)
        DELETE FROM ledger_rollups t USING gone r WHERE t.grain = '{grain.name}' AND {_SAME_CELL} RETURNING 1""")
    ).all()
    fixed = db.session.execute(
        text(f"""
        INSERT INTO ledger_rollups AS r (grain, measure, bucket_on, k1, k2, k3, amount_fen)
        {cells_sql(grain, SEALED_STATS)}
        ON CONFLICT (grain, measure, bucket_on, k1, k2, k3) DO UPDATE SET amount_fen = excluded.amount_fen
        WHERE r.amount_fen <> excluded.amount_fen RETURNING 1""")
    ).all()
    return len(stale) + len(fixed)
