"""The listed grains of the rollups: which dimensions a cell keeps, and in which buckets of time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

#: Dimension -> its column in ``ledger_dimensions`` (alias ``d``). Prefecture and province follow from the county.
COLUMNS = {
    "county": "d.county_code",
    "category": "d.category_code",
    "kind": "d.kind",
    "producer": "d.producer_id",
    "product": "d.product_id",
    "institution": "d.buyer_id",
    "buyer_division": "d.buyer_division_code",
    "finance_division": "d.finance_division_code",
    "unit": "d.unit_id",
    "fund_source": "d.fund_source",
    "mode": "d.mode",
    "channel": "d.channel",
    "partner": "d.partner_level",
    "pairing": "d.pairing_id",
    "order": "d.order_id",
    "filing": "d.filing_id",
}
#: Buckets from coarse to fine.
BUCKETS = ("year", "month", "day")


@dataclass(frozen=True)
class Grain:
    """Cells by up to three dimensions and one bucket."""

    name: str
    keys: tuple[str, ...]
    bucket: str


#: The planner takes the first that has what a question needs, so the small ones come first.
GRAINS = (
    Grain("county.year", ("county",), "year"),
    Grain("mix.month", ("channel", "mode", "partner"), "month"),
    Grain("county.month", ("county",), "month"),
    Grain("county.day", ("county",), "day"),
    Grain("split.month", ("county", "partner", "channel"), "month"),
    Grain("pairing.month", ("pairing", "county", "mode"), "month"),
    Grain("category.month", ("county", "category", "mode"), "month"),
    Grain("east.month", ("buyer_division", "county", "partner"), "month"),
    Grain("buyer.month", ("institution", "unit", "fund_source"), "month"),
    Grain("producer.month", ("producer", "product", "county"), "month"),
)


@dataclass(frozen=True)
class Piece:
    """A stretch of days, both inclusive, and the grain that answers it; ``None``: the raw postings."""

    grain: Grain | None
    from_on: date
    to_on: date


def as_text(dimension: str) -> str:
    """Return the SQL that gives a dimension of ``d`` as the text a cell's key holds; empty: unknown."""
    return f"coalesce(cast({COLUMNS[dimension]} AS text), '')"


def bucket_sql(bucket: str, day: str) -> str:
    """Return the SQL that gives the first day of the bucket in which ``day`` lies."""
    return day if bucket == "day" else f"cast(date_trunc('{bucket}', {day}) AS date)"


def plan(from_on: date, to_on: date, *, dimensions: Collection[str], finest: str) -> list[Piece]:
    """Cut the days into pieces, each answered by the coarsest grain that holds ``dimensions``.

    :param finest: the finest bucket asked for (``year``, ``month`` or ``day``); coarser cells are of no use.
    """
    pieces: list[Piece] = []
    rest = [(from_on, to_on)]
    for bucket in BUCKETS[BUCKETS.index(finest) :]:
        grain = next((g for g in GRAINS if g.bucket == bucket and set(dimensions) <= set(g.keys)), None)
        if grain is None:
            continue
        left: list[tuple[date, date]] = []
        for start, end in rest:
            first, after = _ceiling(bucket, start), _floor(bucket, end + timedelta(days=1))
            if first >= after:
                left.append((start, end))
                continue
            pieces.append(Piece(grain, first, after - timedelta(days=1)))
            left += [(a, b) for a, b in ((start, first - timedelta(days=1)), (after, end)) if a <= b]
        rest = left
    return pieces + [Piece(None, start, end) for start, end in rest]


def _floor(bucket: str, day: date) -> date:
    if bucket == "day":
        return day
    return day.replace(day=1) if bucket == "month" else day.replace(month=1, day=1)


def _ceiling(bucket: str, day: date) -> date:
    floor = _floor(bucket, day)
    if floor == day:
        return day
    if bucket == "year":
        return date(day.year + 1, 1, 1)
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
