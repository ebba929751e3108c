"""Contracts that a side does not sign in time end by themselves, and their orders with them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from orders.contracts import lapsing, services, tasks
from orders.purchase.access import lock_order_by_key
from orders.purchase.changes import Confirmation
from orders.purchase.machine import WrongState
from orders.purchase.models import Procurement
from shop import clock
from shop.db import db, transaction
from shop.notices.models import Notice
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
