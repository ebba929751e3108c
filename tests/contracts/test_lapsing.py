"""Contracts that a side does not sign in time end by themselves, and their orders with them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import psycopg
import pytest
from sqlalchemy import select

from orders.contracts import lapsing, services, tasks
from orders.payments import receipts
from orders.payments.models import Refund
from orders.purchase.access import lock_order_by_key
from orders.purchase.changes import Confirmation
from orders.purchase.machine import WrongState
from orders.purchase.models import Procurement
from shop import clock, history
from shop.db import db, transaction
from shop.identity.models import Organisation
from shop.notices.models import Notice
from tests import factories
from tests.payments import help as money
from tests.purchase.races import at_once, number
from tests.purchase.world import World, make_world, moves_of, posted, reserved

HALF = timedelta(days=7, hours=12)


@pytest.fixture
def world(session) -> World:
    return make_world()


def offered(world: World):
    """Return a confirmed order whose contract nobody has signed."""
    order = world.order(world.place("10"))
    with transaction():
        offer = services.Offer(Confirmation(0, clock.business_day(world.at), {}))
        services.confirm_order(order.public_id, offer, actor=world.producer, at=world.at)
    return world.reload(order)


def test_each_side_has_its_time_from_its_turn_on(world):
    order = offered(world)
    assert world.contract(order).sign_by == world.at + services.SIGN_WITHIN

    world.at += HALF
    with transaction():
        services.sign_contract(world.contract(order).public_id, actor=world.producer, at=world.at)

    assert world.contract(order).sign_by == world.at + services.SIGN_WITHIN


def test_a_contract_that_the_buyer_does_not_sign_lapses_in_time_and_not_before(world, deliver):
    order = world.order(world.place("10"))
    world.confirm(order)
    late = world.contract(order).sign_by

    with transaction():
        assert not lapsing.lapse_if_due(lock_order_by_key(order.id), at=late - timedelta(seconds=1))
    with clock.stopped_at(late):
        assert (tasks.lapse_contracts(), tasks.lapse_contracts()) == (1, 0)
        deliver()

    contract = world.contract(order)
    world.reload(order)
    assert (contract.status, order.status, order.due_fen) == ("lapsed", "cancelled", 0)
    assert (reserved(world.listings[0]), posted("ordered"), posted("contracted")) == (0, 0, 0)
    assert (moves_of("contract", contract.id)[-1], moves_of("order", order.id)[-1]) == (
        ("lapse", "lapsed"), ("cancel", "cancelled"),
    )  # fmt: skip
    assert db.session.get_one(Procurement, order.procurement_id, populate_existing=True).status == "completed"
    told = db.session.scalars(select(Notice).where(Notice.kind.startswith("order_cancelled"))).all()
    assert {(one.user_id, one.values["why"]) for one in told} == {
        (world.buyer.user_id, "采购单位逾期未签署合同"), (world.producer.user_id, "采购单位逾期未签署合同"),
    }  # fmt: skip


def test_the_producer_is_named_when_it_is_the_one_who_did_not_sign(world):
    order = offered(world)
    late = world.contract(order).sign_by

    with transaction():
        assert lapsing.lapse_if_due(lock_order_by_key(order.id), at=late)

    assert world.reload(order).status == "cancelled"
    assert posted("ordered") == 0


def test_nobody_signs_after_the_time_is_over(world):
    order = world.order(world.place("10"))
    world.confirm(order)
    world.at = world.contract(order).sign_by

    with pytest.raises(WrongState):
        world.sign(order)

    assert (world.contract(order).status, posted("contracted")) == ("signed_by_producer", 0)


def test_a_signed_contract_stays_whatever_the_time(world):
    order = world.signed("10")

    with clock.stopped_at(world.contract(order).sign_by + HALF):
        assert tasks.lapse_contracts() == 0

    assert (world.contract(order).status, world.reload(order).status) == ("signed", "confirmed")


def test_money_that_came_in_before_the_contract_lapsed_is_asked_back(world, deliver):
    order = world.order(world.place("10", payment_mode="pay_first"))
    world.confirm(order, freight_fen=500)
    seller = db.session.get_one(Organisation, world.producer.organisation_id)
    second = factories.make_member("producer", "producer_finance", organisation=seller)
    with transaction():
        receipt = receipts.record(money.facts((order, 20_500)), world.producer, world.at)
        receipts.confirm(receipt.public_id, second, world.at)

    with clock.stopped_at(world.contract(order).sign_by):
        assert tasks.lapse_contracts() == 1
        deliver(times=2)

    asked = [(one.amount_fen, one.status, one.cause) for one in db.session.scalars(select(Refund))]
    assert (asked, world.reload(order).refunding_fen) == ([(20_500, "requested", "cancelled")], 20_500)
    assert [posted(measure) for measure in ("ordered", "contracted", "paid", "counted")] == [0, 0, 0, 0]


@pytest.mark.committed
def test_of_a_signature_and_a_lapse_at_once_one_wins_and_the_other_finds_it(committed_app):
    world = make_world()
    orders = [world.order(world.place("1")) for _ in range(8)]
    for order in orders:
        world.confirm(order)
    contract_ids = [world.contract(order).public_id for order in orders]
    late = world.contract(orders[0]).sign_by
    keys = [order.id for order in orders]
    db.session.remove()

    def sign(contract_id):
        with committed_app.app_context():
            try:
                with transaction():
                    services.sign_contract(contract_id, actor=world.buyer, at=late - timedelta(seconds=1))
            except WrongState:
                return False
            return True

    def lapse(key):
        with committed_app.app_context(), transaction():
            return lapsing.lapse_contract_if_due(lock_order_by_key(key), at=late)

    calls = [
        call
        for contract_id, key in zip(contract_ids, keys, strict=True)
        for call in (partial(sign, contract_id), partial(lapse, key))
    ]
    answers = at_once(calls)

    assert all(signed != lapsed for signed, lapsed in zip(answers[::2], answers[1::2], strict=True))
    signed = sum(answers[::2])
    assert number("SELECT count(*) FROM contracts WHERE status = 'signed'") == signed
    assert number("SELECT count(*) FROM orders WHERE status = 'confirmed'") == signed
    assert number("SELECT sum(reserved) FROM sku_stock") == signed
    assert (posted("ordered"), posted("contracted")) == (signed * 2000, signed * 2000)


def test_the_order_page_says_how_long_is_left_and_lapses_what_is_over(world, login):
    order = world.order(world.place("10"))
    world.confirm(order)
    path = f"/desk/orders/{order.public_id}"

    page = login(world.buyer).get(path).text
    assert "待采购单位签署合同" in page
    assert "期限 2026-07-30 · 剩 15 天" in page
    assert "请于 2026-07-30 12:00 前签署" in login(world.buyer).get(f"{path}/contract").text
    with clock.stopped_at(world.contract(order).sign_by - timedelta(minutes=1)):
        assert "今天到期" in login(world.buyer).get(path).text
    with clock.stopped_at(world.contract(order).sign_by):
        assert "采购单位逾期未签署合同" in login(world.buyer).get(path).text

    assert world.reload(order).status == "cancelled"


def test_opening_an_order_lapses_nothing_while_the_past_is_told(world, login, database_url):
    order = world.order(world.place("10"))
    world.confirm(order)

    with psycopg.connect(database_url) as loader, clock.stopped_at(world.contract(order).sign_by):
        loader.execute("SELECT pg_advisory_lock(%s)", (history._KEY,))
        assert login(world.buyer).get(f"/desk/orders/{order.public_id}").status_code == 200

    assert world.reload(order).status == "confirmed"
