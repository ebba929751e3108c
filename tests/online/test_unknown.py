"""Events about a charge that nobody has told us of yet: what they are about is looked up at once."""

import pytest
from sqlalchemy import select

from orders.online import events
from orders.online.models import Dispute
from orders.payments.models import MoneyException, Refund
from shop import clock
from shop.db import db, transaction
from tests.conftest import count
from tests.counting.build import accept
from tests.online.help import ask, differing, make_purchase, outcomes, settle, tell

pytestmark = pytest.mark.usefixtures("session", "card")


@pytest.fixture
def purchase():
    made = make_purchase()
    with transaction():
        for order in made.orders:
            accept(order, ("10", "0"))
    return made


def pay(double, intent):
    """The payer pays, in the way that was asked for; the charge's name."""
    if intent.mode == "element":
        return double.pay(intent.intent_ref)
    made = double.complete(intent.session_ref) if intent.mode == "checkout" else double.pay_invoice(intent.invoice_ref)
    return double.get(made)["latest_charge"]


def only(double, *types):
    return [event for event in double.told("platform") if event["type"] in types]


@pytest.mark.parametrize("mode", ["element", "checkout", "invoice"])
def test_a_lost_dispute_that_is_told_first_brings_the_payment_with_it(purchase, card, deliver, mode):
    intent = ask(purchase, mode)
    card.lose(card.dispute(pay(card, intent), 8000))

    tell(card, only(card, "charge.dispute.closed"))
    settle(deliver)

    assert purchase.sums() == [(10000, 5000, 0, 0), (6000, 3000, 0, 0)]
    with transaction():
        assert db.session.scalars(select(Dispute.status)).all() == ["lost"]
    assert list(outcomes().values()) == ["applied"]
    tell(card)
    settle(deliver)
    assert purchase.sums() == [(10000, 5000, 0, 0), (6000, 3000, 0, 0)]
    assert differing() == []


@pytest.mark.parametrize("order", [1, -1])
def test_a_refund_by_hand_is_an_exception_at_once_and_none_when_it_failed(purchase, card, deliver, order):
    charge = card.pay(ask(purchase).intent_ref)
    kept, failed = card.refund_in_dashboard(charge, 1500), card.refund_in_dashboard(charge, 700)
    card.fail_refund(failed)

    tell(card, [each for each in card.told("platform") if each["type"].startswith("refund.")][::order])
    settle(deliver)

    assert purchase.sums() == [(10000, 0, 0, 0), (6000, 0, 0, 0)]
    with transaction():
        rows = db.session.scalars(select(MoneyException).where(MoneyException.status == "open")).all()
        assert [(row.kind, row.subject, row.amount_fen) for row in rows] == [("unknown_refund", kept, -1500)]
        assert db.session.scalars(select(Refund)).all() == []
    assert differing() == []


def test_what_is_not_ours_is_looked_at_once_and_left(purchase, card, deliver):
    foreign = {
        "id": "dp_9",
        "status": "lost",
        "amount": 1,
        "currency": "cny",
        "created": 1,
        "charge": "ch_9",
        "reason": "x",
    }
    told = {"id": "evt_9", "type": "charge.dispute.closed", "created": 1784088000, "data": {"object": foreign}}

    tell(card, [told])
    settle(deliver)

    assert outcomes() == {"evt_9": "unknown_object"}
    assert (count("provider_calls"), count("disputes")) == (1, 0)


def test_what_happens_on_a_producers_own_account_pays_nothing(purchase, card, deliver):
    intent = ask(purchase)
    card.pay(intent.intent_ref)
    (paid,) = only(card, "charge.succeeded")

    with transaction():
        events.receive({**paid, "account": "acct_producer"}, "v1", clock.now())
    settle(deliver)

    assert purchase.sums() == [(0, 0, 0, 0), (0, 0, 0, 0)]
    assert list(outcomes().values()) == ["other_account"]
