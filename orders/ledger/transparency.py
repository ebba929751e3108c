"""The log ``counted``: every sealed posting of what counts is a leaf, in the order of the seals.

A leaf tells its seal and commits to the rest: who bought what from whom is nobody else's business. Who may see the
line gets the facts in a receipt, with the leaf hash of the whole journal entry, which the seals have too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import RowMapping, text

from orders.ledger import sealing
from orders.ledger.reporting import seal_everything
from shop.db import db
from shop.translog import registry
from shop.translog.registry import Batch, Record

LOG = "counted"

_KEY = "e.key || ' posting ' || p.id"
_END = text("SELECT least(:after + :limit, (SELECT coalesce(max(seq), 0) FROM ledger_seals))")
#: Names that never change stand for keys of the database, which are never shown.
_READ = text(f"""
    SELECT s.seq, s.sealed_at, {_KEY} AS key, encode({sealing.LEAF}, 'hex') AS entry_leaf,
           row_number() OVER (PARTITION BY s.seq ORDER BY p.id) AS n, p.amount_fen, p.measure, p.business_on, p.origin_on,
           d.county_code, d.category_code, d.kind, d.mode, d.channel, d.partner_level, d.rule_version, d.fund_source,
           d.eligibility_scheme, o.number AS order_number, l.public_id AS line_id, f.number AS filing_number,
           buyer.public_id AS buyer_id, producer.public_id AS producer_id
    FROM ledger_seals s JOIN journal_entries e ON e.id = s.entry_id
    JOIN postings p ON p.entry_id = e.id AND p.measure = 'counted' JOIN ledger_dimensions d ON d.id = p.dimension_id
    LEFT JOIN orders o ON o.id = d.order_id LEFT JOIN order_lines l ON l.id = d.line_id
    LEFT JOIN filings f ON f.id = d.filing_id
    LEFT JOIN organisations buyer ON buyer.id = d.buyer_id
    LEFT JOIN organisations producer ON producer.id = d.producer_id
    WHERE s.seq > :after AND s.seq <= :upto ORDER BY s.seq, p.id""")
_OF_LINE = text(f"""
    SELECT {_KEY} AS key, p.amount_fen, p.business_on, e.recorded_at
    FROM postings p JOIN journal_entries e ON e.id = p.entry_id JOIN ledger_dimensions d ON d.id = p.dimension_id
    JOIN order_lines l ON l.id = d.line_id
    WHERE l.public_id = :line AND d.order_id = :order AND p.measure = 'counted' ORDER BY p.id""")


@dataclass(frozen=True)
class CountedPosting:
    """A posting of what counts for a line, and what the log calls it."""

    key: str
    amount_fen: int
    business_on: date
    recorded_at: datetime


def init_app(_app: Flask) -> None:
    """Name the log."""
    registry.register(LOG, read, seal_everything)


def read(after: int, limit: int) -> Batch:
    """Return the counted postings of the seals after a place."""
    upto = max(after, int(db.session.execute(_END, {"after": after, "limit": limit}).scalar_one()))
    rows = db.session.execute(_READ, {"after": after, "upto": upto}).mappings()
    return Batch([Record(row["seq"], row["key"], _told(row), _facts(row)) for row in rows], upto)


def _told(row: RowMapping) -> dict[str, Any]:
    return {"seq": row["seq"], "n": row["n"], "sealed_at": row["sealed_at"].astimezone(UTC).isoformat()}


def _facts(row: RowMapping) -> dict[str, Any]:
    """Return what a receipt tells; members that do not apply are left out."""
    facts = {
        "seq": row["seq"], "measure": row["measure"], "amount_fen": row["amount_fen"],
        "business_on": row["business_on"], "origin_on": row["origin_on"], "county": row["county_code"],
        "category": row["category_code"], "kind": row["kind"], "mode": row["mode"], "channel": row["channel"],
        "partner_level": row["partner_level"], "fund_source": row["fund_source"],
        "eligibility_scheme": row["eligibility_scheme"], "rule_version": row["rule_version"],
        "order": row["order_number"], "line": row["line_id"], "filing": row["filing_number"],
        "buyer": row["buyer_id"], "producer": row["producer_id"], "entry_leaf": row["entry_leaf"],
    }  # fmt: skip
    return {
        name: value if isinstance(value, int | str) else str(value)
        for name, value in facts.items()
        if value is not None
    }


def postings_of_line(order_id: int, line: UUID) -> list[CountedPosting]:
    """Return what was counted for an order's line, in the order of posting; the caller has checked who asks."""
    rows = db.session.execute(_OF_LINE, {"order": order_id, "line": line})
    return [CountedPosting(*row) for row in rows]
