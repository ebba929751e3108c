"""Products and packs."""

from datetime import date

import pytest
from sqlalchemy import text

from catalog.papers import services as papers
from catalog.products import services as products
from catalog.products.words import make_query, make_search_words
from shop.db import db, transaction
from shop.files import services as files
from tests import factories as make
from tests.conftest import NOON, count
from tests.payments.test_races import at_once


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
        product = make.make_product(producer, is_eligible=False)
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


@pytest.mark.parametrize("status", ["pending", "in_force", "revoked"])
@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": "羊肉", "category_code": "0801"}, ["#/name", "#/category_code"]),
        ({"kind": "service"}, ["#/kind"]),
        ({"name": "靖远黑枸杞"}, ["#/name"]),
    ],
)
def test_a_recognised_product_does_not_become_another_one(producer, status, changes, fields):
    with transaction():
        product = make.make_product(producer, is_eligible=False)
        ends = {"valid_to": date(2026, 1, 1)} if status == "revoked" else {}
        make.make_eligibility(product, status=status, **ends)
    same = {"category_code": "0605", "county_code": "620421", "name": "靖远枸杞"}

    with pytest.raises(products.RecognisedProduct) as refusal, transaction():
        products.edit_product(product, products.NewProduct(**{**same, **changes}), producer)

    assert [error["pointer"] for error in refusal.value.members["errors"]] == fields
    db.session.refresh(product)
    assert (product.name, product.category_code, product.kind) == ("靖远枸杞", "0605", "farm")
    with transaction():
        products.edit_product(product, products.NewProduct(**same, name_en="Wolfberry", description="新货"), producer)
    assert (product.name_en, product.description) == ("Wolfberry", "新货")


def test_a_refused_paper_fixes_nothing_but_the_origin(producer):
    with transaction():
        product = make.make_product(producer, is_eligible=False)
        make.make_eligibility(product, status="refused")

    with transaction():
        products.edit_product(product, products.NewProduct("0605", "620421", "黑枸杞"), producer)

    assert product.name == "黑枸杞"


@pytest.mark.committed
def test_papers_handed_in_while_a_product_changes_are_of_what_it_then_is(committed_app):
    with transaction():
        producer = make.make_producer()
        product = make.make_product(producer, is_eligible=False)
        paper = files.store(b"%PDF-1.7\n%%EOF\n", "推荐.pdf", producer)
        db.session.flush()
        file_id, key = paper.id, product.public_id
    new = papers.NewBasis(
        product=key, scheme="county_recommendation", county_code="620421", issuer="靖远县", number="R-1",
        valid_from=date(2026, 1, 1), valid_to=None,
    )  # fmt: skip

    def hand_in():
        papers.submit_eligibility(new, producer, at=NOON, evidence_file_id=file_id)

    def change():
        own = products.get_own_product(key, producer, at=NOON)
        products.edit_product(own, products.NewProduct("0801", "620421", "羊肉"), producer)

    outcomes = at_once(committed_app, hand_in, change)

    assert outcomes in ([None, None], [None, products.RecognisedProduct])
    with transaction():
        name = db.session.scalar(text("SELECT name FROM products"))
        assert name == ("靖远枸杞" if outcomes[1] else "羊肉")


def test_a_gtin_is_checked_and_unique(producer):
    with transaction():
        product = make.make_product(producer)
        sku = make.make_sku(product, producer, gtin="6901234567892")

    assert sku.gtin == "06901234567892"
    with pytest.raises(products.BadProduct), transaction():
        make.make_sku(product, producer, gtin="6901234567890")
    with pytest.raises(products.GtinTaken), transaction():
        make.make_sku(product, producer, gtin="06901234567892")
