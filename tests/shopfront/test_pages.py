"""The public pages and the shop's API."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from catalog.papers.models import Certificate
from catalog.products.offers import Tier
from catalog.shopfront.labels import per_half_kilo_fen
from shop.db import db, transaction
from tests.factories import make_listing, make_member, make_producer, make_product

HUINING = "620422"


@pytest.fixture
def wolfberry(session):
    """Wolfberries of Jingyuan at 20.00 yuan a bag, 100 bags in stock."""
    with transaction():
        return make_listing()


def titles(client, query=""):
    answer = client.get(f"/api/v1/shop/listings?{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [item["title"] for item in answer.json["items"]]


def add_listing(name, **changes):
    with transaction():
        producer = make_producer(changes.pop("county", "620421"))
        product = make_product(producer, name=name, county_code=producer_county(producer), **changes.pop("product", {}))
        return make_listing(producer, product=product, title=name, **changes)


def producer_county(actor):
    statement = text("SELECT county_code FROM producers WHERE organisation_id = :id")
    return db.session.execute(statement, {"id": actor.organisation_id}).scalar_one()


def test_the_list_shows_price_place_and_eligibility(client, wolfberry):
    page = client.get("/products").get_data(as_text=True)
    assert wolfberry.title in page
    assert "20.00" in page
    assert "甘肃省 靖远县" in page
    assert "县级推荐" in page
    assert "共 1 种" in page


@pytest.mark.parametrize("query", ["枸杞", "gouqi", "GouQi", "枸杞 靖遠", "靖遠枸杞", "枸杞子".removesuffix("子")])
def test_goods_are_found_in_either_script_and_in_pinyin(client, wolfberry, query):
    add_listing("静宁苹果", product={"category_code": "0501"})
    assert titles(client, f"q={query}") == [wolfberry.title]


def test_goods_are_found_by_their_english_name(client, wolfberry):
    with transaction():
        producer = make_producer()
        product = make_product(producer, name="会宁小米", name_en="Huining millet", category_code="0102")
        make_listing(producer, product=product, title="会宁小米")
    assert titles(client, "q=millet") == ["会宁小米"]
    assert titles(client, "q=wolfberry") == [wolfberry.title]


def test_each_filter_narrows_the_list(client, wolfberry):
    other = add_listing("会宁胡麻油", county=HUINING, product={"category_code": "1101"})
    assert titles(client, f"county={HUINING}") == [other.title]
    assert titles(client, "county=620421") == [wolfberry.title]
    assert titles(client, "category=06") == [wolfberry.title]
    assert titles(client, "category=1101") == [other.title]
    assert titles(client, "province=620000&sort=name") == [other.title, wolfberry.title]
    assert titles(client, "province=520000") == []
    assert titles(client, "scheme=association") == []
    assert set(titles(client, "scheme=county_recommendation")) == {wolfberry.title, other.title}
    assert set(titles(client, "partner=120101")) == {wolfberry.title} | set(
        titles(client, f"partner=120101&county={HUINING}")
    )


def test_a_certificate_narrows_by_scheme_and_day(client, wolfberry):
    with transaction():
        product_id = db.session.execute(
            text("SELECT product_id FROM skus WHERE id = :id"), {"id": wolfberry.sku_id}
        ).scalar_one()
        db.session.add(
            Certificate(
                producer_id=wolfberry.producer_id, product_id=product_id, scheme="organic", issuer="中绿华夏", number="1",
                scope="枸杞 300 亩", status="in_force", valid_from=date(2026, 1, 1), valid_to=date(2026, 7, 15),
            )
        )  # fmt: skip
    assert titles(client, "certificate=organic") == [wolfberry.title]
    assert titles(client, "certificate=green_food") == []
    page = client.get(f"/products/{wolfberry.public_id}").get_data(as_text=True)
    assert "枸杞 300 亩" in page
    assert "2026-01-01 至 2026-07-15" in page.replace("  ", " ")


def test_what_is_not_eligible_today_is_not_listed_and_says_why(client, wolfberry):
    with transaction():
        db.session.execute(text("UPDATE eligibility_bases SET valid_to = DATE '2026-07-14'"))
    assert titles(client) == []
    page = client.get(f"/products/{wolfberry.public_id}").get_data(as_text=True)
    assert "没有有效的帮扶产品认定" in page


def test_pages_follow_each_other_without_gap_or_repeat(client, session):
    with transaction():
        producer = make_producer()
        for n in range(7):
            product = make_product(producer, name=f"枸杞{n}")
            make_listing(producer, product=product, title=f"枸杞{n}", tiers=(Tier(Decimal(1), 1000 + n // 2),))
    for sort in ("new", "price", "name"):
        seen, cursor = [], ""
        while True:
            answer = client.get(f"/api/v1/shop/listings?limit=3&sort={sort}&cursor={cursor}").json
            seen += [item["title"] for item in answer["items"]]
            assert answer["count"] == 7
            cursor = answer["next"]
            if not cursor:
                break
        assert sorted(seen) == [f"枸杞{n}" for n in range(7)]


def test_the_list_can_be_sorted_by_price(client, wolfberry):
    cheap = add_listing("会宁小米", tiers=(Tier(Decimal(1), 900),))
    assert titles(client, "sort=price") == [cheap.title, wolfberry.title]


def test_a_listing_shows_tiers_stock_lots_and_half_kilo_price(client, wolfberry):
    page = client.get(f"/products/{wolfberry.public_id}").get_data(as_text=True)
    assert "≥ 100" in page
    assert "18.00" in page
    assert "100 袋" in page
    assert "2026-07-01" in page
    assert "R" in page
    assert 'href="/counties/620421"' in page


def test_the_api_shows_the_same_listing(client, wolfberry):
    shown = client.get(f"/api/v1/shop/listings/{wolfberry.public_id}").json
    assert shown["id"] == str(wolfberry.public_id)
    assert shown["tiers"][0]["price"] == {"amount": "20.00", "currency": "CNY"}
    assert shown["tiers"][1]["price_per_500_g"] == {"amount": "18.00", "currency": "CNY"}
    assert shown["free"] == {"value": "100.000", "unit": "bag"}
    assert shown["eligibility_bases"][0]["issuer"] == "靖远县乡村振兴局"
    assert shown["certificates"] == []
    assert shown["refusal"] == ""


def test_a_draft_is_not_there(client, session):
    with transaction():
        draft = make_listing(status="draft")
    assert client.get(f"/products/{draft.public_id}").status_code == 404
    assert client.get(f"/api/v1/shop/listings/{draft.public_id}").status_code == 404
    assert titles(client) == []


@pytest.mark.parametrize(
    "query", ["sort=random", "county=x", "partner=12010", "category=abc", "cursor=zzz", "scheme=none"]
)
def test_a_filter_that_cannot_be_is_refused(client, session, query):
    assert client.get(f"/products?{query}").status_code == 422
    assert client.get(f"/api/v1/shop/listings?{query}").status_code == 422


@pytest.mark.parametrize("query", ["q='%26!", "q=<script>alert(1)</script>", "q=%F0%9F%8D%8E", "q=" + "长" * 500])
def test_odd_searches_find_nothing_and_do_no_harm(client, wolfberry, query):
    answer = client.get(f"/products?{query}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.get_data(as_text=True)


def test_an_empty_list_names_the_next_step(client, session):
    page = client.get("/products?q=没有的东西").get_data(as_text=True)
    assert "没有符合条件的商品" in page
    assert 'href="/products">查看全部商品' in page


def test_only_who_may_buy_sees_the_basket(client, login, wolfberry):
    path = f"/products/{wolfberry.public_id}"
    assert "加入采购清单" not in client.get(path).get_data(as_text=True).replace("采购单位登录后可以加入采购清单", "")
    buyer = make_member("institution", "institution_requester")
    page = login(buyer).get(path).get_data(as_text=True)
    assert 'action="/desk/basket"' in page
    assert f'name="listing_id" value="{wolfberry.public_id}"' in page
    assert 'name="quantity"' in page


def test_the_home_page_puts_partner_counties_first(client, login, wolfberry):
    assert "的对口县" not in client.get("/").get_data(as_text=True)
    page = login(make_member("institution")).get("/").get_data(as_text=True)
    assert "和平区的对口县" in page
    assert page.index("和平区的对口县") < page.index(wolfberry.title)


def test_the_home_page_names_what_is_in_season(client, wolfberry):
    page = client.get("/").get_data(as_text=True)
    assert "当季新产" in page
    assert "干果坚果" in page


def test_the_pages_exist_in_english(client, wolfberry):
    page = client.get("/products?lang=en").get_data(as_text=True)
    assert '<html lang="en">' in page


def test_pages_stay_small(client, session):
    with transaction():
        producer = make_producer()
        for n in range(24):
            product = make_product(producer, name=f"靖远枸杞特级{n}")
            make_listing(producer, product=product)
    assert len(client.get("/products").data) < 60_000


def test_prices_of_half_a_kilo_are_rounded_half_up():
    assert per_half_kilo_fen(1000, 500) == 1000
    assert per_half_kilo_fen(1001, 1000) == 501
    assert per_half_kilo_fen(1000, 300) == 1667
    assert per_half_kilo_fen(1000, None) is None


def test_the_least_order_is_a_multiple_of_the_step(client, login, session):
    with transaction():
        producer = make_producer()
        listing = make_listing(producer, tiers=(Tier(Decimal(6), 2000),), step_quantity=Decimal(2))
    page = login(make_member("institution")).get(f"/products/{listing.public_id}").get_data(as_text=True)
    assert 'min="6" step="2" value="6"' in page
