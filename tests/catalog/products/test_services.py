"""Products and packs."""

import pytest
from sqlalchemy import text

from catalog.products import services as products
from catalog.products.words import make_query, make_search_words
from shop.db import db, transaction
from tests import factories as make
from tests.conftest import NOON, count


@pytest.fixture
def producer(session):
    with transaction():
        return make.make_producer()


def find(typed):
    rows = db.session.execute(
        text("SELECT name FROM products WHERE search @@ cast(:terms AS tsquery) ORDER BY id"),
        {"terms": make_query(typed)},
    )
    return list(rows.scalars())


@pytest.mark.parametrize(
    "typed", ["枸杞", "靖远", "靖远枸杞", "靖遠枸杞", "gouqi", "gouq", "jygq", "wolfberry", "甘肃", "杞", "Wolf 靖远"]
)
def test_a_product_is_found_as_people_type_it(producer, typed):
    with transaction():
        make.make_product(producer, name="靖远枸杞", name_en="Jingyuan wolfberry")
        make.make_product(producer, name="会宁小米", category_code="0102", county_code="620422")

    assert find(typed)[0] == "靖远枸杞"
    assert "会宁小米" not in find("枸杞")


def test_nothing_to_look_for_is_no_query():
    assert make_query(" ,。!'\\ & | ") is None
    assert make_query("a'b & (c") == "'a':* & 'b':* & 'c':*"
    assert make_search_words("普安红茶", "Pu'an") == make_search_words("普安红茶", "Pu'an")


def test_a_renamed_product_is_found_by_its_new_name(producer):
    with transaction():
        product = make.make_product(producer)
        products.edit_product(product, products.NewProduct("0605", "620421", "黑枸杞"), producer)

    assert find("黑枸杞") == ["黑枸杞"]
    assert find("靖远枸杞") == ["黑枸杞"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"category_code": "06"}, "category_code"),
        ({"category_code": "9999"}, "category_code"),
        ({"county_code": "110101"}, "county_code"),
        ({"kind": "x"}, "kind"),
    ],
)
def test_a_product_that_makes_no_sense_is_refused(producer, changes, field):
    with pytest.raises(products.BadProduct) as refusal, transaction():
        make.make_product(producer, **changes)

    assert refusal.value.members["errors"][0]["pointer"] == f"#/{field}"
    assert count("products") == 0


def test_another_producers_product_is_not_there(producer):
    with transaction():
        product = make.make_product(producer)
        other = make.make_producer()

    with pytest.raises(products.NoSuchProduct):
        products.get_own_product(product.public_id, other, at=NOON)


def test_the_origin_is_fixed_once_there_are_papers(producer):
    with transaction():
        product = make.make_product(producer)

    with pytest.raises(products.OriginFixed), transaction():
        products.edit_product(product, products.NewProduct("0605", "620422", "枸杞"), producer)

    db.session.refresh(product)
    assert product.county_code == "620421"


def test_a_gtin_is_checked_and_unique(producer):
    with transaction():
        product = make.make_product(producer)
        sku = make.make_sku(product, producer, gtin="6901234567892")

    assert sku.gtin == "06901234567892"
    with pytest.raises(products.BadProduct), transaction():
        make.make_sku(product, producer, gtin="6901234567890")
    with pytest.raises(products.GtinTaken), transaction():
        make.make_sku(product, producer, gtin="06901234567892")
