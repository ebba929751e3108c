"""The basket: always today's prices, and nothing lost."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text

from orders.purchase import basket
from shop.db import db, transaction
from shop.errors import Forbidden
from shop.money import Measure
from tests.conftest import NOON, count
from tests.purchase.world import World, make_world


@pytest.fixture
def world(session) -> World:
    return make_world(listings=2)


def put(world, n, quantity, *, add=False):
    with transaction():
        basket.put_line(world.listings[n].public_id, Measure(Decimal(quantity)), actor=world.buyer, at=NOON, add=add)


def test_adding_adds_and_setting_sets(world):
    put(world, 0, "5")
    put(world, 0, "3", add=True)
    put(world, 1, "1")
    put(world, 1, "2")

    lines = basket.view_basket(world.buyer, NOON).lines
    assert [line.wanted.quantity for line in lines] == [8, 2]


def test_the_price_is_todays_and_follows_the_tiers(world):
    put(world, 0, "99")
    assert basket.view_basket(world.buyer, NOON).total_fen == 198_000
    put(world, 0, "100")
    assert basket.view_basket(world.buyer, NOON).total_fen == 180_000

    with transaction():
        db.session.execute(text("UPDATE price_tiers SET price_fen = 1700 WHERE min_quantity = 100"))

    assert basket.view_basket(world.buyer, NOON).total_fen == 170_000


def test_what_cannot_be_ordered_says_why_and_is_not_lost(world):
    put(world, 0, "101")
    put(world, 1, "1")
    with transaction():
        db.session.execute(text("UPDATE listings SET status = 'paused' WHERE id = :id"), {"id": world.listings[1].id})

    shown = basket.view_basket(world.buyer, NOON)

    assert [[problem.code for problem in line.problems] for line in shown.lines] == [["out_of_stock"], ["unavailable"]]
    assert (shown.total_fen, shown.is_orderable) == (0, False)


def test_baskets_are_a_members_own(world):
    put(world, 0, "5")

    assert basket.view_basket(make_world().buyer, NOON).lines == []


def test_an_unknown_listing_a_draft_and_another_kind_of_organisation_are_refused(world):
    with transaction():
        db.session.execute(text("UPDATE listings SET status = 'draft' WHERE id = :id"), {"id": world.listings[0].id})

    with pytest.raises(basket.NoSuchListing):
        put(world, 0, "1")
    with pytest.raises(basket.NoSuchListing), transaction():
        basket.put_line(uuid4(), Measure(Decimal(1)), actor=world.buyer, at=NOON)
    with pytest.raises(Forbidden), transaction():
        basket.put_line(world.listings[1].public_id, Measure(Decimal(1)), actor=world.producer, at=NOON)
    assert count("basket_lines") == 0


def test_a_line_is_taken_out_and_all_are(world):
    put(world, 0, "1")
    put(world, 1, "1")

    with transaction():
        basket.remove_line(world.listings[0].public_id, actor=world.buyer)
    assert count("basket_lines") == 1
    with transaction():
        basket.empty_basket(world.buyer)
    assert count("basket_lines") == 0
