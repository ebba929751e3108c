"""County totals of a year at 10,000 and at 1,000,000 postings: cells against the same question on raw postings.

Run with ``python -m bench.totals``; both ledgers are made from the same seed, sealed by the real sealer, and asked in turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from orders.ledger import questions, sealing
from orders.ledger.labels import label_rows
from orders.ledger.questions import Question
from orders.ledger.totals import answer
from shop.app import create_app
from shop.config import Settings
from shop.db import db, snapshot, transaction
from tests.database import TestCluster

YEAR = (date(2026, 1, 1), date(2026, 12, 31))
SEALED_AT = datetime(2027, 1, 1, tzinfo=UTC)
SMALL, LARGE = 10_000, 1_000_000
RESULTS = Path(__file__).parent / "results" / "totals.json"
#: Lines of an order; postings written in one transaction.
_LINES, _BATCH = 3, 60_000
_CATEGORIES = "(SELECT array_agg(code ORDER BY code) FROM categories WHERE parent_code IS NOT NULL)"
_COUNTIES = "(SELECT array_agg(code ORDER BY code) FROM assisted_counties)"

#: A number from 0 below ``most``, the same for the same posting and purpose on every machine.
_PICK = "(abs(hashint8extended(i, {seed})) % {most})"


def _pick(seed: int, most: int) -> str:
    return _PICK.format(seed=seed, most=most)


_DIMENSIONS = f"""
    INSERT INTO ledger_dimensions (line_id, order_id, county_code, prefecture_code, province_code, category_code,
        producer_id, product_id, buyer_id, buyer_division_code, finance_division_code, unit_id, fund_source, mode,
        channel, partner_level, rule_version, counts)
    SELECT i, i / {_LINES}, c.code, c.prefecture_code, c.province_code,
           (k.codes)[1 + {_pick(2, 150)}], 1 + {_pick(3, 31000)}, 1 + {_pick(4, 100000)}, 1 + {_pick(5, 60000)},
           '120101', '120101', 1 + {_pick(5, 60000)}, (ARRAY['canteen','union'])[1 + {_pick(6, 2)}],
           (ARRAY['direct','helped'])[1 + {_pick(7, 2)}], (ARRAY['shop','contract','filing'])[1 + {_pick(8, 3)}],
           (ARRAY['own','province','other_east','elsewhere'])[1 + {_pick(9, 4)}], 1, true
    FROM generate_series(cast(:first AS bigint), cast(:last AS bigint)) i
    CROSS JOIN (SELECT {_COUNTIES} AS counties, {_CATEGORIES} AS codes) k
    JOIN assisted_counties c ON c.code = (k.counties)[1 + i % 832]"""
_ACCOUNTS = """
    INSERT INTO ledger_accounts (book, kind, owner)
    SELECT 'stats', 'county', 'county:' || code FROM assisted_counties
    UNION ALL SELECT 'stats', 'buyer', 'org:' || i FROM generate_series(1, 60000) i"""
#: Without statistics of what was just written the joins below are planned as nested loops.
_ANALYZE = "ANALYZE ledger_dimensions, journal_entries, ledger_accounts"
_ENTRIES = f"""
    INSERT INTO journal_entries (key, fact, order_id, occurred_at, recorded_at)
    SELECT 'bench:' || o, 'bench', o, '2026-06-01', '2026-06-01'
    FROM generate_series(cast(:first AS bigint) / {_LINES}, cast(:last AS bigint) / {_LINES}) o"""
_POSTINGS = f"""
    INSERT INTO postings (entry_id, book, measure, debit_id, credit_id, amount_fen, dimension_id, order_id, business_on,
                          origin_on)
    SELECT e.id, 'stats', 'counted', b.id, c.id, 1000 + {_pick(10, 9000000)}, d.id, d.order_id, day, day
    FROM (SELECT d.*, d.line_id AS i, date '2026-01-01' + cast({_pick(11, 365).replace("(i", "(d.line_id")} AS int) AS day
          FROM ledger_dimensions d WHERE d.line_id BETWEEN :first AND :last) d
    JOIN journal_entries e ON e.key = 'bench:' || d.order_id
    JOIN ledger_accounts b ON b.book = 'stats' AND b.kind = 'buyer' AND b.owner = 'org:' || d.buyer_id
    JOIN ledger_accounts c ON c.book = 'stats' AND c.kind = 'county' AND c.owner = 'county:' || d.county_code"""


def fill(postings: int) -> None:
    """Write a ledger of ``postings`` counted postings over all 832 counties in 2026."""
    with transaction():
        db.session.execute(text(_ACCOUNTS))
    for first in range(0, postings, _BATCH):
        bounds = {"first": first, "last": min(first + _BATCH, postings) - 1}
        with transaction():
            for statement in (_DIMENSIONS, _ENTRIES, _ANALYZE, _POSTINGS):
                db.session.execute(text(statement), bounds if ":first" in statement else {})


def seal_all() -> float:
    """Seal everything; return the seconds it took."""
    started = time.perf_counter()
    while True:
        with transaction():
            if not sealing.seal(SEALED_AT).more:
                break
    return time.perf_counter() - started


def ask_cells() -> int:
    """Ask as the API does: the breakdown by county with the counties' names."""
    with snapshot():
        found = answer(Question("counted", *YEAR, ("county",), as_of=questions.resolve_as_of(None)))
        label_rows(("county",), [row.keys for row in found.rows])
    return found.total_fen


def ask_raw() -> int:
    """Ask the raw postings the same."""
    with snapshot():
        rows = db.session.execute(
            text("""SELECT d.county_code, sum(p.amount_fen) FROM postings p
                    JOIN ledger_dimensions d ON d.id = p.dimension_id JOIN ledger_seals s ON s.entry_id = p.entry_id
                    WHERE p.measure = 'counted' AND p.book = 'stats' AND p.business_on BETWEEN :first AND :last
                      AND s.seq <= :seq GROUP BY 1 ORDER BY 1"""),
            {"first": YEAR[0], "last": YEAR[1], "seq": sealing.last_seq()},
        ).all()
    return int(sum(row[1] for row in rows))


def timed(ask: Callable[[], int]) -> float:
    """Return the milliseconds one question takes."""
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1000


def spread(times: list[float]) -> dict[str, float]:
    """Return median and ninth decile in milliseconds."""
    return {"median_ms": round(statistics.median(times), 2), "p90_ms": round(statistics.quantiles(times, n=10)[8], 2)}


def measure(apps: dict[int, Flask], rounds: int) -> dict[str, Any]:
    """Ask both ledgers in turns and return the figures."""
    cells: dict[int, list[float]] = {size: [] for size in apps}
    raw: dict[int, list[float]] = {size: [] for size in apps}
    for _round in range(rounds + 3):
        for size, app in apps.items():
            with app.app_context():
                cells[size].append(timed(ask_cells))
                if _round < 6:
                    raw[size].append(timed(ask_raw))
    kept = {size: times[3:] for size, times in cells.items()}
    small, large = (statistics.median(kept[size]) for size in sorted(apps))
    return {
        "cells": {size: spread(times) for size, times in kept.items()},
        "raw": {size: spread(times[2:]) for size, times in raw.items()},
        "large_to_small": round(large / small, 3),
        "raw_to_cells": {
            size: round(statistics.median(raw[size][2:]) / statistics.median(kept[size]), 1) for size in apps
        },
    }


def run(sizes: tuple[int, int], rounds: int) -> dict[str, Any]:
    """Make both ledgers in throwaway databases, measure, and return what was found."""
    apps: dict[int, Flask] = {}
    sealed: dict[int, float] = {}
    with ExitStack() as stack:
        cluster = stack.enter_context(TestCluster().running())
        for size in sizes:
            url = stack.enter_context(cluster.database()).replace("postgresql://", "postgresql+psycopg://")
            app = create_app(Settings(DATABASE_URL=url, BROKER_URL="memory://", SECRET_KEY="bench" * 8, TESTING=True))
            with app.app_context():
                fill(size)
                print(f"{size:>9,} postings written", flush=True)
                sealed[size] = seal_all()
                assert ask_cells() == ask_raw()
                db.session.remove()
                with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("VACUUM ANALYZE"))
            print(f"{size:>9,} postings sealed in {sealed[size]:.1f} s ({size / _LINES / sealed[size]:,.0f} entries/s)")
            apps[size] = app
        found = measure(apps, rounds)
        for app in apps.values():
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
    return {"sizes": sizes, "rounds": rounds, "sealed_s": {k: round(v, 1) for k, v in sealed.items()}, **found}


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--large", type=int, default=LARGE)
    parser.add_argument("--rounds", type=int, default=100)
    given = parser.parse_args()
    found = run((given.small, given.large), given.rounds)
    print(json.dumps(found, indent=2))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
