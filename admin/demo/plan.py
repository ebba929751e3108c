"""What each made-up procurement will be, drawn from the seed alone: who buys what, when, and what goes wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

SEED = 832
#: Procurements begun in each year of the story; 2026 ends with the story's today.
PER_YEAR: Mapping[int, int] = {2020: 240, 2021: 340, 2022: 420, 2023: 480, 2024: 520, 2025: 540, 2026: 460}
LAST_DAY = date(2026, 11, 22)
_FRIDAY = 4
#: Before this only the first products are on sale.
FIRST_SUMMER = datetime(2020, 8, 1, tzinfo=UTC)
#: Relative weight of each month: New Year and Mid-Autumn gifts, canteens closed in summer.
_MONTHS = (14, 6, 8, 8, 8, 8, 5, 6, 13, 8, 9, 12)


@dataclass(frozen=True)
class Offer:
    """A listing the story can buy: its place in the world, its maker, minimum, step and first price in fen."""

    listing: int
    maker: str
    county: str
    minimum: Decimal
    step: Decimal
    price_fen: int
    #: When it comes to market.
    since: datetime


@dataclass(frozen=True)
class Buyer:
    """An institution of the story; ``scale`` multiplies what it buys, ``partners`` are its counties."""

    place: int
    kind: str
    scale: int
    partners: tuple[str, ...]


@dataclass(frozen=True)
class Want:
    """A quantity of a listing."""

    listing: int
    quantity: Decimal


@dataclass(frozen=True)
class Plan:
    """One procurement before anything has happened."""

    number: int
    at: datetime
    buyer: int
    wants: tuple[Want, ...]
    fund_source: str | None
    payment_mode: str
    #: ``normal``, ``declined``, ``lapsed``, ``cancelled_by_buyer`` or ``cancelled_by_producer``.
    fate: str
    #: Which half of the counties it buys from.
    half: int


def draw(number: int, *parts: object) -> Random:
    """Return the generator of one decision; the same whatever else was drawn before."""
    return Random(f"{SEED}:{number}:" + ":".join(map(str, parts)))  # noqa: S311  a story, not a secret


def instants() -> list[datetime]:
    """Return when each procurement begins, ascending: working hours of Shanghai's weekdays."""
    found = []
    for year, count in PER_YEAR.items():
        rng = draw(year, "instants")
        months = 11 if year == LAST_DAY.year else 12
        for _ in range(count):
            month = rng.choices(range(1, months + 1), weights=_MONTHS[:months])[0]
            last = LAST_DAY.day if (year, month) == (LAST_DAY.year, LAST_DAY.month) else 28
            day = date(year, month, rng.randint(1, last))
            if day.weekday() > _FRIDAY:
                back = day.weekday() - _FRIDAY
                day += timedelta(days=-back if day.day > back else 3 - back)
            minute = rng.randint(0, 9 * 60 - 1)
            found.append(datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC) + timedelta(minutes=minute))
    return sorted(found)


def halve(counties: Iterable[str]) -> dict[str, int]:
    """Return each county's half, every other one: no purchase reaches into both, so they can be told side by side."""
    return {county: place % 2 for place, county in enumerate(sorted(set(counties)))}


@dataclass(frozen=True)
class _Market:
    """What is on sale at a time, by county and by half."""

    by_county: Mapping[str, Sequence[Offer]]
    halves: Mapping[str, int]
    offers: Sequence[Offer]
    by_half: Mapping[int, Sequence[Offer]]

    @classmethod
    def of(cls, offers: Sequence[Offer], halves: Mapping[str, int]) -> _Market:
        by_county: dict[str, list[Offer]] = defaultdict(list)
        by_half: dict[int, list[Offer]] = defaultdict(list)
        for offer in offers:
            by_county[offer.county].append(offer)
            by_half[halves[offer.county]].append(offer)
        return cls(by_county, halves, offers, by_half)

    def near(self, buyer: Buyer, half: int | None = None) -> list[Offer]:
        """Return what the buyer's partner counties sell, in one half if it is given."""
        counties = (county for county in buyer.partners if half is None or self.halves.get(county) == half)
        return [offer for county in counties for offer in self.by_county.get(county, ())]


def _wants(rng: Random, buyer: Buyer, market: _Market) -> tuple[list[Want], int]:
    """Draw what is bought, all from one half of the counties, and say which."""
    near = market.near(buyer)
    chosen: dict[int, Want] = {}
    first = rng.choice(near) if near and rng.random() < 0.7 else rng.choice(market.offers)  # noqa: PLR2004  seven of ten
    half = market.halves[first.county]
    near, by_county = market.near(buyer, half), market.by_county
    same = [offer for offer in by_county[first.county] if offer.maker == first.maker]
    for place in range(rng.choices((1, 2, 3, 4), weights=(64, 22, 9, 5))[0]):
        others = same if rng.random() < 0.6 else near or market.by_half[half]  # noqa: PLR2004  six of ten more from the same producer
        offer = first if place == 0 else rng.choice(others)
        budget_fen = rng.randint(2_000_00, 18_000_00) * buyer.scale
        steps = max(0, (budget_fen // offer.price_fen - int(offer.minimum)) // max(1, int(offer.step)))
        chosen.setdefault(offer.listing, Want(offer.listing, offer.minimum + offer.step * min(steps, 2_000)))
    return list(chosen.values()), half


def _fund_source(rng: Random, kind: str) -> str | None:
    if kind in ("company", "supermarket", "trader"):
        return rng.choice((None, "union", "other"))
    if kind == "union":
        return "union"
    return rng.choices(("canteen", "union", "other"), weights=(70, 24, 6))[0]


def plans(buyers: Sequence[Buyer], offers: Sequence[Offer]) -> list[Plan]:
    """Return every procurement in time order."""
    opening = min(offer.since for offer in offers)
    halves = halve(offer.county for offer in offers)
    first_market = _Market.of([offer for offer in offers if offer.since == opening], halves)
    whole_market = _Market.of(offers, halves)
    made = []
    for number, at in enumerate(instants(), start=1):
        rng = draw(number, "plan")
        buyer = rng.choice(buyers)
        fate = rng.choices(
            ("normal", "declined", "lapsed", "cancelled_by_buyer", "cancelled_by_producer"),
            weights=(920, 22, 13, 30, 15),
        )[0]
        pay_first = rng.random() < (0.35 if buyer.kind in ("company", "supermarket") else 0.08)
        wants, half = _wants(rng, buyer, first_market if at < FIRST_SUMMER else whole_market)
        made.append(
            Plan(
                number=number,
                at=at,
                buyer=buyer.place,
                wants=tuple(wants),
                fund_source=_fund_source(rng, buyer.kind),
                payment_mode="pay_first" if pay_first else "goods_first",
                fate=fate,
                half=half,
            )
        )
    return made
