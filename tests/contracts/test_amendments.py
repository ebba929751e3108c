"""A signed contract's account stays until both sides agree on another one, in a dated amendment."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orders.contracts import amendments
from orders.contracts.amendments import AmendmentWaits, NoAmendment, NothingToAmend
from orders.contracts.models import ContractAmendment
from orders.contracts.payee import payee_of
from orders.contracts.terms import hash_terms
from shop import clock
from shop.auth import Actor
from shop.db import db, transaction
from shop.errors import Forbidden
from shop.identity import account_changes, bank_accounts
from shop.identity.models import BankAccount, Organisation
from shop.notices.models import Notice
from tests import factories
from tests.conftest import NOON
from tests.purchase.world import World, make_world

OLD, NEW = "6228480000000001", "6228480000000002"
LATER = NOON + timedelta(days=3)


@pytest.fixture
def world(session) -> World:
    world = make_world()
    with transaction():
        bank_accounts.add_account(world.producer, "靖远合作社", "农业银行", OLD, is_default=True, at=NOON)
    return world


def second_of(actor: Actor) -> Actor:
    with transaction():
        return factories.make_member(
            actor.organisation_kind, organisation=db.session.get_one(Organisation, actor.organisation_id)
        )


def change_account(world: World) -> None:
    second = second_of(world.producer)
    with transaction():
        new = bank_accounts.add_account(world.producer, "靖远合作社", "建设银行", NEW, is_default=False, at=NOON)
        change = bank_accounts.make_default(world.producer, new.public_id, NOON)
    with transaction():
        account_changes.confirm(change.public_id, second, NOON)


def paid_to(order, on=LATER):
    found = payee_of(order, clock.business_day(on))
    return (found.number, found.amendment, found.registered_tail) if found else None


def test_what_was_signed_is_paid_to_the_contracts_account_until_both_agree_on_another(world, deliver):
    order = world.signed("10")
    change_account(world)
    deliver()
    contract = world.contract(order).public_id
    assert (paid_to(order, NOON), paid_to(order)) == ((OLD, 0, ""), (OLD, 0, "0002"))
    told = db.session.scalars(select(Notice).where(Notice.kind == "payee_account_changed")).all()
    assert {(each.organisation_id, each.values["tail"]) for each in told} == {(world.buyer.organisation_id, "0002")}

    with pytest.raises(NothingToAmend), transaction():
        amendments.offer(contract, world.producer, NOON)  # still cooling: nothing else is used yet
    with pytest.raises(Forbidden), transaction():
        amendments.offer(contract, world.buyer, LATER)
    with transaction():
        made = amendments.offer(contract, world.producer, LATER)
    with pytest.raises(AmendmentWaits), transaction():
        amendments.offer(contract, world.producer, LATER)
    assert paid_to(order) == (OLD, 0, "0002")
    with pytest.raises(Forbidden), transaction():
        amendments.decide(contract, "agree", world.producer, LATER)
    with transaction():
        amendments.decide(contract, "agree", world.buyer, LATER)

    assert paid_to(order) == (NEW, 1, "")
    assert (made.status, made.terms["made_on"], made.terms["before"]["number"]) == ("agreed", "2026-07-18", OLD)
    assert made.terms_sha256 == hash_terms(made.terms)
    with pytest.raises(NoAmendment), transaction():
        amendments.decide(contract, "decline", world.buyer, LATER)
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(text("UPDATE contract_amendments SET status = 'declined'"))


def test_a_new_contract_names_the_new_account_once_it_is_used(world):
    change_account(world)
    early = world.signed("1")
    world.at = LATER
    late = world.signed("1")

    assert world.contract(early).terms["payment"]["payee"]["number"] == OLD
    assert world.contract(late).terms["payment"]["payee"]["number"] == NEW


def test_pages_of_both_sides_show_the_account_that_was_agreed_on(app, login, world):
    order = world.signed("10")
    with transaction():
        other = db.session.scalars(select(BankAccount)).one()
        assert other.number == OLD
    change_account(world)
    contract = world.contract(order).public_id
    with clock.stopped_at(LATER):
        page = login(world.buyer).get(f"/desk/payments/{order.public_id}").text
        assert (OLD in page, NEW in page, "尾号 0002" in page) == (True, False, True)
        certificate = login(world.buyer).get(f"/desk/payments/{order.public_id}/certificate").text
        assert (OLD in certificate, NEW in certificate) == (True, False)

        producer = login(world.producer)
        shown = producer.get(f"/producer/orders/{order.public_id}/contract").text
        assert "请采购单位同意改付" in shown
        producer.post(f"/contracts/{contract}/account/offer")
        buyer = login(world.buyer)
        assert "已核实，同意改付" in buyer.get(f"/desk/orders/{order.public_id}/contract").text
        buyer.post(f"/contracts/{contract}/account/agree")

        assert db.session.scalars(select(ContractAmendment.status)).all() == ["agreed"]
        assert NEW in buyer.get(f"/contracts/{contract}/print").text
        after = buyer.get(f"/desk/payments/{order.public_id}").text
        assert (OLD in after, NEW in after, "第 1 号账户变更" in after) == (False, True, True)
    assert date(2026, 7, 18) == clock.business_day(LATER)
