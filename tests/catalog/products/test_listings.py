"""Offers: prices by quantity, and only of products that are eligible today."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from catalog.products import listings
from catalog.products.listings import Terms
from catalog.products.models import Sku
from catalog.products.offers import QuantityNotOffered, Tier, price_for
from catalog.products.queries import list_offers, list_offers_by_public_id
from shop.db import db, transaction
from tests import factories as make
from tests.conftest import NOON, count

TODAY = date(2026, 7, 15)


@pytest.fixture
def producer(session):
    with transaction():
        return make.make_producer()


def tiers(*pairs):
    return tuple(Tier(Decimal(quantity), price) for quantity, price in pairs)


def draft(producer, *, is_eligible=True, **changes):
    with transaction():
        product = make.make_product(producer, is_eligible=is_eligible)
        return make.make_listing(producer, product=product, status="draft", **changes)


def publish(listing, producer, at=NOON):
    with transaction():
        return listings.publish_listing(listing, producer, at=at)


def test_an_offer_has_all_that_an_order_freezes(producer):
    with transaction():
        listing = make.make_listing(producer)
        basis = make.make_eligibility(make.make_product(producer, is_eligible=False))
        expected = db.session.execute(
            text("SELECT id FROM eligibility_bases WHERE id <> :id"), {"id": basis.id}
        ).scalar_one()

    (offer,) = list_offers([listing.id, 999999], TODAY)

    assert (offer.title, offer.pack_spec, offer.unit, offer.tax_rate) == (
        "靖远枸杞 500 g/袋",
        "500 g/袋",
        "bag",
        "exempt",
    )
    assert (offer.county_code, offer.prefecture_code, offer.province_code) == ("620421", "620400", "620000")
    assert offer.tiers == tiers((1, 2000), (100, 1800))
    assert (offer.producer_id, offer.category_code, offer.kind) == (producer.organisation_id, "0605", "farm")
    assert offer.eligibility is not None
    assert (offer.eligibility.id, offer.eligibility.scheme, offer.eligibility.county_code) == (
        expected, "county_recommendation", "620421",
    )  # fmt: skip
    assert offer.is_orderable
    assert list_offers_by_public_id([listing.public_id], TODAY) == [offer]


def test_eligibility_is_that_of_the_day(producer):
    with transaction():
        product = make.make_product(producer, is_eligible=False)
        first = make.make_eligibility(product, valid_from=date(2019, 1, 1), valid_to=date(2026, 7, 15))
        second = make.make_eligibility(product, scheme="association", valid_from=date(2026, 8, 1))
        listing = make.make_listing(producer, product=product)

    def basis(on):
        offer = list_offers([listing.id], on)[0]
        return offer.eligibility and offer.eligibility.id

    assert basis(date(2018, 12, 31)) is None
    assert basis(TODAY) == first.id
    assert basis(TODAY + timedelta(days=1)) is None
    assert basis(date(2026, 8, 1)) == second.id
    assert "没有当日有效" in str(list_offers([listing.id], date(2026, 7, 16))[0].refusal)


@pytest.mark.parametrize("status", ["pending", "refused", "annulled", "withdrawn"])
def test_a_paper_that_does_not_hold_makes_nothing_eligible(producer, status):
    with transaction():
        product = make.make_product(producer, is_eligible=False)
        make.make_eligibility(product, status=status)
        listing = make.make_listing(producer, product=product, status="draft")

    assert list_offers([listing.id], TODAY)[0].eligibility is None
    with pytest.raises(listings.NotEligible):
        publish(listing, producer)
    assert listing.status == "draft"


def test_the_price_follows_the_quantity(producer):
    listing = draft(producer, tiers=tiers((10, 2000), (100, 1800), (1000, 1500)), step_quantity=Decimal(5))
    offer = list_offers([listing.id], TODAY)[0]

    prices = [price_for(offer, Decimal(quantity)) for quantity in (10, 95, 100, 995, 1000, 5000)]

    assert prices == [2000, 2000, 1800, 1800, 1500, 1500]
    for refused in ("5", "12", "10.5"):
        with pytest.raises(QuantityNotOffered):
            price_for(offer, Decimal(refused))


def test_publishing_says_why_a_product_cannot_be_listed(producer):
    listing = draft(producer, is_eligible=False)
    product = db.session.execute(
        text("SELECT product_id FROM skus WHERE id = :id"), {"id": listing.sku_id}
    ).scalar_one()

    with pytest.raises(listings.NotEligible, match="先提交认定"):
        publish(listing, producer)
    with transaction():
        db.session.execute(
            text("""INSERT INTO eligibility_bases (public_id, product_id, scheme, county_code, issuer, number, status, valid_from)
                    VALUES (gen_random_uuid(), :id, 'association', '620421', 'x', 'x', 'pending', '2026-01-01')"""),
            {"id": product},
        )
    with pytest.raises(listings.NotEligible, match="正在审核"):
        publish(listing, producer)

    assert listing.status == "draft"


def test_an_offer_is_published_paused_and_delisted(producer):
    listing = draft(producer)

    publish(listing, producer)
    with transaction():
        listings.pause_listing(listing, producer, at=NOON)
    publish(listing, producer)
    with transaction():
        listings.delist_listing(listing, producer, at=NOON)

    assert listing.status == "delisted"
    with pytest.raises(listings.ListingState):
        publish(listing, producer)


def test_a_pack_has_one_open_offer(producer):
    listing = draft(producer)
    with transaction():
        sku = db.session.get_one(Sku, listing.sku_id)

    with pytest.raises(listings.SkuListed), transaction():
        make.make_listing(producer, sku=sku, stock="0", status="draft")
    with transaction():
        listings.delist_listing(listing, producer, at=NOON)
        make.make_listing(producer, sku=sku, stock="0", status="draft")

    assert count("listings") == 2


def test_new_tiers_replace_the_old(producer):
    listing = draft(producer)

    with transaction():
        held = listings.get_own_listing(listing.public_id, producer, at=NOON)
        terms = Terms("新题", tiers((2, 1900), (100, 1700)), step_quantity=Decimal(2))
        listings.edit_listing(held, terms, producer, at=NOON)

    offer = list_offers([listing.id], TODAY)[0]
    assert (offer.title, offer.min_quantity, offer.tiers) == ("新题", Decimal(2), tiers((2, 1900), (100, 1700)))
    assert offer.version == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"tiers": ()}, "tiers"),
        ({"tiers": tiers((1, 0))}, "tiers/0/price"),
        ({"tiers": tiers((0, 100))}, "tiers/0/min_quantity"),
        ({"tiers": tiers((10, 100), (10, 90))}, "tiers/1/min_quantity"),
        ({"tiers": tiers((10, 100), (20, 101))}, "tiers/1/price"),
        ({"tiers": tiers((10, 100)), "step_quantity": Decimal(3)}, "tiers/0/min_quantity"),
        ({"step_quantity": Decimal(0)}, "step_quantity"),
        ({"tax_rate": "0"}, "tax_rate"),
        ({"lead_days": 366}, "lead_days"),
    ],
)
def test_terms_that_make_no_sense_are_refused(changes, field):
    with pytest.raises(listings.BadListing) as refusal:
        listings.check_terms(Terms(**{"title": "枸杞", "tiers": tiers((1, 100)), **changes}))

    assert refusal.value.members["errors"][0]["pointer"] == f"#/{field}"


def test_the_daily_job_pauses_what_lost_its_eligibility(producer):
    with transaction():
        product = make.make_product(producer, is_eligible=False)
        make.make_eligibility(product, valid_to=TODAY)
        ending = make.make_listing(producer, product=product)
        lasting = make.make_listing(producer)

    with transaction():
        assert listings.pause_ineligible(TODAY, at=NOON) == []
        assert listings.pause_ineligible(TODAY + timedelta(days=1), at=NOON) == [ending.id]

    assert (ending.status, lasting.status) == ("paused", "listed")
