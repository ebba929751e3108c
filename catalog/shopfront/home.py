"""Reads of the home page: whose partner one is, what came in lately, how much each group offers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from catalog.shopfront.queries import COLUMNS, Card
from shop import hotreads

#: Goods of lots produced in so many days are in season.
_SEASON_DAYS = 60
_DIVISION = """
    SELECT d.code, d.name, p.name FROM organisations o JOIN divisions d ON d.code = o.division_code
    JOIN divisions p ON p.code = d.province_code WHERE o.id = %s AND o.kind = 'institution'"""
_RECENT = f"""
    SELECT {COLUMNS}, made.on_day
    FROM (SELECT l.sku_id, max(b.produced_on) AS on_day, max(l.id) AS listing_id
          FROM lots b JOIN listings l ON l.sku_id = b.sku_id AND l.status = 'listed'
          WHERE b.status = 'open' AND b.on_hand > 0 AND b.produced_on BETWEEN %(since)s AND %(on)s
          GROUP BY l.sku_id) made
    JOIN shop_cards s ON s.listing_id = made.listing_id
    WHERE s.eligible @> %(on)s::date AND s.has_stock
    ORDER BY made.on_day DESC, s.listing_id DESC LIMIT %(limit)s"""
_GROUPS = """
    SELECT left(category_code, 2), count(*) FROM shop_cards WHERE eligible @> %s::date GROUP BY 1 ORDER BY 1"""


@dataclass(frozen=True)
class BuyerDivision:
    """Where an institution is."""

    code: str
    name: str
    province: str


def division_of(organisation_id: int) -> BuyerDivision | None:
    """Return where an institution is; ``None`` for other organisations, which have no partner counties."""
    rows = hotreads.fetch(_DIVISION, (organisation_id,))
    return BuyerDivision(*rows[0]) if rows else None


def list_recent(on: date, limit: int) -> list[Card]:
    """Return listings with stock of lately produced lots, the latest first."""
    values = {"on": on, "since": on - timedelta(days=_SEASON_DAYS), "limit": limit}
    return [Card(*row) for row in hotreads.fetch(_RECENT, values)]


def count_groups(on: date) -> list[tuple[str, int]]:
    """Return the code of each group of categories and how many listings it has that day."""
    return [(code, count) for code, count in hotreads.fetch(_GROUPS, (on,))]
