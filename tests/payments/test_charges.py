"""Money by card: taken once, a receipt of each producer, given back the way it came."""

from datetime import date

import pytest

from orders.payments import charges, credit, receipts, refund_sending, refunds
from orders.payments.models import Charge, Payment, Refund
from orders.payments.refund_paths import Allowance
from orders.payments.refund_sending import NotByCard
from orders.payments.refunds import GoesBackByCard, RefundTooHigh
from orders.purchase.machine import WrongState
from shop.db import db, transaction
from shop.errors import Forbidden
from tests.conftest import NOON, count
from tests.counting.build import accept, lines_of, make_order, make_organisation, make_trade
from tests.counting.test_recount import posted
from tests.payments.card import balance, charge, differences, receipts_of, sent_back
from tests.payments.help import pay, slip

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade():
    with transaction():
        return make_trade()


@pytest.fixture
def order(trade):
    """An accepted order of 100.00, not paid."""
    with transaction():
        order = make_order(trade)
        accept(order, ("10", "0"))
    return order


def test_a_charge_pays_its_orders_and_counts_on_its_day(order):
    with transaction():
        taken = charge((order, 10000))

    [payment] = receipts_of(taken)
    assert (payment.rail, payment.clearing, payment.status, payment.bank_serial) == (
        "stripe", "stripe", "confirmed", taken.charge_ref)  # fmt: skip
    assert (payment.recorded_by, payment.decided_by, payment.value_on) == (None, None, date(2026, 7, 15))
    assert (order.received_fen, order.stripe_fen, order.direct_fen, order.applied_fen) == (10000, 10000, 0, 10000)
    assert posted(order, "counted") == [(date(2026, 7, 15), 10000)]
    assert (balance("stripe_cash"), balance("buyer_credit"), balance("producer_payable")) == (10000, 0, -10000)
    assert differences() == []


def test_a_charge_that_is_told_again_changes_nothing(order):
    with transaction():
        charge((order, 10000), ref="ch_same")

    with transaction():
        charge((order, 10000), ref="ch_same")

    assert (count("charges"), count("payments"), order.received_fen) == (1, 1, 10000)


def test_a_charge_over_two_producers_is_a_receipt_of_each(trade):
    with transaction():
        other = make_trade(db.session.get_one(type(make_organisation()), trade.buyer.organisation_id))
        mine, theirs = make_order(trade), make_order(other, ((333, "3"),))
        taken = charge((mine, 10000), (theirs, 999))

    assert [(each.payee_id, each.amount_fen) for each in receipts_of(taken)] == [
        (mine.producer_id, 10000), (theirs.producer_id, 999)]  # fmt: skip
    assert (mine.received_fen, theirs.received_fen) == (10000, 999)
    assert differences() == []


def test_another_sum_than_was_asked_for_is_spread_in_proportion_to_the_fen(trade):
    with transaction():
        orders = [make_order(trade, ((100, "1"),)) for _ in range(3)]
        charge(*((each, 100) for each in orders), amount=200)

    assert [each.received_fen for each in orders] == [67, 67, 66]


def test_a_refund_goes_back_through_the_charge_and_is_confirmed_by_the_providers_word(trade, order):
    with transaction():
        taken = charge((order, 10000))
        made = refunds.request(order.public_id, 2500, "质量问题", actor=trade.buyer, at=NOON)
        refund_sending.send(made.public_id, trade.clerk, NOON)

    assert (made.status, made.clearing, made.charge_id, taken.refunded_fen) == ("sent", "stripe", taken.id, 2500)

    with transaction():
        refund_sending.confirm(made.id, "re_1", date(2026, 7, 15), NOON)
        refund_sending.confirm(made.id, "re_1", date(2026, 7, 15), NOON)

    assert (made.status, made.bank_serial, order.refunded_fen, order.refunding_fen, order.stripe_fen) == (
        "confirmed", "re_1", 2500, 0, 7500)  # fmt: skip
    assert posted(order, "counted") == [(date(2026, 7, 15), 10000), (date(2026, 7, 15), -2500)]
    assert balance("stripe_cash") == 7500
    assert differences() == []


def test_of_three_refunds_of_forty_on_a_charge_of_a_hundred_two_pass(trade, order):
    with transaction():
        taken = charge((order, 10000))
        for _ in range(2):
            refunds.request(order.public_id, 4000, "质量问题", actor=trade.buyer, at=NOON)

    with pytest.raises(RefundTooHigh), transaction():
        refunds.request(order.public_id, 4000, "质量问题", actor=trade.buyer, at=NOON)

    db.session.refresh(taken)
    assert (taken.refunded_fen, count("refunds")) == (8000, 2)


def test_money_of_both_rails_goes_back_by_each(trade, order):
    with transaction():
        first, second = charge((order, 3000)), charge((order, 3000))
        pay(trade, (order, 4000), value_on=date(2026, 7, 15))
        refunds.request(order.public_id, 8000, "协商", actor=trade.buyer, at=NOON)

    made = db.session.query(Refund).order_by(Refund.id).all()
    assert [(each.charge_id, each.clearing, each.amount_fen) for each in made] == [
        (second.id, "stripe", 3000), (first.id, "stripe", 3000), (None, None, 2000)]  # fmt: skip
    assert order.refunding_fen == 8000
    assert differences() == []


def test_a_refund_by_card_is_not_recorded_as_a_transfer_nor_the_other_way_round(trade, order):
    with transaction():
        charge((order, 3000))
        pay(trade, (order, 7000), value_on=date(2026, 7, 15))
        by_card = refunds.request(order.public_id, 3000, "协商", actor=trade.buyer, at=NOON)
        by_bank = refunds.request(order.public_id, 1000, "协商", actor=trade.buyer, at=NOON)

    with pytest.raises(GoesBackByCard), transaction():
        refunds.record(by_card.public_id, slip(), trade.clerk, NOON)
    with pytest.raises(NotByCard), transaction():
        refund_sending.send(by_bank.public_id, trade.clerk, NOON)
    with pytest.raises(Forbidden), transaction():
        refund_sending.send(by_card.public_id, trade.buyer, NOON)

    assert (by_card.status, by_bank.status) == ("requested", "requested")


def test_a_refused_refund_leaves_the_charge_whole(trade, order):
    with transaction():
        taken = charge((order, 10000))
        made = refunds.request(order.public_id, 2500, "质量问题", actor=trade.buyer, at=NOON)
        refunds.refuse(made.public_id, "商品无问题", trade.clerk, NOON)

    assert (taken.refunded_fen, order.refunding_fen) == (0, 0)
    assert differences() == []


def test_a_refund_that_fails_waits_for_a_person_with_the_reason(trade, order):
    with transaction():
        charge((order, 10000))
        made = refunds.request(order.public_id, 2500, "质量问题", actor=trade.buyer, at=NOON)
        refund_sending.send(made.public_id, trade.clerk, NOON)
        refund_sending.fail(made.id, "expired_or_canceled_card", NOON)

    assert (made.status, made.failure, order.refunding_fen) == ("requested", "expired_or_canceled_card", 2500)
    with transaction():
        refund_sending.send(made.public_id, trade.clerk, NOON)
    assert (made.attempts, made.failure) == (2, "")
    assert differences() == []


def test_a_refund_that_comes_back_later_is_turned_round_and_may_be_sent_again(trade, order):
    line = lines_of(order)[0]
    with transaction():
        charge((order, 10000))
        made = refunds.request(
            order.public_id, 2500, "短斤少两", actor=trade.buyer, at=NOON,
            lines=[Allowance(line=line.public_id, amount_fen=2500)],
        )  # fmt: skip
        refund_sending.send(made.public_id, trade.clerk, NOON)
        refund_sending.confirm(made.id, "re_1", date(2026, 7, 15), NOON)
        refund_sending.fail(made.id, "lost_or_stolen_card", NOON)

    assert (made.status, made.bank_serial, order.refunded_fen, order.refunding_fen, order.stripe_fen) == (
        "requested", None, 0, 2500, 10000)  # fmt: skip
    assert (line.allowed_fen, balance("stripe_cash")) == (0, 10000)
    assert [fen for _day, fen in posted(order, "counted")] == [10000, -2500, 2500]

    with transaction():
        refund_sending.send(made.public_id, trade.clerk, NOON)
        refund_sending.confirm(made.id, "re_2", date(2026, 7, 15), NOON)

    assert (order.refunded_fen, line.allowed_fen, balance("stripe_cash")) == (2500, 2500, 7500)
    assert differences() == []


def test_only_what_fell_away_is_sent_by_itself(trade, order):
    with transaction():
        charge((order, 10000))
        agreed = refunds.request(order.public_id, 2500, "协商", actor=trade.buyer, at=NOON)

        assert refund_sending.send_by_itself(agreed.id, NOON) is None

    with transaction():
        second = make_order(trade)
        accept(second, ("6", "4"))
        charge((second, 10000))
        fallen = refunds.request_what_is_too_much(second.public_id, NOON)
        assert fallen is not None
        refund_sending.send_by_itself(fallen.id, NOON)
        refund_sending.send_by_itself(fallen.id, NOON)

    assert (agreed.status, fallen.status, fallen.cause, fallen.amount_fen, fallen.attempts) == (
        "requested", "sent", "rejected", 4000, 1)  # fmt: skip

    with transaction():
        sent_back(fallen)

    assert (fallen.status, second.refunded_fen, second.due_fen) == ("confirmed", 4000, 6000)
    assert differences() == []


def test_credit_by_card_keeps_its_way_back_when_another_order_uses_it(trade):
    with transaction():
        first, second = make_order(trade), make_order(trade)
        taken = charge((first, 12000))
        credit.use_credit(second.public_id, 2000, trade.clerk, NOON)

    assert [(each.received_fen, each.stripe_fen) for each in (first, second)] == [(10000, 10000), (2000, 2000)]
    assert charges.shares_of_charge(taken.id) == {first.id: 10000, second.id: 2000}
    assert differences() == []


def test_nobody_confirms_or_refuses_what_the_provider_has_taken(trade, order):
    with transaction():
        [payment] = receipts_of(charge((order, 10000)))

    with pytest.raises(WrongState), transaction():
        receipts.refuse(payment.public_id, "不认", trade.checker, NOON)

    assert (db.session.get_one(Payment, payment.id).status, db.session.query(Charge).count()) == ("confirmed", 1)
