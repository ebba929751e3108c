"""The checks find what does not add up, and nothing where all does."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from orders.contracts import services
from orders.ledger import verify
from orders.purchase import verify as checks
from shop.db import db, transaction
from tests.purchase.world import World, make_world

CHECKS = (checks.check_reservations, checks.check_orders, checks.check_deliveries, checks.check_procurements)


@pytest.fixture
def world(session) -> World:
    """Orders in every stage: waiting, cancelled, part shipped, part accepted, done."""
    world = make_world(listings=2)
    world.place("1", "2")
    gone = world.order(world.place("3"))
    with transaction():
        services.end_order(gone.public_id, "cancel", actor=world.buyer, at=world.at, why="x")
    world.ship(world.signed("5"), "2")
    done = world.signed("4")
    world.accept(done, world.ship(done, "4"), "3", "1")
    return world


def test_orders_in_every_stage_verify(world):
    assert [check(None).named for check in CHECKS] == [(), (), (), ()]
    assert {"reservations", "orders from lines"} <= set(verify.names())


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        ("UPDATE sku_stock SET reserved = reserved + 1", checks.check_reservations),
        ("UPDATE order_lines SET amount_fen = amount_fen + 1", checks.check_orders),
        ("UPDATE shipment_items SET accepted = 0", checks.check_deliveries),
        ("UPDATE procurements SET status = 'completed'", checks.check_procurements),
    ],
)
def test_what_was_spoilt_is_named(world, spoil, found):
    db.session.execute(text(spoil))

    assert found(None).differing > 0
    assert found(None).named[0]
