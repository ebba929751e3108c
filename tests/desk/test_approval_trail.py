"""Who approved a purchase, when and on how much; and what a cancelled one had on it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select

from orders.purchase import checkout, procurements
from orders.purchase.models import BasketLine, Order, Procurement
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import AuthorityScope, Organisation
from tests import factories
from tests.conftest import count
from tests.purchase.world import World, make_world


@pytest.fixture
def world(session) -> World:
    return make_world()


@pytest.fixture
def approver(world) -> Actor:
    organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
    return factories.make_member("institution", "institution_approver", organisation=organisation)


def approved(world: World, approver: Actor, why: str = "食堂用，同意") -> Procurement:
    with transaction():
        made = procurements.create_procurement(world.head(), world.wanted("10"), actor=world.buyer, at=world.at)
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=world.at)
    with transaction():
        procurements.decide_approval(made.public_id, approved=True, actor=approver, at=world.at, why=why)
    return made


def test_who_approved_how_much_is_on_the_procurement_its_print_and_the_order(world, approver, login):
    made = approved(world, approver)
    with transaction():
        checkout.place_procurement(made.public_id, actor=world.buyer, at=world.at)
    order = db.session.scalars(select(Order)).one()
    client = login(world.buyer)

    pages = [
        client.get(path).text
        for path in (
            f"/desk/procurements/{made.public_id}", f"/desk/procurements/{made.public_id}/print",
            f"/desk/orders/{order.public_id}",
        )
    ]  # fmt: skip

    for page in pages:
        assert "同意采购" in page
        assert f"{approver.organisation_name} · {approver.user_name}" in page
        assert "以 200.00 元为上限 · 食堂用，同意" in page
    assert "采购审批单" in pages[1]
    with transaction():
        gansu = factories.make_organisation("authority", division_code="620000")
        db.session.add(
            AuthorityScope(
                organisation_id=gansu.id, kind="division", division_code="620000", valid_from=date(2016, 1, 1)
            )
        )
    official = login(factories.make_member("authority", organisation=gansu))
    seen = official.get(f"/official/orders/{order.public_id}").text
    assert ("以 200.00 元为上限" in seen, "食堂用，同意" in seen, approver.user_name in seen) == (True, False, False)
    assert "同意采购" not in login(world.producer).get(f"/producer/orders/{order.public_id}").text


def test_the_approver_reads_the_lines_before_deciding(world, approver, login):
    with transaction():
        made = procurements.create_procurement(world.head(), world.wanted("10"), actor=world.buyer, at=world.at)
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=world.at)

    page = login(approver).get(f"/desk/procurements/{made.public_id}").text

    assert page.index(world.listings[0].title) < page.index("同意采购</button>")
    assert 'href="#approve">核对明细后审批</a>' in page


def test_cancelling_says_what_is_given_up_and_keeps_it_to_be_ordered_again(world, approver, login):
    made = approved(world, approver)
    path, client = f"/desk/procurements/{made.public_id}", login(world.buyer)

    asked = client.get(f"{path}/cancel").text
    blank = client.post(f"{path}/cancel", data={"idempotency_key": uuid4().hex, "why": " "})
    db.session.refresh(made)

    assert f"采购单 {made.number} 共 1 种商品、200.00 元不再下单。已通过的审批同时失效。" in asked
    assert (blank.status_code, made.status, made.approval) == (422, "submitted", "approved")

    client.post(f"{path}/cancel", data={"idempotency_key": uuid4().hex, "why": "改从食堂合同采购"})
    db.session.refresh(made)
    page = client.get(path).text
    client.post(f"{path}/again", data={"idempotency_key": uuid4().hex})

    assert (made.status, made.approval, count("orders")) == ("cancelled", "void", 0)
    assert (world.listings[0].title in page, "改从食堂合同采购" in page, "再次采购</button>" in page) == (
        True,
        True,
        True,
    )
    assert db.session.scalars(select(BasketLine.quantity)).all() == [Decimal(10)]


def test_another_organisation_s_procurement_is_not_there_to_cancel_or_print(world, approver, login):
    made, other = approved(world, approver), make_world()
    client = login(other.buyer)

    assert [client.get(f"/desk/procurements/{made.public_id}/{page}").status_code for page in ("cancel", "print")] == [
        404,
        404,
    ]
    refused = client.post(f"/desk/procurements/{made.public_id}/cancel", data={"why": "x"})
    db.session.refresh(made)
    assert (refused.status_code, made.status) == (404, "submitted")
