"""What the producer changed before the buyer signs is marked: on the contract, the order, the notice and the API."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from orders.contracts.differences import find_differences
from orders.purchase import checkout, procurements
from orders.purchase.models import Order
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests import factories
from tests.purchase.world import World, make_world


@pytest.fixture
def world(session) -> World:
    return make_world(listings=2)


def changed(world: World) -> Order:
    """Return an order of 300.00 yuan, confirmed at 26.00 instead of 20.00 for its first line, with 300.00 of freight."""
    order = world.order(world.place("10", "5"))
    world.confirm(order, freight_fen=300_00, prices={world.lines(order)[0].public_id: 26_00})
    return order


def test_changed_prices_and_freight_are_told_with_their_sums(world):
    order = changed(world)

    found = find_differences(order)

    assert found is not None
    assert [(line.before_fen, line.now_fen, line.percent, line.quantity) for line in found.prices] == [
        (20_00, 26_00, "+30.0", Decimal(10))
    ]
    assert (found.ordered_fen, found.freight_fen, found.total_fen) == (300_00, 300_00, 660_00)
    assert (found.approved_fen, found.above_approved_fen) == (None, 0)


def test_a_confirmation_as_ordered_changes_nothing(world):
    order = world.order(world.place("10"))
    assert find_differences(order) is None

    world.confirm(order)

    assert find_differences(order) is None


def test_the_signer_reads_what_changed_above_the_terms(world, login, client, bearer, deliver):
    order = changed(world)
    deliver()
    buyer = login(world.buyer)

    contract = buyer.get(f"/desk/orders/{order.public_id}/contract").text
    page = buyer.get(f"/desk/orders/{order.public_id}").text
    told = client.get(f"/api/v1/contracts/{world.contract(order).public_id}", headers=bearer(world.buyer)).json

    said = "新增运费 300.00 元。下单时货款 300.00 元，现合同金额 660.00 元，相差 360.00 元。"
    assert contract.index(said) < contract.index("甲方（采购单位）")
    assert "+30.0%" in contract
    assert said in page
    assert "下单 20.00" in page
    assert "改价 1 行 · 运费 300.00 元" in page
    assert (told["differences"]["ordered"]["amount"], told["differences"]["total"]["amount"]) == ("300.00", "660.00")
    assert told["differences"]["prices"] == [
        {"line_id": str(world.lines(order)[0].public_id), "before": {"amount": "20.00", "currency": "CNY"},
         "now": {"amount": "26.00", "currency": "CNY"}}
    ]  # fmt: skip
    kinds = db.session.execute(text("SELECT kind FROM notices WHERE kind LIKE '%contract%'")).scalars().all()
    assert kinds == ["changed_contract_to_sign"]
    assert "下单时货款 300.00 元，供应商确认后合同金额 660.00 元" in buyer.get("/account/notices").text


def test_who_asked_for_the_approval_is_not_shown_a_button_that_is_refused(world, login):
    organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
    approver = factories.make_member("institution", "institution_approver", organisation=organisation)
    with transaction():
        made = procurements.create_procurement(world.head(), world.wanted("10"), actor=world.buyer, at=world.at)
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=world.at)
    with transaction():
        procurements.decide_approval(made.public_id, approved=True, actor=approver, at=world.at)
        checkout.place_procurement(made.public_id, actor=world.buyer, at=world.at)
    order = db.session.scalars(select(Order)).one()
    world.confirm(order, prices={world.lines(order)[0].public_id: 26_00})
    path = f"/desk/orders/{order.public_id}/contract"

    asker = login(world.buyer)
    page = asker.get(path).text
    refused = asker.post(
        f"/contracts/{world.contract(order).public_id}/sign",
        data={"idempotency_key": uuid4().hex},
        follow_redirects=True,
    )
    others = login(approver).get(path).text

    assert "本采购单现有商品合计 260.00 元，比审批通过的 200.00 元多 60.00 元（运费另计）。" in page
    assert f"可以签署的同事：{approver.user_name}。" in page
    assert ("签署合同</button>" in page, "签署合同</button>" in others) == (False, True)
    assert "高于审批通过的 200.00 元" in refused.text
    assert world.contract(order).status == "signed_by_producer"
