"""Fees and days: by two persons, from a day on, and what was sold before keeps what held then."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orders.contracts.accounts import NoSupervisedAccount
from orders.payments import receipt_queries, receipts
from orders.purchase.models import FeeRule
from orders.settlement import dues, proposals
from orders.settlement.models import SettlementRule
from orders.settlement.proposals import (
    BadRuleValue,
    OwnProposal,
    ProposalDecided,
    RuleFacts,
    RuleInThePast,
    RuleOverlaps,
)
from shop.db import db, transaction
from shop.errors import NotFound
from shop.identity.models import Organisation
from tests import factories
from tests.banking import help as banking
from tests.conftest import NOON, count
from tests.counting.build import make_trade
from tests.payments.help import facts
from tests.purchase.world import make_world
from tests.settlement.help import make_operators

pytestmark = pytest.mark.usefixtures("session")
TODAY = date(2026, 7, 15)


@pytest.fixture
def people(session):
    with transaction():
        return make_operators()


def agree(people, **facts):
    values: dict[str, Any] = {"kind": "fee", "value": 60, "valid_from": TODAY} | facts
    made = proposals.propose(RuleFacts(**values), people[0], NOON)
    return proposals.confirm(made.public_id, people[1], NOON)


def test_a_fee_is_a_rule_once_another_person_has_agreed_and_is_frozen_at_the_sale(people):
    world = make_world()
    before = world.order(world.place("1"))
    with transaction():
        made = proposals.propose(RuleFacts(kind="fee", value=60, valid_from=TODAY), people[0], NOON)
        assert count("fee_rules") == 0
        proposals.confirm(made.public_id, people[1], NOON)
    after = world.order(world.place("1"))

    assert (before.fee_bp, after.fee_bp) == (0, 60)


def test_a_producers_own_rule_goes_before_the_one_for_all(people):
    world = make_world()
    with transaction():
        agree(people, value=60)
        agree(people, value=30, producer=world.producer.organisation_public_id)
    order = world.order(world.place("1"))

    assert order.fee_bp == 30


def test_to_whose_account_buyers_pay_is_agreed_on_by_two_and_named_by_contract_page_and_certificate(people, login):
    world = make_world()
    before = world.signed("1")
    with transaction():
        db.session.execute(text("UPDATE supervised_accounts SET valid_to = '2026-07-14'"))
    with pytest.raises(NoSupervisedAccount), transaction():
        agree(people, kind="clearing", value=1)
    with transaction():
        db.session.execute(text("UPDATE supervised_accounts SET valid_to = NULL"))
    with transaction():
        made = proposals.propose(RuleFacts(kind="clearing", value=1, valid_from=TODAY), people[0], NOON)
        assert count("clearing_rules") == 0
        with pytest.raises(OwnProposal):
            proposals.confirm(made.public_id, replace(people[0], permissions=people[1].permissions), NOON)
        proposals.confirm(made.public_id, people[1], NOON)
    after = world.signed("1")

    assert (before.clearing, after.clearing) == ("direct", "supervised")
    terms = world.contract(after).terms["payment"]
    assert (terms["clearing"], terms["payee"]["number"]) == ("supervised", "62000000000000001")
    client = login(world.buyer)
    for path in ("", "/certificate", "/announce"):
        assert "62000000000000001" in client.get(f"/desk/payments/{after.public_id}{path}").text
    assert "62000000000000001" not in client.get(f"/desk/payments/{before.public_id}").text
    assert "付到平台监管账户" in client.get(f"/desk/orders/{after.public_id}/contract").text
    with pytest.raises(BadRuleValue), transaction():
        proposals.propose(RuleFacts(kind="clearing", value=2, valid_from=TODAY), people[0], NOON)


def test_a_producers_own_mode_and_its_sub_account_go_first_and_another_mode_is_flagged(people, login):
    world = make_world()
    with transaction():
        one, two = banking.operators()
        banking.supervised(one, two, "6200000000000077", world.producer.organisation_public_id)
        agree(people, kind="clearing", value=1, producer=world.producer.organisation_public_id)
    order = world.signed("1")
    assert world.contract(order).terms["payment"]["payee"]["number"] == "6200000000000077"
    with transaction():
        second = factories.make_member(
            "producer", organisation=db.session.get_one(Organisation, world.producer.organisation_id)
        )
        payment = receipts.record(facts((order, 100), is_certain=True), world.producer, NOON)
        receipts.confirm(payment.public_id, second, NOON)

    row = receipt_queries.get_payment(payment.public_id, world.producer, TODAY)
    assert (row.wrong_payee, world.reload(order).received_fen) == (True, 100)
    assert "而订单约定付到" in login(world.producer).get(f"/producer/payments/{payment.public_id}").text
    assert "付到了另一收款方式的账户" in login(world.producer).get("/producer/payments").text


def test_the_rule_before_ends_the_day_before(people):
    with transaction():
        agree(people, value=60)
        agree(people, value=80, valid_from=date(2026, 8, 1))

    rules = db.session.scalars(select(FeeRule).order_by(FeeRule.valid_from)).all()
    assert [(rule.basis_points, rule.valid_from, rule.valid_to) for rule in rules] == [
        (60, TODAY, date(2026, 7, 31)), (80, date(2026, 8, 1), None),
    ]  # fmt: skip


def test_days_are_rules_too(people):
    with transaction():
        trade = make_trade()
        agree(people, kind="days", value=3)

    assert dues.days_on(trade.clerk.organisation_id, date(2026, 7, 14)) == 7
    assert dues.days_on(trade.clerk.organisation_id, TODAY) == 3
    assert db.session.scalars(select(SettlementRule.valid_to).order_by(SettlementRule.valid_from)).first() == date(
        2026, 7, 14
    )


def test_who_entered_it_does_not_agree_and_nothing_changes(people):
    a = people[0]
    both = type(a)(**{**a.__dict__, "permissions": a.permissions | {"fees:confirm"}})
    with transaction():
        made = proposals.propose(RuleFacts(kind="fee", value=60, valid_from=TODAY), both, NOON)
        with pytest.raises(OwnProposal):
            proposals.confirm(made.public_id, both, NOON)
        with pytest.raises(IntegrityError, match="two_persons"), db.session.begin_nested():
            db.session.execute(
                text(
                    "UPDATE rule_proposals SET status = 'confirmed', decided_by = proposed_by, decided_at = proposed_at"
                )
            )

    assert (made.status, count("fee_rules")) == ("proposed", 0)


def test_refusals(people):
    with transaction():
        agree(people, value=80, valid_from=date(2026, 8, 1))
        with pytest.raises(RuleOverlaps):
            agree(people, value=60)
        with pytest.raises(RuleInThePast):
            agree(people, valid_from=date(2026, 7, 14))
        refused = proposals.propose(RuleFacts(kind="fee", value=1, valid_from=TODAY), people[0], NOON)
        proposals.refuse(refused.public_id, "不同意", people[1], NOON)
        with pytest.raises(ProposalDecided):
            proposals.confirm(refused.public_id, people[1], NOON)
        with pytest.raises(NotFound):
            proposals.confirm(refused.public_id, make_trade().clerk, NOON)

    assert [rule.basis_points for rule in db.session.scalars(select(FeeRule))] == [80]
