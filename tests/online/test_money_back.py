"""Money that goes back by card, and money that a payer's bank disputes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import select

from orders.online import dispute_calls, reconciling
from orders.online.dispute_calls import DisputeClosed
from orders.online.models import Dispute, PaymentIntent
from orders.payments import refund_sending, refunds
from orders.payments.models import Charge, MoneyException, Refund
from orders.payments.refunds import RefundTooHigh
from shop import clock
from shop.db import db, transaction
from shop.errors import DomainError, NotFound
from tests.conftest import NOON, count
from tests.counting.build import accept, make_actor, make_organisation
from tests.counting.test_recount import posted
from tests.online.conftest import settings_for
from tests.online.help import ask, differing, make_purchase, settle, tell
from tests.payments.help import pay

DAY = date(2026, 7, 15)
CARD = pytest.mark.usefixtures("session", "card")


@pytest.fixture
def purchase(card, deliver):
    """A paid and accepted purchase; ``card.charge`` is its charge."""
    return paid(card, deliver)


def paid(double, deliver):
    made = make_purchase()
    with transaction():
        for order in made.orders:
            accept(order, ("10", "0"))
    double.charge = double.pay(ask(made).intent_ref)
    tell(double)
    settle(deliver)
    return made


def ask_back(purchase, fen, order=0):
    with transaction():
        trade = purchase.trades[order]
        made = refunds.request(purchase.orders[order].public_id, fen, "质量问题", actor=trade.buyer, at=NOON)
        refund_sending.send(made.public_id, trade.clerk, NOON)
        return made.id


def refund_row(key):
    with transaction():
        row = db.session.get_one(Refund, key, populate_existing=True)
        return row.status, row.failure, row.attempts


def exceptions():
    with transaction():
        return [
            (row.kind, row.amount_fen) for row in db.session.scalars(select(MoneyException).order_by(MoneyException.id))
        ]


@CARD
def test_a_refund_goes_back_through_its_charge_and_the_answer_confirms_it(purchase, card, deliver):
    key = ask_back(purchase, 4000)

    settle(deliver)
    tell(card)
    settle(deliver)

    (made,) = card.client().v1.refunds.list().data
    assert (made.charge, made.amount) == (card.charge, 4000)
    assert refund_row(key) == ("confirmed", "", 1)
    assert purchase.sums() == [(10000, 4000, 0, 0), (6000, 0, 0, 0)]
    assert differing() == []


@CARD
def test_a_refund_that_fails_waits_for_a_person_and_a_new_one_is_a_new_refund(purchase, card, deliver):
    card.behaviour.refunds = {"card": "pending"}
    key = ask_back(purchase, 4000)
    settle(deliver)
    (first,) = card.client().v1.refunds.list().data
    card.fail_refund(first.id)
    tell(card)
    settle(deliver)
    assert refund_row(key) == ("requested", "expired_or_canceled_card", 1)

    with transaction():
        row = db.session.get_one(Refund, key)
        refund_sending.send(row.public_id, purchase.trades[0].clerk, NOON)
    settle(deliver)
    second = card.client().v1.refunds.list().data[0]
    card.settle_refund(second.id)
    tell(card)
    settle(deliver)

    assert second.id != first.id
    assert refund_row(key) == ("confirmed", "", 2)
    assert purchase.sums() == [(10000, 4000, 0, 0), (6000, 0, 0, 0)]
    assert differing() == []


@CARD
@pytest.mark.parametrize("order", [1, -1])
def test_a_refund_that_comes_back_is_owed_again_in_whatever_order_it_is_told(purchase, card, deliver, order):
    key = ask_back(purchase, 4000)
    settle(deliver)
    card.fail_refund(card.client().v1.refunds.list().data[0].id)

    tell(card, card.told("platform")[::order])
    settle(deliver)

    assert refund_row(key)[0] == "requested"
    assert purchase.sums() == [(10000, 0, 4000, 0), (6000, 0, 0, 0)]
    assert exceptions() == [("refund_failed", 4000)]
    assert differing() == []


@CARD
def test_a_refund_that_the_provider_refuses_waits_for_a_person(purchase, card, deliver):
    card.refund_in_dashboard(card.charge, 14000)
    key = ask_back(purchase, 4000)

    settle(deliver)

    status, failure, attempts = refund_row(key)
    assert (status, attempts, bool(failure)) == ("requested", 1, True)
    assert purchase.sums() == [(10000, 0, 4000, 0), (6000, 0, 0, 0)]


@CARD
def test_a_refund_that_somebody_made_by_hand_is_an_exception(purchase, card, deliver):
    card.refund_in_dashboard(card.charge, 1500)

    reconciling.look(clock.real_now() - NOON + reconciling.WEEK)
    reconciling.look(clock.real_now() - NOON + reconciling.WEEK)

    assert exceptions() == [("unknown_refund", -1500)]


@CARD
def test_a_dispute_holds_each_orders_part_and_gives_it_back_when_it_is_won(purchase, card, deliver):
    dispute = card.dispute(card.charge, 8000)
    tell(card)
    settle(deliver)

    assert purchase.sums() == [(10000, 0, 0, 5000), (6000, 0, 0, 3000)]
    assert [posted(order, "counted")[-1] for order in purchase.orders] == [(DAY, -5000), (DAY, -3000)]
    assert differing() == []

    card.win(dispute)
    tell(card)
    tell(card)
    settle(deliver)

    assert purchase.sums() == [(10000, 0, 0, 0), (6000, 0, 0, 0)]
    assert [posted(order, "counted")[-1] for order in purchase.orders] == [(DAY, 5000), (DAY, 3000)]
    with transaction():
        assert db.session.scalars(select(Charge.disputed_fen)).one() == 0
        assert db.session.scalars(select(Dispute.status)).one() == "won"
    assert differing() == []


@CARD
@pytest.mark.parametrize("order", [1, -1])
def test_a_lost_dispute_is_a_refund_in_whatever_order_it_is_told(purchase, card, deliver, order):
    card.lose(card.dispute(card.charge, 8000))

    tell(card, card.told("platform")[::order])
    settle(deliver)

    assert purchase.sums() == [(10000, 5000, 0, 0), (6000, 3000, 0, 0)]
    with transaction():
        assert db.session.scalars(select(Charge.disputed_fen)).one() == 8000
        rows = db.session.execute(select(Refund.cause, Refund.status, Refund.amount_fen).order_by(Refund.id)).all()
    assert [tuple(row) for row in rows] == [("dispute", "confirmed", 5000), ("dispute", "confirmed", 3000)]
    assert differing() == []


@CARD
def test_what_was_refunded_before_cannot_be_held_and_is_an_exception(purchase, card, deliver):
    dispute = card.dispute(card.charge)
    event = next(e for e in card.told("platform") if e["type"] == "charge.dispute.funds_withdrawn")
    ask_back(purchase, 4000)

    tell(card, [event])
    settle(deliver)

    assert purchase.sums()[0][3] + purchase.sums()[1][3] == 12000
    assert exceptions() == [("dispute_not_held", -4000)]
    assert card.get(dispute)["amount"] == 16000
    assert differing() == []


@CARD
def test_evidence_is_handed_in_once_by_who_may(purchase, card, deliver):
    dispute = card.dispute(card.charge)
    tell(card)
    settle(deliver)
    with transaction():
        operator = make_actor(make_organisation("operator"), "disputes:answer", "provider:manage")
        key = db.session.scalars(select(Dispute.public_id)).one()

    with transaction():
        dispute_calls.submit(key, "已签收，附验收单号。", operator, NOON)
    settle(deliver)

    assert card.get(dispute)["evidence"]["uncategorized_text"] == "已签收，附验收单号。"
    assert card.get(dispute)["status"] == "under_review"
    with pytest.raises(DisputeClosed), transaction():
        dispute_calls.submit(key, "再补充", operator, NOON)
    with pytest.raises(NotFound), transaction():
        dispute_calls.submit(key, "不是运营方", purchase.buyer, NOON)


@pytest.mark.committed
def test_of_three_refunds_of_forty_on_a_hundred_at_once_two_pass(committed_app, stripe_double, deliver):
    committed_app.config.update(settings_for(stripe_double))
    purchase = paid(stripe_double, deliver)
    order, trade, gate = purchase.orders[0].public_id, purchase.trades[0], Barrier(3)

    def one(_n):
        with committed_app.app_context(), clock.stopped_at(NOON):
            gate.wait()
            try:
                with transaction():
                    made = refunds.request(order, 4000, "质量问题", actor=trade.buyer, at=NOON)
                    refund_sending.send(made.public_id, trade.clerk, NOON)
            except DomainError as error:
                return type(error)
            finally:
                db.session.remove()
            return None

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(one, range(3)))
    settle(deliver)

    assert sorted(outcomes, key=str) == [RefundTooHigh, None, None]
    assert sorted(each.amount for each in stripe_double.client().v1.refunds.list().data) == [4000, 4000]
    assert purchase.sums()[0] == (10000, 8000, 0, 0)
    assert count("refunds") == 2
    assert differing() == []


@CARD
def test_a_payment_that_was_given_up_and_is_taken_all_the_same_goes_back_by_itself(card, deliver):
    made = make_purchase()
    intent = ask(made)
    with transaction():
        one, two = made.orders
        accept(one, ("10", "0"))
        accept(two, ("10", "0"))
        pay(made.trades[0], (one, 10000))
        pay(made.trades[1], (two, 1000))
        given_up = db.session.get_one(PaymentIntent, intent.id)
        given_up.status, given_up.closed_at = "cancelled", NOON

    card.pay(intent.intent_ref)
    tell(card)
    tell(card)
    settle(deliver)

    assert made.sums() == [(20000, 10000, 0, 0), (7000, 1000, 0, 0)]
    with transaction():
        refunds_made = db.session.scalars(select(Refund).order_by(Refund.id)).all()
        assert [(each.cause, each.amount_fen, each.status, each.clearing) for each in refunds_made] == [
            ("overpaid", 10000, "confirmed", "stripe"), ("overpaid", 1000, "confirmed", "stripe"),
        ]  # fmt: skip
    assert differing() == []
