"""What each made-up procurement will be, drawn from the seed alone: who buys what, when, and what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def _wants(rng: Random, buyer: Buyer, offers: Sequence[Offer], by_county: Mapping[str, Sequence[Offer]]) -> list[Want]:
    near = [offer for county in buyer.partners for offer in by_county.get(county, ())]
    chosen: dict[int, Want] = {}
    first = rng.choice(near) if near and rng.random() < 0.7 else rng.choice(offers)  # noqa: PLR2004  seven of ten
    same = [offer for offer in by_county[first.county] if offer.maker == first.maker]
    for place in range(rng.choices((1, 2, 3, 4), weights=(64, 22, 9, 5))[0]):
        others = same if rng.random() < 0.6 else near or offers  # noqa: PLR2004  six of ten more from the same producer
        offer = first if place == 0 else rng.choice(others)
        budget_fen = rng.randint(2_000_00, 18_000_00) * buyer.scale
        steps = max(0, (budget_fen // offer.price_fen - int(offer.minimum)) // max(1, int(offer.step)))
        chosen.setdefault(offer.listing, Want(offer.listing, offer.minimum + offer.step * min(steps, 2_000)))
    return list(chosen.values())


def _by_county(offers: Sequence[Offer]) -> dict[str, list[Offer]]:
    found: dict[str, list[Offer]] = {}
    for offer in offers:
        found.setdefault(offer.county, []).append(offer)
    return found


def _fund_source(rng: Random, kind: str) -> str | None:
    if kind in ("company", "supermarket", "trader"):
        return rng.choice((None, "union", "other"))
    if kind == "union":
        return "union"
    return rng.choices(("canteen", "union", "other"), weights=(70, 24, 6))[0]


def plans(buyers: Sequence[Buyer], offers: Sequence[Offer]) -> list[Plan]:
    """Return every procurement in time order."""
    opening = min(offer.since for offer in offers)
    early = [offer for offer in offers if offer.since == opening]
    first_market, whole_market = _by_county(early), _by_county(offers)
    made = []
    for number, at in enumerate(instants(), start=1):
        rng = draw(number, "plan")
        buyer = rng.choice(buyers)
        fate = rng.choices(
            ("normal", "declined", "lapsed", "cancelled_by_buyer", "cancelled_by_producer"),
            weights=(920, 22, 13, 30, 15),
        )[0]
        pay_first = rng.random() < (0.35 if buyer.kind in ("company", "supermarket") else 0.08)
        made.append(
            Plan(
                number=number,
                at=at,
                buyer=buyer.place,
                wants=tuple(
                    _wants(rng, buyer, early, first_market)
                    if at < FIRST_SUMMER
                    else _wants(rng, buyer, offers, whole_market)
                ),
                fund_source=_fund_source(rng, buyer.kind),
                payment_mode="pay_first" if pay_first else "goods_first",
                fate=fate,
            )
        )
    return made
