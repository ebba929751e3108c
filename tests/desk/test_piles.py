"""Piles of the first screens: counted in full, and each of them a list with the same condition."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orders.desk import piles, todo
from orders.purchase import listing, procurements
from orders.purchase.listing import OrderFilter
from orders.purchase.pricing import Wanted
from shop import clock
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests import factories
from tests.factories import TODAY
from tests.payments.help import Sellers, pay
from tests.purchase.world import World, make_world


@pytest.fixture
def world(session) -> World:
    return make_world(stock="1000")


def listed(page: str) -> int:
    return len(re.findall(r'<tr><th scope="row">', page))


def submit(world: World, actor: Any, times: int) -> list[Any]:
    made = []
    for _ in range(times):
        with transaction():
            lines = [Wanted(world.listings[0].public_id, Decimal(10))]
            made.append(procurements.create_procurement(world.head(), lines, actor=actor, at=world.at).public_id)
            procurements.submit_procurement(made[-1], actor=actor, at=world.at)
    return made


def test_all_that_waits_for_approval_is_counted_and_can_be_listed(world, login, client, bearer):
    office = db.session.get_one(Organisation, world.buyer.organisation_id)
    asker = factories.make_member("institution", "institution_requester", organisation=office)
    approver = factories.make_member("institution", "institution_approver", organisation=office)
    waiting = submit(world, asker, 14)
    for key in waiting[:2]:
        with transaction():
            procurements.decide_approval(key, approved=True, actor=approver, at=world.at)
    with transaction():
        procurements.decide_approval(waiting[2], approved=False, actor=approver, at=world.at, why="太多")

    desk = login(approver)
    first = desk.get("/desk").text

    assert todo.to_approve(approver, TODAY).total == 11
    assert (bool(re.search(r"待审批.{0,200}?\b11\b", first, re.DOTALL)), 'href="/desk/procurements?status=to_approve"' in first, "查看全部 11 条" in first) == (
        True, True, True,
    )  # fmt: skip
    assert listed(desk.get("/desk/procurements?status=to_approve").text) == 11
    assert listed(login(asker).get("/desk/procurements?status=pending").text) == 11
    headers = bearer(asker)
    counts = {
        name: len(client.get(f"/api/v1/procurements?approval={name}&limit=50", headers=headers).json["items"])
        for name in ("pending", "approved", "rejected", "pending,approved")
    }
    assert counts == {"pending": 11, "approved": 2, "rejected": 1, "pending,approved": 13}
    assert (todo.to_place(asker, TODAY).total, todo.to_mend(asker, TODAY).total) == (2, 1)
    assert [listed(login(asker).get(f"/desk/procurements?status={one}").text) for one in ("approved", "rejected")] == [
        2, 1,
    ]  # fmt: skip


def test_every_pile_is_a_list_with_the_same_orders(world, login, client, bearer):
    for _ in range(11):
        world.order(world.place("1"))
    world.confirm(world.order(world.place("1")))
    for _ in range(2):
        world.signed("10")
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "10")

    made = {
        "producer": [todo.to_confirm, todo.to_sign, todo.to_ship, todo.to_invoice],
        "institution": [todo.to_sign, todo.to_accept],
    }
    counts = {}
    for actor, desk in ((world.producer, "producer"), (world.buyer, "desk")):
        page, headers = login(actor), bearer(actor)
        for pile in made[actor.organisation_kind]:
            name = pile.__name__
            total = pile(actor, world.at).total
            answer = client.get(f"/api/v1/orders?waits_for={name}&limit=50", headers=headers)
            assert (listed(page.get(f"/{desk}/orders?status={name}").text), len(answer.json["items"])) == (total, total)
            counts[f"{desk} {name}"] = total
    assert counts == {
        "producer to_confirm": 11, "producer to_sign": 0, "producer to_ship": 2, "producer to_invoice": 1,
        "desk to_sign": 1, "desk to_accept": 0,
    }  # fmt: skip
    assert "/producer/orders?status=to_confirm" in login(world.producer).get("/producer").text
    assert client.get("/api/v1/orders?waits_for=nothing", headers=bearer(world.buyer)).status_code == 422


def stages(world: World, order: Any) -> set[str]:
    """Return in which lists of its buyer an order is."""
    found = set()
    for stage in listing.STAGES:
        wanted = OrderFilter(also=piles.waiting_for(stage, world.buyer, world.at))
        page = listing.list_orders(world.buyer, wanted, at=world.at, limit=50, cursor=None)
        found |= {stage} if any(one.number == order.number for one in page.items) else set()
    return found


def test_a_delivery_in_parts_is_to_be_accepted_and_paid_while_more_is_to_come(world):
    order = world.signed("10")
    assert stages(world, order) == {"to_ship"}
    first = world.ship(order, "4")
    assert stages(world, order) == {"to_ship", "to_accept"}
    world.accept(order, first, "4")
    assert stages(world, order) == {"to_ship", "to_pay"}
    seller = db.session.get_one(Organisation, world.producer.organisation_id)
    trade = Sellers(world.producer, factories.make_member("producer", organisation=seller))
    with transaction(), clock.stopped_at(world.at):
        pay(trade, (world.reload(order), 200_00))
    assert stages(world, order) == {"to_ship"}
    world.accept(order, world.ship(order, "6"), "6")
    assert stages(world, order) == {"done", "to_invoice"}


def test_goods_that_nobody_decides_on_are_to_be_paid_once_they_are_overdue(world):
    order = world.signed("10")
    world.ship(order, "10")
    assert stages(world, order) == {"to_accept"}

    world.at += timedelta(days=46)

    assert stages(world, order) == {"to_accept", "to_pay"}
