"""What the story's producers sell: the 500 sample products with prices, papers and lots, all marked as demo data."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from sqlalchemy import select

from admin.demo import jingyuan
from admin.demo.cast import BEGINNING, Cast
from admin.demo.plan import Offer
from catalog.lots import services as lots
from catalog.producers import services as producers
from catalog.producers.models import Producer
from catalog.products import listings
from catalog.products import services as products
from catalog.products.models import Category, Listing, Product, Sku
from catalog.products.offers import Tier
from shop.db import db
from shop.money import parse_yuan

SAMPLES = Path(products.__file__).parent / "data" / "products_sample.csv"
_WEIGHT = re.compile(r"(\d+(?:\.\d+)?)\s*(kg|g)\b")
_MINIMUM = Decimal(5)
#: Three quarters of the products join when the first half year has gone well.
SECOND_WAVE = datetime(2020, 7, 20, 1, 0, tzinfo=UTC)
#: Quantity from which, and hundredths of the list price.
_TIERS = ((5, 100), (50, 97), (200, 94))
#: Units of a pack that come in with each year's lot.
_HARVEST = Decimal(30_000)
#: Everything keeps past the next harvest; real shelf lives are the producers' to enter.
_KEEPS = timedelta(days=420)
_JINGYUAN = {"靖远枸杞": 0, "靖远羊羔肉": 1, "靖远小口大枣": 2, "靖远日光温室黄瓜": 3, "靖远旱砂西瓜": 4}


@dataclass(frozen=True)
class Sample:
    """A row of the sample products, and who makes it in the story."""

    serial: int
    row: dict[str, str]
    maker: str

    @property
    def joins_at(self) -> datetime:
        """When it comes to market: with the first, or in the summer of 2020."""
        return BEGINNING if self.row["county_code"] == jingyuan.COUNTY or self.serial % 4 == 0 else SECOND_WAVE

    @property
    def price_fen(self) -> int:
        """The illustrative list price in fen."""
        return parse_yuan(self.row["price_cny"])

    @property
    def weight_g(self) -> int | None:
        """The net weight in grams if the pack says one."""
        found = _WEIGHT.search(self.row["package_spec"])
        if found is None or "-" in self.row["package_spec"]:
            return None
        return int(Decimal(found[1]) * (1000 if found[2] == "kg" else 1))


def read_samples() -> list[Sample]:
    """Return the 500 sample products with their makers: two producers in counties with many products."""
    with SAMPLES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    seen: defaultdict[str, int] = defaultdict(int)
    made = []
    counts = maker_counts(rows)
    for serial, row in enumerate(rows):
        county = row["county_code"]
        if county == jingyuan.COUNTY:
            maker = f"case_seller:{_JINGYUAN[row['name_zh']]}"
        else:
            maker = f"producer:{county}:{seen[county] % counts[county]}"
        seen[county] += 1
        made.append(Sample(serial, row, maker))
    return made


def maker_counts(rows: Sequence[dict[str, str]]) -> dict[str, int]:
    """Return how many producers each county has in the story; Jingyuan's are the case's."""
    per_county = Counter(row["county_code"] for row in rows)
    return {code: 1 + (n > 2) for code, n in per_county.items() if code != jingyuan.COUNTY}  # noqa: PLR2004


def register_producers(cast: Cast, keys: Sequence[str]) -> None:
    """Register the producers of those keys that are not there, with whom they help in 2020."""
    there = set(db.session.scalars(select(Producer.organisation_id)))
    for key in keys:
        organisation = cast.organisations[key]
        if organisation.kind != "producer" or organisation.id in there:
            continue
        county = jingyuan.COUNTY if key.startswith("case_seller") else key.split(":")[1]
        form = "cooperative" if str(organisation.credit_code).startswith("93") else "company"
        intro = "演示供应商：名称、证照与价格均为演示数据。"
        producers.register_producer(organisation.id, producers.ProducerFacts(form, county, intro), None)
        if key.startswith("case_seller"):
            _help_people(int(key.split(":")[1]), organisation.id)


def _help_people(place: int, producer_id: int) -> None:
    """Record the seller's part of the published 1,500 people."""
    persons = [f.people_helped for f in jingyuan.filings() if f.seller == place]
    new = producers.NewBenefit(jingyuan.COUNTY, 2020, "orders", "actual", sum(persons) * 2 // 7, sum(persons))
    producers.record_benefit(producer_id, new, None, at=BEGINNING, is_demo=True)


def stock_products(
    cast: Cast, samples: Sequence[Sample], *, at: datetime
) -> list[tuple[Sample, Product, Sku, Listing]]:
    """Draft each sample's product, pack and listing unless they are there; papers and lots come next."""
    paper = {c.code: c.origin_paper for c in db.session.scalars(select(Category))}
    made = []
    for sample in samples:
        actor = cast.first(sample.maker)
        row = sample.row
        new = products.NewProduct(
            row["category_code"], row["county_code"], row["name_zh"], row["name_en"],
            f"{row['name_zh']}。包装与价格为演示数据。",
        )  # fmt: skip
        product = products.create_product(actor.organisation_id, new, actor, at=at, is_demo=True)
        sku = products.create_sku(product, products.NewSku(row["package_spec"], row["unit"], sample.weight_g), actor)
        tiers = [Tier(Decimal(quantity), max(1, sample.price_fen * share // 100)) for quantity, share in _TIERS]
        rate = "exempt" if paper[row["category_code"]] == "commitment" else "9"
        terms = listings.Terms(f"{row['name_zh']} {row['package_spec']}", tiers, Decimal(1), 3, rate)
        made.append((sample, product, sku, listings.create_listing(sku, terms, actor, at=at)))
    return made


def harvest(cast: Cast, stocked: Iterable[tuple[Sample, int]], *, year: int, at: datetime) -> None:
    """Put the year's lot of each sample's pack in stock."""
    for sample, sku_id in stocked:
        rng = Random(f"harvest:{year}:{sample.serial}")  # noqa: S311  a story, not a secret
        produced = date(year - 1, 12, 1) - timedelta(days=rng.randint(0, 25))
        lot = lots.NewLot(
            sku_id, f"{year}{sample.serial:03d}", _HARVEST, produced, produced + _KEEPS, "演示批次"
        )  # fmt: skip
        lots.create_lot(lot, cast.first(sample.maker), at=at)


def plan_offers(samples: Sequence[Sample]) -> list[Offer]:
    """Return what the plan draws from: the facts of each sample, by its serial number."""
    return [
        Offer(
            sample.serial, sample.maker, sample.row["county_code"], _MINIMUM, Decimal(1), sample.price_fen,
            sample.joins_at,
        )
        for sample in samples
    ]  # fmt: skip
