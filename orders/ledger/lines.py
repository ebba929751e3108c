"""Drill-down: the postings that make up a total, with who, what, when and the papers behind each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from orders.ledger.evidence import Source, sources_of
from orders.ledger.questions import Question
from orders.ledger.rollups import SEALED_STATS
from shop.db import db
from shop.i18n import _
from shop.paging import BadCursor, Page, decode_cursor, make_page


@dataclass(frozen=True)
class Line:
    """One posting of the measure asked for."""

    id: int
    seq: int
    fact: str
    amount_fen: int
    business_on: date
    origin_on: date
    county_code: str
    county: str
    category_code: str
    category: str
    category_en: str
    product: str
    producer: str
    buyer: str
    unit: str | None
    fund_source: str | None
    mode: str
    helper_name: str
    channel: str
    partner: str
    pairing_id: int | None
    eligibility_scheme: str | None
    rule_version: int
    order_id: int | None
    filing_id: int | None
    source: Source | None = None


_FIELDS = """
    p.id, s.seq, e.fact, p.amount_fen, p.business_on, p.origin_on, d.county_code, c.name AS county, d.category_code,
    g.name_zh AS category, g.name_en AS category_en, coalesce(fl.product_name, pr.name, '') AS product,
    coalesce(po.name, d.seller_name) AS producer, coalesce(bo.name, d.buyer_name) AS buyer, u.name AS unit,
    d.fund_source, d.mode, d.helper_name, d.channel, d.partner_level AS partner, d.pairing_id, d.eligibility_scheme,
    d.rule_version, d.order_id, d.filing_id"""
_JOINS = """
    JOIN journal_entries e ON e.id = p.entry_id
    JOIN assisted_counties c ON c.code = d.county_code
    JOIN categories g ON g.code = d.category_code
    LEFT JOIN products pr ON pr.id = d.product_id
    LEFT JOIN organisations po ON po.id = d.producer_id
    LEFT JOIN organisations bo ON bo.id = d.buyer_id
    LEFT JOIN units u ON u.id = d.unit_id
    LEFT JOIN filing_lines fl ON fl.id = d.filing_line_id"""
#: Lines of an export are read in portions of this size.
_PORTION = 2000
#: The days that a question may be about.
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True)
class Pin:
    """What a cursor holds still: as of which seal, and over which days, its first page was answered."""

    as_of: int
    from_on: date
    to_on: date


def pin_of(cursor: str | None) -> Pin | None:
    """Return what the pages of a list have in common, read from the cursor of one; ``None`` for the first page.

    :raises BadCursor: if it is not such a list's.
    """
    parts = _decode(cursor)
    return Pin(*parts[:3]) if parts else None


def _day(written: str) -> date:
    """Return a day of a cursor; one that no question can be about was not written here."""
    day = date.fromisoformat(written)
    if not _FIRST <= day <= _LAST:
        raise ValueError(written)
    return day


def _decode(cursor: str | None) -> list[Any] | None:
    return decode_cursor(cursor, int, _day, _day, _day, int)


def list_lines(question: Question, *, limit: int, cursor: str | None) -> Page[Line]:
    """Return a page of the lines behind a total, newest day first; all pages add up to it.

    Each cursor carries the seal and the days, so that what is sold between two pages changes neither.

    :raises BadCursor: if the cursor is not this list's.
    """
    pin = (question.as_of, question.from_on, question.to_on)
    parts = _decode(cursor)
    if parts and tuple(parts[:3]) != pin:
        raise BadCursor(_("分页标记无效，请从第一页重新开始。"))
    rows = _read(question, limit + 1, parts[3:] if parts else None)
    return make_page(rows, limit, lambda line: (*pin, line.business_on, line.id))


def all_lines(question: Question) -> Iterator[Line]:
    """Yield every line, newest day first, in portions."""
    after: list[Any] | None = None
    while True:
        portion = _read(question, _PORTION, after)
        yield from portion
        if len(portion) < _PORTION:
            return
        after = [portion[-1].business_on, portion[-1].id]


def count_lines(question: Question) -> int:
    """Return how many lines stand behind a total."""
    values: dict[str, Any] = {}
    sql = f"SELECT count(*) FROM {SEALED_STATS} WHERE {_where(question, values)}"
    return int(db.session.execute(text(sql), values).scalar_one())


def _read(question: Question, limit: int, after: list[Any] | None) -> list[Line]:
    values: dict[str, Any] = {"limit": limit}
    where = _where(question, values)
    if after is not None:
        where += " AND (p.business_on, p.id) < (:after_on, :after_id)"
        values |= {"after_on": after[0], "after_id": after[1]}
    # The page is cut before names are looked up, so that a page costs a page.
    statement = f"""
        WITH page AS MATERIALIZED (
            SELECT p.id FROM {SEALED_STATS} WHERE {where} ORDER BY p.business_on DESC, p.id DESC LIMIT :limit)
        SELECT {_FIELDS} FROM page JOIN postings p ON p.id = page.id JOIN ledger_seals s ON s.entry_id = p.entry_id
        JOIN ledger_dimensions d ON d.id = p.dimension_id {_JOINS}
        ORDER BY p.business_on DESC, p.id DESC"""
    rows = db.session.execute(text(statement), values).mappings().all()
    orders = sources_of("order", (row["order_id"] for row in rows))
    filings = sources_of("filing", (row["filing_id"] for row in rows))
    return [Line(**row, source=orders.get(row["order_id"]) or filings.get(row["filing_id"])) for row in rows]


def _where(question: Question, values: dict[str, Any]) -> str:
    values |= {
        "measure": question.measure, "from_on": question.from_on, "to_on": question.to_on, "as_of": question.as_of,
    }  # fmt: skip
    parts = ["p.measure = :measure", "p.business_on BETWEEN :from_on AND :to_on", "s.seq <= :as_of"]
    return " AND ".join(parts + question.conditions_on_postings(values))
