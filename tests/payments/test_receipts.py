"""Receipts: two persons, several orders, credit, refusals that change nothing."""

from dataclasses import replace
from datetime import date

import pytest

from orders.payments import receipts, refunds
from orders.payments.receipts import (
    BuyerUnknown,
    OrderNotPayable,
    SamePerson,
    SerialAlreadyRecorded,
    TooMuchAllocated,
    ValueDayAhead,
)
from orders.payments.transfers import PayerNotAuthorised
from orders.purchase import due
from orders.purchase.machine import WrongState
from shop import clock
from shop.db import db, transaction
from shop.errors import Forbidden, NotFound
from shop.identity.models import Organisation
from tests.conftest import NOON, count
from tests.counting.build import accept, lines_of, make_actor, make_order, make_organisation, make_trade
from tests.payments.help import facts, pay, slip, two_persons

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade():
    with transaction():
        return make_trade()


def place(trade, *args, **kwargs):
    with transaction():
        return make_order(trade, *args, **kwargs)


def test_a_recorded_receipt_pays_nothing_yet(trade):
    order = place(trade)

    with transaction():
        payment = receipts.record(facts((order, 4000)), trade.clerk, NOON)

    assert (payment.status, payment.allocated_fen, payment.buyer_id) == ("recorded", 4000, order.buyer_id)
    assert (order.received_fen, lines_of(order)[0].paid_fen) == (0, 0)


def test_confirming_pays_the_orders_on_the_value_day(trade):
    one, two = place(trade, placed_at=None), place(trade, [(500, "3")])
    with transaction():
        payment = receipts.record(facts((one, 4000), (two, 1500), value_on=date(2026, 7, 15)), trade.clerk, NOON)

    with transaction():
        receipts.confirm(payment.public_id, trade.checker, NOON)

    assert (payment.status, payment.decided_by) == ("confirmed", trade.checker.user_id)
    assert (one.received_fen, one.direct_fen, two.received_fen) == (4000, 4000, 1500)
    assert (lines_of(one)[0].paid_fen, lines_of(one)[0].last_paid_on) == (4000, date(2026, 7, 15))
    assert (due.payment_state_of(one), due.payment_state_of(two)) == ("part_paid", "paid")
    assert not due.is_paid_in_full(one)
    assert due.is_paid_in_full(two)


def test_several_receipts_pay_one_order(trade):
    order = place(trade)
    with transaction():
        accept(order, ("10", "0"))
        for fen in (3000, 3000, 4000):
            pay(trade, (order, fen))

    assert (order.received_fen, due.payment_state_of(order)) == (10000, "paid")
    assert lines_of(order)[0].counted_fen == 10000


def test_a_value_day_before_the_order_counts_from_the_order_on(trade):
    order = place(trade)
    with transaction():
        pay(trade, (order, 10000), value_on=date(2026, 7, 1))

    assert lines_of(order)[0].last_paid_on == date(2026, 7, 15)


def test_what_is_left_over_is_credit(trade):
    order = place(trade)
    with transaction():
        payment = pay(trade, (order, 10000), amount=12500)

    assert (payment.allocated_fen, order.received_fen) == (10000, 10000)


def test_who_recorded_does_not_confirm(trade):
    order = place(trade)
    with transaction():
        payment = receipts.record(facts((order, 4000)), trade.clerk, NOON)

    with pytest.raises(WrongState), transaction():
        receipts.confirm(payment.public_id, trade.clerk, NOON)

    db.session.refresh(order)
    assert (payment.status, order.received_fen) == ("recorded", 0)


def test_who_allocated_does_not_confirm(trade):
    order = place(trade)
    other = replace(trade.clerk, user_id=make_clerk(trade).user_id)
    with transaction():
        payment = receipts.record(facts(amount=5000), trade.clerk, NOON)
    with transaction():
        receipts.allocate_rows(payment, [receipts.Share(order=order.public_id, amount_fen=5000)], other, NOON)

    with pytest.raises(SamePerson), transaction():
        receipts.confirm(payment.public_id, other, NOON)


def make_clerk(trade):
    with transaction():
        seller = db.session.get_one(Organisation, trade.clerk.organisation_id)
        return make_actor(seller)


def test_a_receipt_is_confirmed_once(trade):
    order = place(trade)
    with transaction():
        payment = pay(trade, (order, 4000))

    with pytest.raises(WrongState), transaction():
        receipts.confirm(payment.public_id, trade.checker, NOON)

    assert order.received_fen == 4000


def test_the_buyer_may_look_and_not_confirm(trade):
    order = place(trade)
    with transaction():
        payment = receipts.record(facts((order, 4000)), trade.clerk, NOON)

    with pytest.raises(Forbidden), transaction():
        receipts.confirm(payment.public_id, trade.buyer, NOON)


def test_a_stranger_sees_no_receipt(trade):
    order = place(trade)
    with transaction():
        payment = receipts.record(facts((order, 4000)), trade.clerk, NOON)
        stranger = make_actor(make_organisation("producer"))

    for act in (receipts.confirm, lambda i, a, t: receipts.refuse(i, "不对", a, t)):
        with pytest.raises(NotFound), transaction():
            act(payment.public_id, stranger, NOON)
    assert payment.status == "recorded"


def test_the_operator_records_and_confirms_for_a_named_payee(trade):
    order = place(trade)
    with transaction():
        operator = make_organisation("operator")
        clerk, checker = make_actor(operator), make_actor(operator)
        payee = trade.clerk.organisation_public_id
        payment = receipts.record(facts((order, 4000), payee=payee, clearing="supervised"), clerk, NOON)
        receipts.confirm(payment.public_id, checker, NOON)

    assert (order.received_fen, order.direct_fen) == (4000, 0)


def test_what_the_operator_records_of_a_producers_own_account_the_producer_confirms(trade):
    order = place(trade)
    with transaction():
        operator = make_organisation("operator")
        clerk, checker = make_actor(operator), make_actor(operator)
        payee = trade.clerk.organisation_public_id
        payment = receipts.record(facts((order, 4000), payee=payee), clerk, NOON)

    with pytest.raises(WrongState), transaction():
        receipts.confirm(payment.public_id, checker, NOON)
    assert (payment.status, order.received_fen) == ("recorded", 0)
    with transaction():
        receipts.confirm(payment.public_id, trade.checker, NOON)
        back = refunds.request(order.public_id, 1000, "协商退款", actor=trade.buyer, at=NOON)
        refunds.record(back.public_id, slip(), clerk, NOON)

    with pytest.raises(WrongState), transaction():
        refunds.confirm(back.public_id, checker, NOON)
    assert (order.direct_fen, order.refunded_fen, back.status) == (4000, 0, "recorded")
    with transaction():
        refunds.confirm(back.public_id, trade.checker, NOON)
    assert (order.direct_fen, order.refunded_fen) == (3000, 1000)


def test_a_refused_receipt_may_be_recorded_again(trade):
    order = place(trade)
    with transaction():
        payment = receipts.record(facts((order, 4000), bank_serial="S1"), trade.clerk, NOON)
        receipts.refuse(payment.public_id, "金额不符", trade.checker, NOON)

    with transaction():
        again = receipts.record(facts((order, 4100), bank_serial="S 1"), trade.clerk, NOON)

    assert (payment.status, payment.reason, again.status) == ("refused", "金额不符", "recorded")
    assert (again.bank_serial, order.received_fen) == ("S1", 0)


def refused(error, trade, receipt, actor=None):
    before = count("payments"), count("payment_allocations"), count("moves")
    with pytest.raises(error), transaction():
        receipts.record(receipt, actor or trade.clerk, clock.now())
    assert (count("payments"), count("payment_allocations"), count("moves")) == before


def test_a_serial_is_recorded_once_per_receiver(trade):
    order = place(trade)
    with transaction():
        receipts.record(facts((order, 100), bank_serial="S1"), trade.clerk, NOON)

    refused(SerialAlreadyRecorded, trade, facts((order, 100), bank_serial="S1"))


def test_the_value_day_is_not_ahead(trade):
    refused(ValueDayAhead, trade, facts((place(trade), 100), value_on=date(2026, 7, 16)))


def test_no_more_is_allocated_than_came_in(trade):
    refused(TooMuchAllocated, trade, facts((place(trade), 100), amount=99))


def test_an_order_nobody_confirmed_takes_no_money(trade):
    refused(OrderNotPayable, trade, facts((place(trade, status="awaiting_confirmation"), 100)))


def test_another_producers_order_is_not_there(trade):
    with transaction():
        other = make_trade()
        order = make_order(other)

    refused(NotFound, trade, facts((order, 100)))


def test_one_receipt_is_one_buyers_unless_its_payer_pays_for_both(trade):
    mine = place(trade)
    with transaction():
        theirs = make_order(replace(trade, buyer=make_actor(make_organisation())))

    refused(PayerNotAuthorised, trade, facts((mine, 100), (theirs, 100)))


def test_a_receipt_of_nobody_is_not_confirmed(trade):
    with transaction():
        payment = receipts.record(facts(amount=100), trade.clerk, NOON)

    with pytest.raises(BuyerUnknown), transaction():
        receipts.confirm(payment.public_id, trade.checker, NOON)


def test_a_producer_never_says_that_money_came_to_or_left_the_supervised_account(trade):
    order = place(trade)
    with transaction():
        with pytest.raises(Forbidden):
            receipts.record(facts((order, 4000), clearing="supervised"), trade.clerk, NOON)
        clerk, checker = two_persons(trade, "supervised")
        made = receipts.record(facts((order, 4000), clearing="supervised"), clerk, NOON)
        with pytest.raises(Forbidden):
            receipts.confirm(made.public_id, trade.checker, NOON)
        assert (made.status, order.received_fen) == ("recorded", 0)
        receipts.confirm(made.public_id, checker, NOON)
        back = refunds.request(order.public_id, 1000, "协商", actor=trade.buyer, at=NOON)
        with pytest.raises(Forbidden):
            refunds.record(back.public_id, slip(clearing="supervised"), trade.clerk, NOON)
        refunds.record(back.public_id, slip(clearing="supervised"), clerk, NOON)
        with pytest.raises(Forbidden):
            refunds.confirm(back.public_id, trade.checker, NOON)

    assert (order.received_fen, order.refunded_fen, back.status) == (4000, 0, "recorded")
