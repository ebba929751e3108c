"""The 14 digits of a SKU."""

import biip
import pytest
from biip.rcn import Rcn, RcnUsage
from sqlalchemy import func, select

from catalog.products import numbers
from catalog.products import services as products
from catalog.products.models import Sku
from shop.db import db, transaction
from tests import factories as make

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def producer():
    with transaction():
        return make.make_producer()


@pytest.fixture
def sku(producer):
    with transaction():
        return make.make_sku(make.make_product(producer), producer)


def test_goods_without_a_gtin_have_a_number_for_use_inside_one_company():
    read = biip.parse(numbers.own_number(42)).gtin

    assert numbers.own_number(42) == "00400000000428"
    assert isinstance(read, Rcn)
    assert (read.usage, read.check_digit) == (RcnUsage.COMPANY, 8)


@pytest.mark.parametrize("key", [0, -1, 9 * 10**9])
def test_a_key_that_does_not_fit_has_no_number(key):
    with pytest.raises(ValueError, match="from 1 to 8999999999"):
        numbers.own_number(key)
    with pytest.raises(ValueError, match="from 1 to 999999999"):
        numbers.product_number(key)


def test_a_product_before_it_is_packed_has_a_number_of_its_own_too(sku, producer):
    number = numbers.product_number(sku.product_id)

    read = biip.parse(number).gtin
    assert read is not None
    assert read.value == number
    assert numbers.product_number(42) == "00490000000429"
    assert numbers.sku_of(number) is None
    assert numbers.owners_of([number, numbers.own_number(sku.id), numbers.product_number(sku.product_id + 1)]) == {
        number: producer.organisation_id, numbers.own_number(sku.id): producer.organisation_id
    }  # fmt: skip


def test_the_number_finds_the_goods(sku):
    assert numbers.trade_number(sku.id, sku.gtin) == numbers.own_number(sku.id)
    assert numbers.sku_of(numbers.own_number(sku.id)) == sku.id


def test_a_gtin_is_the_number_of_goods_that_have_one(producer):
    with transaction():
        sku = make.make_sku(make.make_product(producer), producer, gtin="6901234567892")

    assert numbers.trade_number(sku.id, sku.gtin) == "06901234567892"
    assert numbers.sku_of("06901234567892") == sku.id


def test_other_digits_find_nothing(sku):
    wrong = numbers.own_number(sku.id)[:-1] + "x"
    found = [
        numbers.sku_of(each) for each in ("00400000000000", "06901234567892", wrong, numbers.own_number(sku.id + 1))
    ]

    assert found == [None] * 4


def test_a_number_for_use_inside_one_company_is_no_gtin(producer):
    with transaction():
        product = make.make_product(producer)

    with pytest.raises(products.BadProduct), transaction():
        make.make_sku(product, producer, gtin="0400000000428")
    assert db.session.scalar(select(func.count(Sku.id))) == 0
