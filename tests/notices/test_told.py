"""Each act that makes it another's turn tells that other, and not who did it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from orders.contracts import services as contracts
from orders.ledger.filings import decisions
from orders.ledger.filings.drafts import KeyDraft
from orders.payments import extension, refunds
from orders.purchase import procurements
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import Organisation
from shop.notices.models import Notice
from tests import factories
from tests.conftest import NOON
from tests.counting.build import accept, make_order, make_trade
from tests.ledger.filers import confirmed, officials, submitted
from tests.ledger.world import make_world as make_ledger_world
from tests.payments.help import pay
from tests.purchase.world import make_world

pytestmark = pytest.mark.usefixtures("session")


def told(*kinds: str) -> list[tuple[str, int]]:
    rows = db.session.execute(select(Notice.kind, Notice.user_id).where(Notice.kind.in_(kinds)).order_by(Notice.id))
    return [(row.kind, row.user_id) for row in rows]


def values(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = db.session.scalars(select(Notice.values).where(Notice.kind == kind)).one()
    return found


def test_an_approver_hears_what_waits_and_the_buyer_what_became_of_it(deliver):
    world = make_world()
    organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
    approver = factories.make_member("institution", "institution_approver", organisation=organisation)
    with transaction():
        made = procurements.create_procurement(world.head(), world.wanted("10"), actor=world.buyer, at=NOON)
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=NOON)
    with transaction():
        procurements.decide_approval(made.public_id, approved=False, actor=approver, at=NOON, why="太贵")
    with transaction():
        procurements.edit_procurement(
            made.public_id, {}, world.wanted("5"), actor=world.buyer, at=NOON, version=made.version
        )
        procurements.submit_procurement(made.public_id, actor=world.buyer, at=NOON)
        procurements.decide_approval(made.public_id, approved=True, actor=approver, at=NOON)
    deliver()

    asked = ("approval_requested", approver.user_id)
    assert told("approval_requested") == [asked, asked]
    assert told("procurement_rejected", "procurement_approved") == [
        ("procurement_rejected", world.buyer.user_id), ("procurement_approved", world.buyer.user_id),
    ]  # fmt: skip
    assert values("procurement_rejected")["why"] == "太贵"


def test_the_buyer_hears_when_it_is_its_turn_to_sign(deliver):
    world = make_world()
    world.confirm(world.order(world.place("10")))
    deliver()

    assert told("contract_to_sign", "order_confirmed") == [("contract_to_sign", world.buyer.user_id)]
    assert values("contract_to_sign")["sign_by"] == "2026-07-30"


def test_the_seller_hears_that_the_rest_is_closed_and_that_payment_is_put_off(deliver):
    world = make_world()
    short, first = world.signed("10"), world.signed("5", payment_mode="pay_first")
    world.ship(short, "4")
    with transaction():
        contracts.end_order(short.public_id, "close_short", actor=world.buyer, at=world.at, why="食堂停课")
        extension.extend(first.public_id, world.buyer, world.at)
    deliver()

    assert sorted(told("order_closed_short_seller", "payment_extended")) == [
        ("order_closed_short_seller", world.producer.user_id), ("payment_extended", world.producer.user_id),
    ]  # fmt: skip
    assert values("order_closed_short_seller")["why"] == "食堂停课"
    assert (values("payment_extended")["number"], values("payment_extended")["pay_due_on"]) == (
        first.number,
        "2026-08-29",
    )


def test_who_entered_a_filing_hears_what_became_of_it(deliver):
    make_ledger_world()
    db.session.commit()
    first, second = officials()
    refused, kept = submitted(first), confirmed(first, second, keys=(KeyDraft("contract", "HT-2"),))
    with transaction():
        decisions.refuse_filing(refused.public_id, second, reason="金额不符", at=NOON)
        decisions.ask_withdrawal(kept.public_id, first, reason="退货", at=NOON)
    with transaction():
        decisions.decide_withdrawal(kept.public_id, second, is_granted=True, at=NOON)
    deliver()

    kinds = ("filing_confirmed", "filing_refused", "filing_withdrawal_asked", "filing_withdrawn")
    assert sorted(told(*kinds)) == sorted(
        [("filing_withdrawal_asked", second.user_id)]
        + [(kind, first.user_id) for kind in ("filing_confirmed", "filing_refused", "filing_withdrawn")]
    )
    assert values("filing_refused")["why"] == "金额不符"


def test_the_buyer_hears_of_a_refused_refund_with_the_reason(deliver):
    with transaction():
        trade = make_trade()
        order = make_order(trade)
        accept(order, ("10", "0"))
        pay(trade, (order, 10000))
        made = refunds.request(order.public_id, 4000, "质量问题", actor=trade.buyer, at=NOON)
    buyer = _buyer(trade.buyer)
    with transaction():
        refunds.refuse(made.public_id, "照片看不出", trade.clerk, NOON)
    deliver()

    assert told("refund_refused", "refund_refused_seller") == [("refund_refused", buyer.user_id)]
    assert (values("refund_refused")["amount"], values("refund_refused")["why"]) == ("40.00", "照片看不出")


def _buyer(actor: Actor) -> Actor:
    return factories.make_member(organisation=db.session.get_one(Organisation, actor.organisation_id))
