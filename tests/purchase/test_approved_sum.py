"""The approved sum is the most that may be placed: dearer is submitted again, cheaper is placed."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select

from catalog.products import listings
from catalog.products.offers import Tier
from orders.purchase import checkout, procurements
from orders.purchase.checkout import AboveApproved
from orders.purchase.machine import WrongState
from orders.purchase.models import Order, Procurement
from orders.purchase.pricing import Wanted
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests import factories
from tests.conftest import count
from tests.purchase.world import World, make_world, moves_of, reserved


@pytest.fixture
def world(session) -> World:
    return make_world()


@pytest.fixture
def approver(world) -> Actor:
    organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
    return factories.make_member("institution", "institution_approver", organisation=organisation)


def price(world: World, fen: int) -> None:
    with transaction():
        listing = listings.get_own_listing(world.listings[0].public_id, world.producer, at=world.at)
        terms = listings.Terms(title=listing.title, tiers=(Tier(Decimal(1), fen),))
        listings.edit_listing(listing, terms, world.producer, at=world.at)


def approved(world: World, approver: Actor) -> Procurement:
    """Return a procurement of ten bags that was approved at 200.00 yuan."""
    with transaction():
        made = procurements.create_procurement(world.head(), world.wanted("10"), actor=world.buyer, at=world.at)
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=world.at)
    with transaction():
        procurements.decide_approval(made.public_id, approved=True, actor=approver, at=world.at)
    return made


def place(world: World, made: Procurement) -> None:
    with transaction():
        checkout.place_procurement(made.public_id, actor=world.buyer, at=world.at)


def test_what_became_dearer_is_not_placed(world, approver):
    made = approved(world, approver)
    price(world, 2001)

    with pytest.raises(AboveApproved) as refused:
        place(world, made)

    assert refused.value.members == {
        "approved": {"amount": "200.00", "currency": "CNY"}, "today": {"amount": "200.10", "currency": "CNY"},
    }  # fmt: skip
    assert "重新提交审批" in refused.value.detail
    db.session.refresh(made)
    assert (made.status, made.approval, made.approved_fen) == ("submitted", "approved", 20_000)
    assert (count("orders"), reserved(world.listings[0])) == (0, 0)


@pytest.mark.parametrize(("fen", "total"), [(2000, 20_000), (1500, 15_000)])
def test_what_costs_as_much_or_less_is_placed_at_the_day_s_price(world, approver, fen, total):
    made = approved(world, approver)
    price(world, fen)

    place(world, made)

    assert db.session.scalars(select(Order.total_fen)).one() == total


def test_it_is_submitted_again_as_it_is_and_approved_anew(world, approver):
    made = approved(world, approver)
    price(world, 2100)

    with transaction():
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=world.at)
    db.session.refresh(made)
    assert (made.status, made.approval, made.approved_fen) == ("submitted", "pending", None)
    assert [event for event, _to in moves_of("approval", made.id)] == ["request", "approve", "void", "request"]
    with transaction():
        procurements.decide_approval(made.public_id, approved=True, actor=approver, at=world.at, seen_fen=21_000)
    place(world, made)

    assert db.session.scalars(select(Order.total_fen)).one() == 21_000


def test_an_approval_within_its_sum_is_not_asked_for_again(world, approver):
    made = approved(world, approver)

    with pytest.raises(WrongState), transaction():
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=world.at)

    db.session.refresh(made)
    assert (made.status, made.approval) == ("submitted", "approved")


def test_an_approver_approves_the_sum_that_was_seen(world, approver):
    with transaction():
        made = procurements.create_procurement(world.head(), world.wanted("10"), actor=world.buyer, at=world.at)
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=world.at)
    price(world, 1900)

    with pytest.raises(procurements.SumChanged) as refused, transaction():
        procurements.decide_approval(made.public_id, approved=True, actor=approver, at=world.at, seen_fen=20_000)

    assert refused.value.members["today"] == {"amount": "190.00", "currency": "CNY"}
    db.session.refresh(made)
    assert (made.approval, made.approved_fen) == ("pending", None)


def test_an_approver_does_not_approve_other_goods_of_the_same_sum(world, approver, client, login, bearer):
    with transaction():
        made = procurements.create_procurement(world.head(), world.wanted("10"), actor=world.buyer, at=world.at)
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=world.at)
        other = factories.make_listing(world.producer)
    path = f"/desk/procurements/{made.public_id}"
    page = login(approver).get(path).text
    seen = dict(re.findall(r'name="(seen_fen|version)" value="(\d+)"', page))
    with transaction():
        lines = [Wanted(other.public_id, Decimal(10))]
        procurements.edit_procurement(made.public_id, {}, lines, version=made.version, actor=world.buyer, at=world.at)
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=world.at)

    login(approver).post(f"{path}/approve", data={"idempotency_key": uuid4().hex, **seen})
    refused = client.post(
        f"/api/v1/procurements/{made.public_id}/approve", json={"version": int(seen["version"])},
        headers={**bearer(approver), "Idempotency-Key": "a"},
    )  # fmt: skip

    assert (seen["seen_fen"], refused.status_code) == ("20000", 412)
    db.session.refresh(made)
    assert (made.approval, made.approved_fen) == ("pending", None)


def test_an_edit_forgets_the_sum(world, approver):
    made = approved(world, approver)

    with transaction():
        procurements.edit_procurement(
            made.public_id, {"title": "八月"}, None, version=made.version, actor=world.buyer, at=world.at
        )

    db.session.refresh(made)
    assert (made.status, made.approval, made.approved_fen) == ("draft", "void", None)


def test_the_page_and_the_api_say_so(world, approver, client, login, bearer):
    made = approved(world, approver)
    price(world, 2500)
    path, header = f"/procurements/{made.public_id}", bearer(world.buyer)

    told = client.get(f"/api/v1{path}", headers=header).json
    assert (told["approved_total"]["amount"], told["total"]["amount"]) == ("200.00", "250.00")
    assert (told["is_above_approved"], "place" in told["possible"], "submit" in told["possible"]) == (True, False, True)
    refused = client.post(f"/api/v1{path}/place", json={}, headers={**header, "Idempotency-Key": "p"})
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/above-approved")
    assert (refused.json["approved"]["amount"], refused.json["today"]["amount"]) == ("200.00", "250.00")

    buyer = login(world.buyer)
    page = buyer.get(f"/desk{path}").text
    assert "今日合计 250.00 元，高于审批通过的 200.00 元，不能下单。" in page
    assert "提交审批</button>" in page
    buyer.post(f"/desk{path}/place", data={"idempotency_key": uuid4().hex})
    assert "高于审批通过的 200.00 元，请重新提交审批。" in buyer.get("/desk").text
    buyer.post(f"/desk{path}/submit", data={"idempotency_key": uuid4().hex})
    page = login(approver).get(f"/desk{path}").text
    assert 'name="seen_fen" value="25000"' in page
    price(world, 2600)
    data = {"idempotency_key": uuid4().hex, "seen_fen": "25000"}
    login(approver).post(f"/desk{path}/approve", data=data)

    db.session.refresh(made)
    assert (made.approval, count("orders")) == ("pending", 0)


def test_who_asked_for_the_approval_does_not_sign_alone_for_more_than_was_approved(world, approver, client, bearer):
    made = approved(world, approver)
    place(world, made)
    order = db.session.scalars(select(Order)).one()
    world.confirm(order, freight_fen=900, prices={world.lines(order)[0].public_id: 2001})
    path = f"/api/v1/contracts/{world.contract(order).public_id}/sign"

    refused = client.post(path, headers={**bearer(world.buyer), "Idempotency-Key": "s"})
    signed = client.post(path, headers={**bearer(approver), "Idempotency-Key": "s"})

    assert (refused.status_code, refused.json["type"]) == (403, "/problems/dearer-than-approved")
    assert (refused.json["approved"]["amount"], refused.json["today"]["amount"]) == ("200.00", "200.10")
    assert (signed.status_code, world.contract(order).status) == (200, "signed")


@pytest.mark.parametrize("fen", [2000, 1999])
def test_a_contract_within_the_approved_sum_is_signed_by_who_asked(world, approver, fen):
    made = approved(world, approver)
    place(world, made)
    order = db.session.scalars(select(Order)).one()
    world.confirm(order, freight_fen=900, prices={world.lines(order)[0].public_id: fen})

    assert world.sign(order).status == "signed"
