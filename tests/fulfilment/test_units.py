"""A quantity in another unit than the goods are counted in is refused: nothing of it is taken as the line's."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from orders.fulfilment.models import ShipmentItem
from orders.purchase import basket
from shop.db import db
from tests.conftest import NOON, count
from tests.purchase.world import World, make_world


@pytest.fixture
def world(session) -> World:
    return make_world()


def test_goods_are_not_accepted_or_rejected_in_another_unit(world, client, bearer):
    order = world.signed("10")
    shipment = world.ship(order, "10")
    item = db.session.scalars(select(ShipmentItem).where(ShipmentItem.shipment_id == shipment.id)).one()
    headers, path = bearer(world.buyer), f"/api/v1/orders/{order.public_id}/acceptances"

    def post(key: str, accepted: str, rejected: str) -> Any:
        one = {
            "shipment_item_id": str(item.public_id), "accepted": {"value": "6", "unit": accepted},
            "rejected": {"value": "4", "unit": rejected}, "reason": "破损",
        }  # fmt: skip
        return client.post(path, json={"items": [one]}, headers={**headers, "Idempotency-Key": key})

    answers = [post("a", "kg", "bag"), post("b", "bag", "kg"), post("c", "kg", "kg")]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert [[error["pointer"] for error in answer.json["errors"]] for answer in answers] == [
        ["#/items/0/accepted"], ["#/items/0/rejected"], ["#/items/0/accepted", "#/items/0/rejected"],
    ]  # fmt: skip
    assert (count("acceptances"), world.lines(order)[0].accepted, world.reload(order).accepted_at) == (0, 0, None)
    assert post("d", "bag", "bag").status_code == 201
    line = world.lines(order)[0]
    assert (line.accepted, line.rejected) == (6, 4)


def test_the_basket_takes_no_other_unit(world, client, bearer):
    headers, listing = bearer(world.buyer), str(world.listings[0].public_id)

    def put(unit: str, key: str) -> list[Any]:
        quantity = {"value": "12", "unit": unit}
        added = client.post(
            "/api/v1/basket/lines", json={"listing_id": listing, "quantity": quantity},
            headers={**headers, "Idempotency-Key": key},
        )  # fmt: skip
        return [added, client.put(f"/api/v1/basket/lines/{listing}", json={"quantity": quantity}, headers=headers)]

    refused = put("kg", "a")

    assert [answer.status_code for answer in refused] == [422, 422]
    assert [answer.json["type"] for answer in refused] == ["/problems/wrong-unit"] * 2
    assert [answer.json["errors"][0]["pointer"] for answer in refused] == ["#/quantity"] * 2
    assert count("basket_lines") == 0
    assert [answer.status_code for answer in put("bag", "b")] == [201, 200]
    assert [line.wanted.quantity for line in basket.view_basket(world.buyer, NOON).lines] == [12]
