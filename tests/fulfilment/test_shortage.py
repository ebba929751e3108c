"""Goods that orders had reserved expire: who is left without is told, on both sides, and sees it on the order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from catalog.lots import expiring
from orders.fulfilment import shortage
from shop.clock import business_day, stopped_at
from shop.db import db, transaction
from tests.purchase.world import World, make_world


@pytest.fixture
def world(session) -> World:
    return make_world()


def test_the_last_placed_orders_are_told_and_show_what_is_missing(world, deliver, login):
    first, last = world.signed("10"), world.signed("5")
    at = world.at + timedelta(days=3)
    sku = world.lines(first)[0].sku_id
    # Of the stock, 12 packs outlive the day; the rest expires.
    with transaction():
        db.session.execute(
            text("UPDATE lots SET expires_on = :day WHERE sku_id = :sku"), {"day": business_day(world.at), "sku": sku}
        )
        db.session.execute(
            text("""WITH l AS (INSERT INTO lots (public_id, sku_id, code, produced_on, status, created_at)
                               VALUES (uuidv7(), :sku, 'LATE', '2026-07-01', 'open', :at) RETURNING id)
                    INSERT INTO lot_movements (public_id, lot_id, kind, quantity, ref, note, at)
                    SELECT uuidv7(), id, 'born', 12, 'late', '{}', :at FROM l"""),
            {"sku": sku, "at": world.at},
        )  # fmt: skip
    assert shortage.short_of([sku]) == []

    with stopped_at(at), transaction():
        assert expiring.expire_lots(business_day(at), at=at) == [sku]
    with stopped_at(at):
        deliver(times=3)

    assert [(each.order_id, each.missing) for each in shortage.short_of([sku])] == [(last.id, Decimal(3))]
    told = db.session.execute(
        text("SELECT topic, payload FROM outbox_events WHERE topic = 'orders.reserved_goods_expired'")
    ).one()
    assert (told.payload["order_id"], told.payload["quantity"]) == (str(last.public_id), "3")
    kinds = db.session.execute(
        text("SELECT user_id, kind FROM notices WHERE kind LIKE 'reserved_goods_expired%' ORDER BY kind")
    ).all()
    assert [tuple(each) for each in kinds] == [
        (world.buyer.user_id, "reserved_goods_expired_buyer"), (world.producer.user_id, "reserved_goods_expired_seller"),
    ]  # fmt: skip
    with stopped_at(at):
        assert "尚缺 3" in login(world.buyer).get(f"/desk/orders/{last.public_id}").text
        assert "尚缺" not in login(world.producer).get(f"/producer/orders/{first.public_id}").text
