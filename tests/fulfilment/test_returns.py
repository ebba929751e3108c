"""Accepted goods that go back: into their lot, a lot of their own, or destroyed; books, money and lots follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from catalog.lots import recalls
from catalog.lots.batches import packing, places
from catalog.lots.batches import services as batches
from catalog.lots.batches.packing import PacksNumbered
from catalog.lots.models import Lot
from catalog.products.models import Product, Sku
from orders.fulfilment.models import ShipmentItem
from orders.ledger import verify
from orders.payments import receipts
from orders.payments.models import Refund
from orders.payments.refund_paths import Allowance
from orders.payments.refunds import request
from orders.purchase.machine import WrongState
from orders.purchase.models import Order
from orders.returns import deciding
from orders.returns.models import GoodsReturn, GoodsReturnItem
from orders.returns.opening import BadReturn, ItemToReturn, open_return
from orders.returns.receiving import CameBack, receive
from shop.auth import Actor
from shop.db import db, transaction
from shop.errors import Forbidden
from shop.identity.models import Organisation
from tests import factories
from tests.conftest import NOON, count
from tests.payments.help import facts
from tests.purchase.world import World, make_world, moves_of, on_hand, posted
from traceability.pieces import services as pieces


@dataclass
class Delivered:
    """Ten packs that were accepted and paid for."""

    world: World
    order: Order
    item: ShipmentItem

    def open(self, quantity: str, actor: Actor | None = None, reason: str = "内部霉变") -> GoodsReturn:
        wanted = [ItemToReturn(self.item.public_id, Decimal(quantity))]
        with transaction():
            return open_return(self.order.public_id, wanted, reason, actor=actor or self.world.buyer, at=self.world.at)

    def agreed(self, quantity: str) -> GoodsReturn:
        made = self.open(quantity)
        with transaction():
            deciding.agree(made.public_id, actor=self.world.producer, at=self.world.at)
        return made

    def receive(self, made: GoodsReturn, to_lot: str, apart: str, destroyed: str) -> None:
        item = db.session.scalars(select(GoodsReturnItem).where(GoodsReturnItem.return_id == made.id)).one()
        came = CameBack(item.public_id, Decimal(to_lot), Decimal(apart), Decimal(destroyed))
        with transaction():
            receive(made.public_id, [came], "", actor=self.world.producer, at=self.world.at)

    def lot(self) -> Lot:
        return db.session.get_one(Lot, self.item.lot_id, populate_existing=True)


def deliver_and_pay(world: World, **changes: Any) -> Delivered:
    order = world.signed("10", **changes)
    shipment = world.ship(order, "10")
    world.accept(order, shipment, "10")
    world.reload(order)
    with transaction():
        receipts.record(facts((order, order.due_fen)), world.producer, world.at)
        organisation = db.session.get_one(Organisation, world.producer.organisation_id)
        second = factories.make_member("producer", organisation=organisation)
    with transaction():
        receipts.confirm(db.session.execute(text("SELECT public_id FROM payments")).scalar_one(), second, world.at)
    item = db.session.scalars(select(ShipmentItem).where(ShipmentItem.shipment_id == shipment.id)).one()
    return Delivered(world, order, item)


@pytest.fixture
def delivered(session) -> Delivered:
    return deliver_and_pay(make_world())


def measures() -> dict[str, int]:
    return {name: posted(name) for name in ("ordered", "accepted", "paid", "counted")}


def wrong() -> Iterator[tuple[str, Any]]:
    return ((name, found.named) for name, found in verify.run() if found.differing)


def test_what_comes_back_is_owed_and_counted_no_more_and_its_money_is_asked_back(delivered, deliver):
    world, order = delivered.world, delivered.order
    before, price = measures(), world.lines(order)[0].unit_price_fen
    made = delivered.agreed("4")
    assert (measures(), on_hand(world.listings[0])) == (before, 90)

    world.later(days=3)
    delivered.receive(made, "2", "0", "1")
    deliver(times=2)

    line = world.lines(order)[0]
    assert (line.accepted, line.rejected, line.returned) == (Decimal(7), Decimal(3), Decimal(3))
    less = 3 * price
    assert measures() == {name: fen - (less if name != "ordered" else 0) for name, fen in before.items()}
    fallen = db.session.execute(
        text("SELECT DISTINCT origin_on FROM postings WHERE measure = 'counted' AND amount_fen < 0")
    ).scalars()
    assert list(fallen) == [date(2026, 7, 18)]
    refund = db.session.scalars(select(Refund)).one()
    assert (refund.amount_fen, refund.status, refund.cause, refund.reason) == (
        less,
        "requested",
        "rejected",
        "退货退款",
    )
    lot_moves = text("SELECT kind, quantity FROM lot_movements WHERE kind IN ('returned', 'destroyed') ORDER BY id")
    assert [tuple(row) for row in db.session.execute(lot_moves)] == [
        ("returned", 2),
        ("returned", 1),
        ("destroyed", -1),
    ]
    assert on_hand(world.listings[0]) == 92
    assert moves_of("goods_return", made.id) == [("request", "requested"), ("agree", "agreed"), ("receive", "received")]
    assert list(wrong()) == []


def test_nothing_goes_back_twice_too_much_or_without_the_other_side(delivered):
    world = delivered.world
    made = delivered.open("6", actor=world.producer, reason="发错货")
    assert made.status == "offered"
    for refused, act in (
        (BadReturn, lambda: delivered.open("5")),
        (BadReturn, lambda: delivered.open("0")),
        (BadReturn, lambda: delivered.open("1", reason=" ")),
        (Forbidden, lambda: deciding.agree(made.public_id, actor=world.producer, at=NOON)),
        (WrongState, lambda: delivered.receive(made, "6", "0", "0")),
        (deciding.NoSuchReturn, lambda: deciding.agree(made.public_id, actor=make_world().buyer, at=NOON)),
    ):
        with pytest.raises(refused):
            act()
    with transaction():
        deciding.agree(made.public_id, actor=world.buyer, at=NOON)
    with pytest.raises(BadReturn) as over:
        delivered.receive(made, "6", "0", "1")
    assert over.value.members["errors"] == [{"pointer": "#/items/0/to_lot", "detail": "三项合计不能超过约定退回的 6。"}]
    assert (count("goods_returns"), delivered.item.returned, on_hand(world.listings[0])) == (1, Decimal(0), 90)

    delivered.receive(made, "6", "0", "0")
    with pytest.raises(WrongState):
        delivered.receive(made, "6", "0", "0")
    with pytest.raises(BadReturn):
        delivered.open("5")
    with pytest.raises(DBAPIError), db.session.begin_nested():
        db.session.execute(text("UPDATE goods_returns SET status = 'agreed'"))


def test_goods_for_which_money_went_back_do_not_go_back_above_the_rest(delivered):
    world, order = delivered.world, delivered.order
    line = world.lines(order)[0]
    with transaction():
        allowed = [Allowance(line=line.public_id, amount_fen=line.unit_price_fen)]
        request(order.public_id, line.unit_price_fen, "短斤少两", actor=world.buyer, at=NOON, lines=allowed)

    with pytest.raises(BadReturn):
        delivered.open("10")

    assert delivered.open("9").status == "requested"


def test_called_back_goods_need_no_agreement_and_are_never_stock_again(delivered, deliver):
    world = delivered.world
    with transaction():
        recalls.recall([delivered.item.lot_id], reason="农残超标", actor=world.producer, at=NOON)
    made = delivered.open("10", reason="召回")
    assert (made.status, made.is_recall) == ("agreed", True)
    with pytest.raises(BadReturn) as refused:
        delivered.receive(made, "0", "10", "0")
    assert refused.value.members["errors"][0]["pointer"] == "#/items/0/apart"

    with transaction():
        deciding.send(made.public_id, "顺丰", "SF1", actor=world.buyer, at=NOON)
    delivered.receive(made, "4", "0", "6")
    deliver()

    lot = delivered.lot()
    assert (lot.status, lot.on_hand, on_hand(world.listings[0])) == ("recalled", Decimal(94), 0)
    assert world.reload(delivered.order).due_fen == 0
    assert list(wrong()) == []


def packed_world() -> tuple[World, Lot]:
    """A world whose goods were harvested and packed, so that it is known what they are made of."""
    world = make_world(stock="0")
    sku = db.session.get_one(Sku, world.listings[0].sku_id)
    product = db.session.get_one(Product, sku.product_id)
    with transaction():
        plot = places.add_place(
            product.producer_id, places.NewPlace("plot", "一号地块"), world.producer, at=factories.LONG_AGO
        )
        new = batches.NewBatch(product.public_id, "harvest", Decimal(100), plot.public_id, NOON)
        grown = batches.record_birth(new, world.producer, at=NOON)
        packing_of = packing.Packing(grown.public_id, sku.public_id, "L1", Decimal(20), NOON, date(2027, 1, 1))
        lot = packing.pack(packing_of, world.producer, at=NOON)
    return world, lot


def test_what_is_kept_apart_is_a_lot_that_came_of_the_one_it_was_of(session, deliver):
    world, lot = packed_world()
    delivered = deliver_and_pay(world)
    made = delivered.agreed("4")
    world.later(days=3)

    delivered.receive(made, "0", "3", "0")

    item = db.session.scalars(select(GoodsReturnItem)).one()
    apart = db.session.get_one(Lot, item.apart_lot_id)
    assert (apart.code, apart.on_hand, apart.produced_on, apart.expires_on) == (
        "L1-T1", Decimal(3), lot.produced_on, lot.expires_on
    )  # fmt: skip
    assert (delivered.lot().on_hand, on_hand(world.listings[0])) == (Decimal(10), 13)
    with transaction():
        recalls.recall([lot.id], reason="农残超标", actor=world.producer, at=world.at)
    assert db.session.get_one(Lot, apart.id, populate_existing=True).status == "recalled"
    assert list(wrong()) == []


def test_numbered_packs_do_not_become_another_lot(session):
    world, lot = packed_world()
    delivered = deliver_and_pay(world)
    with transaction():
        pieces.issue(lot.public_id, 20, world.producer, at=NOON)
    made = delivered.agreed("4")

    with pytest.raises(PacksNumbered):
        delivered.receive(made, "0", "4", "0")

    assert (delivered.lot().on_hand, made.status) == (Decimal(10), "agreed")
