"""Credit: what receipts have left and orders have too much pays other orders of the same two parties."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from orders.payments import checks, credit, credit_refunds, queries, receipts
from orders.payments.credit import NotEnoughCredit, ReceiptRefused
from orders.payments.receipts import Share, TooMuchAllocated
from orders.payments.refund_origins import RefundBeforeOrder
from orders.payments.refunds import OtherAccount
from orders.purchase import due
from orders.purchase.machine import WrongState
from shop.db import db, transaction
from shop.errors import Forbidden, NotFound
from tests.conftest import NOON, count
from tests.counting.build import accept, lines_of, make_order, make_trade
from tests.payments.help import facts, pay, slip

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


def test_a_buyer_pays_from_its_own_credit_what_the_order_waits_for(trade):
    with transaction():
        order, other = make_order(trade), make_order(trade)
        accept(order, ("10", "0"))
        payment = pay(trade, (other, 10000), amount=25000)
        assert credit.available_fen(order) == 15000
    stranger = trade.clerk

    for refusal, actor, fen in (
        (Forbidden, stranger, 4000), (TooMuchAllocated, trade.buyer, 10001), (NotEnoughCredit, trade.buyer, 15001),
    ):  # fmt: skip
        with pytest.raises(refusal), transaction():
            credit.pay_from_credit(order.public_id, fen, actor, NOON)
    db.session.refresh(order)
    assert (order.received_fen, count("payment_allocations")) == (0, 1)

    with transaction():
        credit.pay_from_credit(order.public_id, 10000, trade.buyer, NOON)
    assert (order.received_fen, lines_of(order)[0].counted_fen, payment.left_fen) == (10000, 10000, 5000)
    assert agrees() == []


def test_the_buyers_page_pays_from_credit_and_the_api_does(client, login, bearer):
    with transaction():
        trade = make_trade(members=True)
        order, other = make_order(trade), make_order(trade)
        pay(trade, (other, 10000), amount=16000)
    header = bearer(trade.buyer)
    page = login(trade.buyer)

    assert "用余额付款" in page.get(f"/desk/payments/{order.public_id}").text
    path = f"/desk/payments/{order.public_id}/credit"
    assert 'value="60.00"' in page.get(path).text
    assert page.post(path, data={"amount": "40.00", "idempotency_key": "k1"}).status_code == 302
    told = client.post(
        f"/api/v1/orders/{order.public_id}/pay-from-credit", json={"amount": {"amount": "20.00", "currency": "CNY"}},
        headers={**header, "Idempotency-Key": "k2"},
    )  # fmt: skip

    assert (told.status_code, told.json["received"]["amount"]) == (200, "60.00")
    denied = client.post(
        f"/api/v1/orders/{order.public_id}/pay-from-credit", json={"amount": {"amount": "1.00", "currency": "CNY"}},
        headers={**bearer(trade.clerk), "Idempotency-Key": "k3"},
    )  # fmt: skip
    assert denied.status_code == 403


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


# --- credit that goes back


def totals(order):
    """What must not move when credit goes back."""
    db.session.refresh(order)
    return order.received_fen, order.refunded_fen, order.refunding_fen, lines_of(order)[0].counted_fen


def agrees():
    found = checks.differing_sums() + checks.differing_payments() + checks.differing_balances()
    return [str(one) for one in found]


def test_credit_goes_back_to_its_payer_by_two_persons_and_orders_stay_as_they_are(trade):
    with transaction():
        order, other = make_order(trade), make_order(trade)
        accept(order, ("10", "0"))
        payment = pay(trade, (order, 10000), amount=13000)
    before = totals(order)
    with transaction():
        back = credit_refunds.request(payment.public_id, 2500, "多付", trade.buyer, NOON)
    assert (payment.left_fen, payment.returned_fen, agrees()) == (500, 2500, [])
    with pytest.raises(NotEnoughCredit) as refusal, transaction():
        credit.use_credit(other.public_id, 501, trade.clerk, NOON)
    assert refusal.value.members == {"available": {"amount": "5.00", "currency": "CNY"}}
    with pytest.raises(NotEnoughCredit), transaction():
        credit_refunds.request(payment.public_id, 501, "多付", trade.buyer, NOON)
    with pytest.raises(TooMuchAllocated), transaction():
        credit.allocate(payment.public_id, [Share(order=other.public_id, amount_fen=501)], trade.clerk, NOON)
    for refused, given, actor in (
        (OtherAccount, slip(clearing="supervised"), trade.clerk),
        (RefundBeforeOrder, slip(value_on=date(2026, 7, 13)), trade.clerk),
        (Forbidden, slip(), trade.buyer),
    ):
        with pytest.raises(refused), transaction():
            credit_refunds.record(back.public_id, given, actor, NOON)

    with transaction():
        credit_refunds.record(back.public_id, slip(bank_serial="T1"), trade.clerk, NOON)
    with pytest.raises(WrongState), transaction():
        credit_refunds.confirm(back.public_id, trade.clerk, NOON)
    with transaction():
        credit_refunds.confirm(back.public_id, trade.checker, NOON)

    assert (back.status, totals(order), agrees()) == ("confirmed", before, [])
    [row] = queries.list_credit(trade.buyer, date(2026, 7, 15))
    assert (row.unallocated_fen, row.overpaid_fen) == (500, 0)
    with pytest.raises(DatabaseError, match="append-only"), transaction():
        db.session.execute(text("UPDATE credit_refunds SET amount_fen = 1"))


def test_who_asked_for_credit_takes_it_back_and_nobody_else(trade):
    with transaction():
        payment = pay(trade, (make_order(trade), 10000), amount=13000)
        back = credit_refunds.request(payment.public_id, 3000, "多付", trade.buyer, NOON)

    for other in (trade.buyer2, trade.clerk):
        with pytest.raises(WrongState), transaction():
            credit_refunds.withdraw(back.public_id, other, NOON)
    assert (back.status, payment.returned_fen) == ("requested", 3000)
    with transaction():
        credit_refunds.withdraw(back.public_id, trade.buyer, NOON)

    assert (back.status, back.refusal, payment.left_fen, payment.returned_fen) == ("refused", "申请人撤回", 3000, 0)
    assert agrees() == []
    with pytest.raises(WrongState), transaction():
        credit_refunds.withdraw(back.public_id, trade.buyer, NOON)


def test_credit_that_is_not_given_back_is_credit_again(trade):
    with transaction():
        payment = pay(trade, (make_order(trade), 10000), amount=13000)
        stranger = make_trade()
        back = credit_refunds.request(payment.public_id, 3000, "多付", trade.buyer, NOON)
    for act in (
        lambda: credit_refunds.request(payment.public_id, 1, "?", stranger.buyer, NOON),
        lambda: credit_refunds.refuse(back.public_id, "?", stranger.clerk, NOON),
    ):
        with pytest.raises(NotFound), transaction():
            act()

    with transaction():
        credit_refunds.refuse(back.public_id, "抵下一单", trade.clerk, NOON)

    assert (back.status, payment.left_fen, payment.returned_fen, agrees()) == ("refused", 3000, 0, [])
