"""Goods leave while their lot is called back: each order either stands in the recall's list, or got nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from catalog.lots import recalls
from catalog.lots.models import Lot
from catalog.lots.services import OutOfStock
from orders.fulfilment import shipping
from orders.fulfilment.shipping import ItemToShip, ShipmentDraft
from shop.auth import Actor
from shop.db import db, transaction
from tests.conftest import NOON
from tests.purchase.world import make_world
from tests.traceability.events import rows
from traceability.journey import recipients
from traceability.journey.goods import lots_of

THREADS = 20


def race_of_recall_and_shipments(app: Flask, deliver: Callable[..., int], place: int) -> tuple[int, int]:
    """Ship nineteen orders of a lot and call it back at once; returns how many were shipped and how many refused.

    :param place: which of the twenty threads calls back.
    """
    world = make_world(stock="100")
    lot = db.session.scalars(select(Lot).where(Lot.sku_id == world.listings[0].sku_id)).one().id
    orders = [world.signed("5") for _ in range(THREADS - 1)]
    asked = [(order.public_id, world.lines(order)[0].public_id) for order in orders]
    producer, start, gone = world.producer, Barrier(THREADS), set[UUID]()
    orders_asked = [order for order, _line in asked]
    db.session.remove()

    def ship(order: UUID, line: UUID) -> None:
        draft = ShipmentDraft([ItemToShip(line, Decimal(5))])
        with transaction():
            shipping.ship_order(order, draft, actor=producer, at=NOON)

    def call_back() -> None:
        with transaction():
            recalls.recall([lot], reason="异物", actor=producer, at=NOON)
        gone.update(_shipped(orders_asked))

    def run(n: int) -> type[OutOfStock] | None:
        with app.app_context():
            start.wait()
            try:
                if n == place:
                    call_back()
                else:
                    ship(*asked[n - (n > place)])
            except OutOfStock as refused:
                return type(refused)
            return None

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(run, range(THREADS)))
    assert outcomes.pop(place) is None
    deliver()

    assert _shipped(orders_asked) == gone, "goods left after their lot was called back"
    return _check(lot, orders_asked, outcomes, producer)


def _shipped(orders: list[UUID]) -> set[UUID]:
    """Return which orders have a shipment."""
    sql = "SELECT o.public_id FROM shipments s JOIN orders o ON o.id = s.order_id WHERE o.public_id = ANY(:orders)"
    return {order for (order,) in rows(sql, orders=orders)}


def _check(lot: int, orders: list[UUID], outcomes: list[type[OutOfStock] | None], producer: Actor) -> tuple[int, int]:
    """Compare what each order was told with what the recall's list, the lot and the orders say."""
    shipped = {order for order, outcome in zip(orders, outcomes, strict=True) if outcome is None}
    refused = [outcome for outcome in outcomes if outcome is not None]
    listed = recipients.list_recipients(recipients.lots_made_of(lots_of([lot])[lot], producer, NOON).lots)
    assert refused == [OutOfStock] * (len(orders) - len(shipped))
    assert {row.order_id for row in listed} == shipped
    assert sorted(row.quantity for row in listed) == [Decimal(5)] * len(shipped)
    assert rows("SELECT recalled_by FROM lot_recalls WHERE lot_id = :lot", lot=lot) == [(producer.user_id,)]
    assert rows("SELECT on_hand FROM lots WHERE id = :lot", lot=lot) == [(Decimal(100 - 5 * len(shipped)),)]
    assert _shipped(orders) == shipped
    db.session.remove()
    return len(shipped), len(refused)
