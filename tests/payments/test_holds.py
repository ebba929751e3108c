"""Allowances on accepted goods, disputed money and the platform's fee."""

import pytest

from orders.payments import charges, holds, refund_sending, refunds
from orders.payments.refund_paths import Allowance, AllowanceSum, AllowanceTooHigh
from orders.purchase import due
from shop.db import transaction
from tests.conftest import NOON, count
from tests.counting.build import accept, lines_of, make_order, make_trade
from tests.payments.card import balance, charge, differences, sent_back

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


def test_what_is_given_back_for_accepted_goods_is_no_longer_owed(trade):
    with transaction():
        order = make_order(trade, ((1000, "5"), (1000, "5")), freight_fen=500)
        accept(order, ("5", "0"), ("5", "0"))
        charge((order, 10500))
        first, second = lines_of(order)
        made = refunds.request(
            order.public_id, 3000, "部分变质", actor=trade.buyer, at=NOON,
            lines=[Allowance(line=first.public_id, amount_fen=1000), Allowance(line=second.public_id, amount_fen=2000)],
        )  # fmt: skip

    assert (order.due_fen, order.earned_fen, due.unpaid_fen(order)) == (10500, 10500, 0)

    with transaction():
        refund_sending.send(made.public_id, trade.clerk, NOON)
        sent_back(made)

    assert (order.due_fen, order.earned_fen, order.applied_fen, due.unpaid_fen(order)) == (7500, 7500, 7500, 0)
    assert [(line.accepted_fen, line.paid_fen, line.counted_fen) for line in lines_of(order)] == [
        (5000, 4000, 4000), (5000, 3000, 3000)]  # fmt: skip
    assert (balance("buyer_receivable"), balance("producer_payable")) == (0, -7500)
    assert refunds.request_what_is_too_much(order.public_id, NOON) is None
    assert differences() == []


def test_no_line_gets_more_back_than_its_goods_cost(trade, order):
    line = lines_of(order)[0]
    with transaction():
        charge((order, 10000))
        refunds.request(
            order.public_id, 9000, "变质", actor=trade.buyer, at=NOON,
            lines=[Allowance(line=line.public_id, amount_fen=9000)],
        )  # fmt: skip

    with pytest.raises(AllowanceTooHigh) as refusal, transaction():
        refunds.request(
            order.public_id, 1001, "变质", actor=trade.buyer, at=NOON,
            lines=[Allowance(line=line.public_id, amount_fen=1001)],
        )  # fmt: skip
    with pytest.raises(AllowanceSum), transaction():
        refunds.request(
            order.public_id, 900, "变质", actor=trade.buyer, at=NOON,
            lines=[Allowance(line=line.public_id, amount_fen=800)],
        )  # fmt: skip

    assert refusal.value.members["errors"] == [{"pointer": "#/lines/0/amount", "detail": "该行最多可退 10.00 元。"}]
    assert (count("refunds"), order.refunding_fen) == (1, 9000)


def test_a_dispute_holds_what_counts_and_gives_it_back_when_it_is_won(order):
    with transaction():
        charge((order, 10000))

        assert holds.hold(order, 6000, key="dispute:1:order:1", at=NOON) == 6000

    assert (order.held_fen, order.applied_fen, lines_of(order)[0].counted_fen) == (6000, 4000, 4000)
    assert (balance("stripe_cash"), balance("stripe_disputed"), balance("dispute_hold")) == (4000, 6000, -6000)
    assert differences() == []

    with transaction():
        holds.release(order, 6000, key="dispute:1:order:1", at=NOON)

    assert (order.held_fen, order.applied_fen, lines_of(order)[0].counted_fen) == (0, 10000, 10000)
    assert (balance("stripe_cash"), balance("stripe_disputed"), balance("dispute_hold")) == (10000, 0, 0)
    assert differences() == []


def test_a_lost_dispute_is_a_refund_that_nobody_was_asked_for(order):
    with transaction():
        taken = charge((order, 10000))
        taken.disputed_fen = 6000
        holds.hold(order, 6000, key="dispute:1:order:1", at=NOON)
        lost = holds.lose(order, 6000, taken.id, dispute_ref="dp_1", key="dispute:1:order:1", at=NOON)

    assert (lost.status, lost.cause, lost.charge_id) == ("confirmed", "dispute", taken.id)
    assert (order.held_fen, order.refunded_fen, order.stripe_fen, lines_of(order)[0].counted_fen) == (
        0,
        6000,
        4000,
        4000,
    )
    assert (balance("stripe_cash"), balance("stripe_disputed"), balance("refund_payable")) == (4000, 0, 0)
    assert charges.shares_of_charge(taken.id) == {order.id: 4000}
    assert differences() == []


def test_no_more_is_held_than_is_left(trade, order):
    with transaction():
        charge((order, 10000))
        refunds.request(order.public_id, 7000, "协商", actor=trade.buyer, at=NOON)

        assert holds.hold(order, 6000, key="dispute:1:order:1", at=NOON) == 3000

    assert order.held_fen == 3000
    assert differences() == []


def test_the_platforms_fee_is_a_part_of_what_is_applied(order):
    with transaction():
        order.fee_bp = 60
        charge((order, 9999))

    assert (order.fee_fen, balance("fees"), balance("producer_payable")) == (60, -60, -9940)

    with transaction():
        holds.hold(order, 5000, key="dispute:1:order:1", at=NOON)

    assert (order.applied_fen, order.fee_fen, balance("fees")) == (4999, 30, -30)
    assert differences() == []
