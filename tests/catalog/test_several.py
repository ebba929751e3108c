"""Lists of the catalogue take several values of a filter, repeated or with commas, over the API and on pages."""

from __future__ import annotations

import pytest

from shop.db import db, transaction
from shop.filters import MOST
from tests import factories
from tests.factories import make_listing, make_lot, make_member, make_organisation, make_producer, make_product

JINGYUAN, HUINING, LIBO = "620421", "620422", "522722"


@pytest.fixture
def three(session):
    """One listing of a county each: wolfberries, oil, tea."""
    made = []
    goods = ((JINGYUAN, "靖远枸杞", "0605"), (HUINING, "会宁胡麻油", "1101"), (LIBO, "荔波绿茶", "0401"))
    with transaction():
        for county, name, category in goods:
            producer = make_producer(county)
            product = make_product(producer, name=name, county_code=county, category_code=category)
            made.append(make_listing(producer, product=product, title=name))
    return made


def titles(client, address, header=None):
    answer = client.get(address, headers=header)
    assert answer.status_code == 200, answer.text
    return sorted(item["title"] for item in answer.json["items"])


@pytest.mark.parametrize("path", ["/api/v1/shop/listings", "/api/v1/listings"])
def test_listings_of_several_counties_and_categories(client, three, path):
    for asked in (f"county={JINGYUAN}&county={LIBO}", f"county={LIBO},{JINGYUAN}", "category=0605,04"):
        assert titles(client, f"{path}?{asked}") == ["荔波绿茶", "靖远枸杞"], asked
    assert titles(client, f"{path}?county={JINGYUAN},{LIBO}&category=04,11") == ["荔波绿茶"]
    assert client.get(f"{path}?county={JINGYUAN},x").status_code == 422


def test_the_shop_shows_each_value_as_a_condition_of_its_own(client, three):
    page = client.get(f"/products?province=620000,520000&county={JINGYUAN},{LIBO}").text

    assert ("靖远枸杞" in page, "荔波绿茶" in page, "会宁胡麻油" in page) == (True, True, False)
    assert f'<a href="?province=520000%2C620000&amp;county={JINGYUAN}">县：荔波县' in page
    assert f'<option value="{LIBO},{JINGYUAN}" selected>' in page
    assert client.get(f"/products?county={JINGYUAN},abc").status_code == 422
    assert client.get(f"/products?county={','.join(str(620000 + n) for n in range(MOST + 1))}").status_code == 422


def test_producers_of_several_counties(client, three):
    answer = client.get(f"/api/v1/producers?county={JINGYUAN},{HUINING}").json

    assert [item["county_code"] for item in answer["items"]] == [JINGYUAN, HUINING]


def test_counties_of_several_provinces(client, three):
    def codes(provinces: str) -> set[str]:
        answer = client.get(f"/api/v1/counties?limit=100&q=县&key_county=yes,no&province={provinces}")
        return {one["code"] for one in answer.json["items"]}

    assert codes("620000,150000") == codes("620000") | codes("150000")
    assert codes("150000") != set()
    page = client.get("/counties?province=620000").text
    assert ("靖远县" in page, "荔波县" in page) == (True, False)


def test_lots_and_papers_in_several_states(client, bearer, login):
    with transaction():
        producer = make_producer()
        sku = factories.make_sku(make_product(producer), producer)
        for status in ("open", "closed", "recalled"):
            make_lot(sku, producer, lot_code=status).status = status
    header = bearer(producer)

    lots = client.get("/api/v1/lots?status=open,recalled", headers=header).json["items"]
    papers = client.get("/api/v1/eligibility-bases?status=in_force,refused", headers=header)

    assert [lot["code"] for lot in lots] == ["recalled", "open"]
    assert [paper["status"] for paper in papers.json["items"]] == ["in_force"]
    page = login(producer).get("/producer/lots?show=open,recalled").text
    assert ('">recalled</a>' in page, '">open</a>' in page, '">closed</a>' in page) == (True, True, False)


def test_organisations_of_several_kinds_and_states(client, bearer, login):
    with transaction():
        for kind in ("institution", "producer", "agent"):
            make_organisation(kind, name=f"某{kind}", is_verified=kind != "agent")
        operator = make_member("operator", "operator_reviewer")
    db.session.commit()

    found = client.get("/api/v1/organisations?kind=producer,agent&status=verified,unverified", headers=bearer(operator))
    page = login(operator).get("/operator/organisations?kind=agent&kind=producer&status=unverified").text

    assert {item["name"] for item in found.json["items"]} == {"某producer", "某agent"}
    assert ("某agent" in page, "某producer" in page, "某institution" in page) == (True, False, False)
