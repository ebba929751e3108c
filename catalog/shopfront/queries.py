"""Reads of the shop: one statement for a page of the list, whatever it is narrowed by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from catalog.products.words import make_query
from catalog.shopfront.filters import COUNTED_TO, PAGE_SIZE, SEVERAL, Filters
from shop import hotreads
from shop.paging import encode_cursor


class Card(NamedTuple):
    """A listing as the list shows it; ``price_fen`` is the unit price at the least quantity."""

    id: int
    public_id: UUID
    title: str
    price_fen: int
    pack_spec: str
    unit: str
    net_weight_g: int | None
    min_quantity: Decimal
    has_stock: bool
    county_code: str
    county: str
    province: str
    is_key_county: bool
    producer: str
    is_demo: bool
    #: ``scheme|from|to`` of each eligibility basis and quality certificate; see :func:`schemes_on`.
    bases: list[str]
    certificates: list[str]
    sort_key: str | int | datetime


@dataclass(frozen=True)
class CardPage:
    """A page of the list; ``count`` is exact up to ``COUNTED_TO``, one more means "more than that"."""

    items: list[Card]
    next: str | None
    count: int


#: A paper ``scheme|from|to`` of the scheme asked for is in force on the day.
_HOLDS = """split_part(paper, '|', 1) = {} AND split_part(paper, '|', 2) <= %(on)s::date::text
    AND split_part(paper, '|', 3) >= %(on)s::date::text"""
#: What one value of each filter adds to the condition on ``shop_cards s``; ``{}`` is its bind.
_CONDITIONS = {
    "q": "s.search @@ %(q)s::tsquery",
    "category": "s.category_code = {}",
    "group": "s.category_code >= {0} AND s.category_code < {0} || 'a'",
    "county": "s.county_code = {}",
    "province": "s.province_code = {}",
    "key": "s.is_key_county",
    "partner": """s.county_code IN (
        SELECT c.code FROM divisions b
        JOIN pairings g ON g.east_code IN (b.code, b.prefecture_code, b.province_code)
             AND g.valid_from <= %(on)s AND (g.valid_to IS NULL OR g.valid_to >= %(on)s)
        JOIN assisted_counties c ON g.west_code IN (c.code, c.division_code, c.prefecture_code, c.province_code)
        WHERE b.code = {})""",
    "scheme": "EXISTS (SELECT FROM unnest(s.bases) AS paper WHERE " + _HOLDS + ")",
    "certificate": "EXISTS (SELECT FROM unnest(s.certificates) AS paper WHERE " + _HOLDS + ")",
}
#: sort -> (key, direction, comparison); the listing's own key breaks ties.
_ORDERS = {
    "new": ("s.listed_at", "DESC", "<"),
    "price": ("s.price_fen", "ASC", ">"),
    "name": ("s.pinyin", "ASC", ">"),
}
COLUMNS = """s.listing_id, s.public_id, s.title, s.price_fen, s.pack_spec, s.unit, s.net_weight_g, s.min_quantity,
    s.has_stock, s.county_code, s.county, s.province, s.is_key_county, s.producer, s.is_demo, s.bases, s.certificates"""


def schemes_on(papers: list[str], day: str) -> list[str]:
    """Return the schemes of papers in force on a day written ``2026-07-15``, each once."""
    found = []
    for paper in papers:
        scheme, since, until = paper.split("|")
        if since <= day <= until and scheme not in found:
            found.append(scheme)
    return found


def _conditions(filters: Filters, values: dict[str, Any]) -> list[str]:
    """Return the condition of the filters and put their values into ``values``."""
    found = ["s.eligible @> %(on)s::date"]
    if filters.key:
        found.append(_CONDITIONS["key"])
    for name in SEVERAL:
        any_of = []
        for n, value in enumerate(filters.several(name)):
            values[f"{name}{n}"] = value
            kind = "group" if name == "category" and len(value) == 2 else name  # noqa: PLR2004  a group's two digits
            any_of.append(_CONDITIONS[kind].format(f"%({name}{n})s"))
        if any_of:
            found.append(f"({' OR '.join(any_of)})")
    if filters.q:
        values["q"] = make_query(filters.q)
        found.append(_CONDITIONS["q"] if values["q"] else "false")
    return found


def list_cards(filters: Filters, on: date, limit: int = PAGE_SIZE) -> CardPage:
    """Return a page of what is listed and eligible on a day, in one statement.

    :raises BadCursor: if the place is of another sort.
    """
    values: dict[str, Any] = {"on": on, "limit": limit + 1, "counted": COUNTED_TO + 1}
    conditions = _conditions(filters, values)
    counted = " AND ".join(conditions)
    key, direction, comparison = _ORDERS[filters.sort]
    place = filters.place()
    if place:
        values["after"], values["after_id"] = place
        conditions.append(f"({key}, s.listing_id) {comparison} (%(after)s, %(after_id)s)")
    rows = hotreads.fetch(
        f"""SELECT (SELECT count(*) FROM (SELECT FROM shop_cards s WHERE {counted} LIMIT %(counted)s) AS bounded),
                   {COLUMNS}, {key}
            FROM shop_cards s WHERE {" AND ".join(conditions)}
            ORDER BY {key} {direction}, s.listing_id {direction} LIMIT %(limit)s""",
        values,
    )
    cards = [Card(*row[1:]) for row in rows[:limit]]
    more = encode_cursor(cards[-1].sort_key, cards[-1].id) if len(rows) > limit else None
    return CardPage(cards, more, rows[0][0] if rows else 0)
