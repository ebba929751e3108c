"""Ordering again: one button fills the basket with what is still on sale, and says what is not and why."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select

from catalog.products import listings
from orders.purchase.models import BasketLine, Procurement
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests import factories
from tests.conftest import NOON, count
from tests.purchase.world import World, make_world


@pytest.fixture
def world(session) -> World:
    return make_world(listings=3)


def again(client, placed, **fields):
    data = {"idempotency_key": uuid4().hex, **fields}
    return client.post(f"/desk/procurements/{placed.public_id}/again", data=data)


def basket() -> dict[int, Decimal]:
    rows = db.session.execute(select(BasketLine.listing_id, BasketLine.quantity))
    return {row.listing_id: row.quantity for row in rows}


def test_what_is_on_sale_goes_into_the_basket_and_what_is_not_is_named(world, login):
    placed = world.place("10", "60", "5")
    with transaction():
        listings.delist_listing(world.listings[2], world.producer, at=NOON)
    client = login(world.buyer)

    answer = again(client, placed)

    assert basket() == {world.listings[0].id: Decimal(10)}
    assert answer.location == f"/desk/basket?again={placed.public_id}"
    page = client.get(answer.location).text
    assert "已按采购单" in page
    assert "加入 1 种商品" in page
    assert "有 2 种商品今日不能采购" in page
    assert "库存不足，余 40。" in page
    assert "200.00" in page


def test_what_lies_in_the_basket_stays_as_it_is(world, login):
    placed = world.place("10", "5")
    client = login(world.buyer)
    key = {"idempotency_key": uuid4().hex}
    client.post("/desk/basket", data={**key, "listing_id": str(world.listings[0].public_id), "quantity": "3"})

    again(client, placed)
    second = again(client, placed)

    assert basket() == {world.listings[0].id: Decimal(3), world.listings[1].id: Decimal(5)}
    assert second.location == "/desk/basket"
    assert "2 种已在采购清单中，未改动" in client.get(second.location).text


def test_finished_procurements_are_offered_on_the_first_screen(world, login):
    placed = world.place("10")
    client = login(world.buyer)
    assert 'id="again"' not in client.get("/desk").text
    with transaction():
        db.session.scalars(select(Procurement)).one().status = "completed"

    page = client.get("/desk").text

    assert f'action="/desk/procurements/{placed.public_id}/again"' in page
    assert (
        f'action="/desk/procurements/{placed.public_id}/again"'
        in client.get(f"/desk/procurements/{placed.public_id}").text
    )


def test_another_organisation_s_procurement_is_not_there_to_order_again(world, login):
    placed, other = world.place("10"), make_world()
    client = login(other.buyer)

    assert again(client, placed).status_code == 404
    assert client.get(f"/desk/basket?again={placed.public_id}").status_code == 404
    assert client.get("/desk/basket?again=x").status_code == 404
    assert count("basket_lines") == 0


def test_approvers_see_what_a_procurement_costs(world, login):
    organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
    approver = factories.make_member("institution", "institution_approver", organisation=organisation)
    client = login(world.buyer)
    for listing, quantity in zip(world.listings, ("10", "7"), strict=False):
        data = {"idempotency_key": uuid4().hex, "listing_id": str(listing.public_id), "quantity": quantity}
        client.post("/desk/basket", data=data)
    head = {"act": "submit", "unit_id": str(world.unit_id), "fund_source": "union", "payment_mode": "goods_first"}
    client.post("/desk/checkout", data={"idempotency_key": uuid4().hex, **head})

    client = login(approver)

    assert ">340.00<" in client.get("/desk").text
    assert ">340.00<" in client.get("/desk/procurements").text
