"""Builds the story's world before its first sale: people, producers, products, papers and the first lots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import select

from admin.demo import cast as casting
from admin.demo import shelf
from admin.demo.cast import BEGINNING, Body, Cast, Role
from admin.demo.halves import side_by_side
from admin.demo.plan import Buyer, Offer
from admin.demo.shelf import Sample
from catalog.papers import services as papers
from catalog.producers import services as producers
from catalog.producers.models import AgentMandate
from catalog.products import listings
from catalog.products.models import Listing, Product, Sku
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db, transaction
from shop.geo.models import AssistedCounty, Pairing
from shop.identity.models import Unit

#: What is told while it is built.
Tell = Callable[[str], None]
_IN_FORCE = date(2020, 1, 1)
_FIRST_MORNING = datetime(2020, 1, 1, 0, 0, tzinfo=UTC)
_DIRECTORY_ENDS = date(2021, 11, 30)
#: Which of the county's producers gave the agent a mandate.
_WITH_AGENT = (1, 2, 3)
#: Products of one transaction.
_PORTION = 25


@dataclass
class World:
    """The cast, what it sells, and what the plan draws from."""

    cast: Cast
    samples: list[Sample]
    #: What is on sale, with the key of its pack.
    stocked: list[tuple[Sample, int]]
    offers: list[Offer]
    listing_ids: dict[int, UUID]
    buyers: list[Buyer]
    units: dict[int, UUID]


def build(tell: Tell, samples: list[Sample]) -> World:
    """Make what is there at the beginning, and return the world; a second call only looks it up."""
    return grow(tell, samples, BEGINNING)


def grow(tell: Tell, samples: list[Sample], at: datetime) -> World:
    """Bring to market, with their makers, what joins at ``at`` and is not there; return the world as it is then.

    By two processes, in portions, each in a transaction of its own.
    """
    counties = shelf.maker_counts([sample.row for sample in samples])
    joining = [sample for sample in samples if sample.joins_at == at]
    everyone = casting.roles(counties)
    later = {sample.maker for sample in samples} - {sample.maker for sample in joining}
    keys = sorted({role.key for role in everyone} - later)
    side_by_side(lambda half, _is_there: _enrol(everyone, keys[half::2], at))
    with transaction():
        everybody = casting.assemble(everyone, at=at, only=())
        _give_mandates(everybody, at)
    tell(f"{len(everybody.organisations)} organisations")
    made = _sold(samples)
    new = [sample for sample in joining if sample.row["name_zh"] not in made]
    makers = sorted({sample.maker for sample in new})
    by_half = [[sample for sample in new if sample.maker in makers[half::2]] for half in (0, 1)]
    side_by_side(lambda half, _is_there: _bring_portions(everybody, by_half[half], at))
    tell(f"{len(made) + len(new)} products")
    return look_up(everybody, samples)


def _give_mandates(everybody: Cast, at: datetime) -> None:
    """Let the county's supply co-op act for three of its producers, from the day they are there; once each."""
    agent = everybody.organisations["agent:620421"]
    given = set(db.session.scalars(select(AgentMandate.producer_id).where(AgentMandate.agent_id == agent.id)))
    for place in _WITH_AGENT:
        key = f"case_seller:{place}"
        producer = everybody.organisations[key]
        if producer.id not in given:
            producers.give_mandate(producer.id, agent.id, everybody.first(key), valid_from=business_day(at))


def _enrol(everyone: Sequence[Role], keys: Sequence[str], at: datetime) -> None:
    with transaction():
        shelf.register_producers(casting.assemble(everyone, at=at, only=keys), keys)


def _bring_portions(everybody: Cast, samples: Sequence[Sample], at: datetime) -> None:
    for start in range(0, len(samples), _PORTION):
        with transaction():
            _bring_to_market(everybody, samples[start : start + _PORTION], at)


def _sold(samples: list[Sample]) -> dict[str, tuple[int, int, UUID, UUID]]:
    """Return by name what the story sells already: keys of pack and listing, and their public identifiers."""
    rows = db.session.execute(
        select(Product.name, Sku.id, Listing.id, Listing.public_id, Product.public_id)
        .join(Sku, Sku.product_id == Product.id)
        .join(Listing, Listing.sku_id == Sku.id)
        .where(Product.is_demo, Product.name.in_([sample.row["name_zh"] for sample in samples]))
    )
    return {name: (sku, listing, public, product) for name, sku, listing, public, product in rows}


def _bring_to_market(everybody: Cast, portion: Sequence[Sample], at: datetime) -> None:
    """Draft products, hand in and decide their papers, fill the first lots, publish."""
    stocked = shelf.stock_products(everybody, portion, at=at)
    for sample, product, _sku, _listing in stocked:
        _certify(everybody, sample, product, at=at)
    shelf.harvest(everybody, [(sample, sku.id) for sample, _, sku, _ in stocked], year=2020, at=at)
    opens = max(at, _FIRST_MORNING)
    for sample, _product, _sku, listing in stocked:
        listings.publish_listing(listing, everybody.first(sample.maker), at=opens)


def _certify(everybody: Cast, sample: Sample, product: Product, *, at: datetime) -> None:
    actor, operator = everybody.first(sample.maker), everybody.second("operator")
    serial, county = sample.serial, sample.row["county_code"]
    bases = (
        ("national_directory", "国家名录（演示）", date(2019, 12, 1), _DIRECTORY_ENDS),
        ("county_recommendation", "县级推荐（演示）", _IN_FORCE, None),
    )
    for scheme, issuer, since, until in bases:
        if scheme == "national_directory" and serial % 3:
            continue
        new = papers.NewBasis(product.public_id, scheme, county, issuer, f"演示-{county}-{serial:04d}", since, until)
        paper = papers.submit_eligibility(new, actor, at=at, evidence_file_id=None, is_demo=True)
        _decide("eligibility", paper.public_id, operator, at)
    if sample.row["gi"] == "yes":
        certificate = papers.NewCertificate(
            "geographical_indication", "演示发证机关", f"演示-GI-{serial:04d}", sample.row["name_zh"], date(2019, 12, 1),
            product=product.public_id,
        )  # fmt: skip
        held = papers.submit_certificate(certificate, actor, at=at, evidence_file_id=None, is_demo=True)
        _decide("certificate", held.public_id, operator, at)


def _decide(kind: str, public_id: UUID, operator: Actor, at: datetime) -> None:
    papers.decide_paper(kind, public_id, operator, is_approved=True, reason="演示数据", at=at)


def look_up(everybody: Cast, samples: list[Sample]) -> World:
    """Return the world as it stands in the database."""
    sold = _sold(samples)
    on_sale = [sample for sample in samples if sample.row["name_zh"] in sold]
    return World(
        cast=everybody,
        samples=samples,
        stocked=[(sample, sold[sample.row["name_zh"]][0]) for sample in on_sale],
        offers=shelf.plan_offers(samples),
        listing_ids={sample.serial: sold[sample.row["name_zh"]][2] for sample in on_sale},
        buyers=_buyers(everybody),
        units=_root_units(everybody),
    )


def _buyers(everybody: Cast) -> list[Buyer]:
    found = []
    for place in range(casting.INSTITUTIONS):
        organisation = everybody.organisations[f"institution:{place}"]
        kind = str(organisation.institution_type)
        found.append(Buyer(place, kind, casting.SCALES[kind], _partners(organisation)))
    return found


def _partners(organisation: Body) -> tuple[str, ...]:
    """Return the assisted counties inside the western ends paired with the organisation's division."""
    ends = db.session.scalars(
        select(Pairing.west_code).where(
            Pairing.east_code == organisation.division_code, Pairing.valid_from.is_not(None), Pairing.valid_to.is_(None)
        )
    ).all()
    rows = db.session.scalars(
        select(AssistedCounty.code)
        .where(
            AssistedCounty.division_code.in_(ends)
            | AssistedCounty.prefecture_code.in_(ends)
            | AssistedCounty.province_code.in_(ends)
        )
        .order_by(AssistedCounty.code)
    )
    return tuple(rows)


def _root_units(everybody: Cast) -> dict[int, UUID]:
    keys = {everybody.organisations[f"institution:{place}"].id: place for place in range(casting.INSTITUTIONS)}
    rows = db.session.execute(
        select(Unit.organisation_id, Unit.public_id).where(Unit.is_root, Unit.organisation_id.in_(keys))
    )
    return {keys[organisation_id]: public_id for organisation_id, public_id in rows}
