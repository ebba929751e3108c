"""Credit: what receipts have left and orders have too much pays other orders of the same two parties."""

import pytest

from orders.payments import credit, receipts
from orders.payments.credit import NotEnoughCredit, ReceiptRefused
from orders.payments.receipts import Share, TooMuchAllocated
from orders.purchase import due
from shop.db import db, transaction
from shop.errors import NotFound
from tests.conftest import NOON, count
from tests.counting.build import accept, lines_of, make_order, make_trade
from tests.payments.help import facts, pay

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade():
    with transaction():
        return make_trade()


def test_the_rest_of_a_confirmed_receipt_pays_another_order(trade):
    with transaction():
        one, two = make_order(trade), make_order(trade)
        payment = pay(trade, (one, 10000), amount=13000)
        credit.allocate(payment.public_id, [Share(order=two.public_id, amount_fen=3000)], trade.clerk, NOON)

    assert (payment.allocated_fen, two.received_fen, lines_of(two)[0].paid_fen) == (13000, 3000, 3000)


def test_no_more_than_the_rest_is_allocated(trade):
    with transaction():
        one, two = make_order(trade), make_order(trade)
        payment = pay(trade, (one, 10000), amount=13000)

    with pytest.raises(TooMuchAllocated), transaction():
        credit.allocate(payment.public_id, [Share(order=two.public_id, amount_fen=3001)], trade.clerk, NOON)

    db.session.refresh(two)
    assert (two.received_fen, count("payment_allocations")) == (0, 1)


def test_a_receipt_without_orders_is_allocated_and_then_confirmed_by_another(trade):
    with transaction():
        order = make_order(trade)
        payment = receipts.record(facts(amount=10000), trade.clerk, NOON)
        credit.allocate(payment.public_id, [Share(order=order.public_id, amount_fen=10000)], trade.clerk, NOON)
    assert order.received_fen == 0

    with transaction():
        receipts.confirm(payment.public_id, trade.checker, NOON)
    assert order.received_fen == 10000


def test_a_refused_receipt_is_not_allocated(trade):
    with transaction():
        order = make_order(trade)
        payment = receipts.record(facts(amount=10000), trade.clerk, NOON)
        receipts.refuse(payment.public_id, "退回", trade.checker, NOON)

    with pytest.raises(ReceiptRefused), transaction():
        credit.allocate(payment.public_id, [Share(order=order.public_id, amount_fen=1)], trade.clerk, NOON)


def test_credit_of_receipts_and_overpaid_orders_pays_an_order(trade):
    with transaction():
        one, two = make_order(trade), make_order(trade)
        pay(trade, (one, 12000), amount=13000)
        accept(one, ("8", "2"))
    assert due.payment_state_of(one) == "overpaid"

    with transaction():
        credit.use_credit(two.public_id, 4500, trade.clerk, NOON)

    assert (one.received_fen, one.direct_fen, two.received_fen, two.direct_fen) == (8500, 8500, 4500, 4500)
    assert (lines_of(one)[0].paid_fen, lines_of(two)[0].paid_fen) == (8000, 4500)


def test_more_credit_than_there_is_changes_nothing(trade):
    with transaction():
        one, two = make_order(trade), make_order(trade)
        pay(trade, (one, 10000), amount=13000)

    with pytest.raises(NotEnoughCredit) as refusal, transaction():
        credit.use_credit(two.public_id, 3001, trade.clerk, NOON)

    db.session.refresh(two)
    assert (two.received_fen, count("payment_allocations")) == (0, 1)
    assert refusal.value.members == {"available": {"amount": "30.00", "currency": "CNY"}}


def test_credit_never_pays_another_producers_order(trade):
    with transaction():
        one = make_order(trade)
        payment = pay(trade, (one, 10000), amount=13000)
        other = make_trade()
        stranger = make_order(other)

    with pytest.raises(NotFound), transaction():
        credit.allocate(payment.public_id, [Share(order=stranger.public_id, amount_fen=1)], trade.clerk, NOON)
