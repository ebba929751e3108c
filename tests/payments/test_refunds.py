"""Refunds: set aside when asked for, never more than came in, felt by what counts on the day."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orders.payments import credit, refund_queries, refunds
from orders.payments.models import PaymentAllocation, Refund
from orders.payments.refund_models import RefundReceipt
from orders.payments.refund_origins import RefundBeforeOrder
from orders.payments.refunds import OtherAccount, RefundSerialTaken, RefundTooHigh
from orders.purchase import due
from orders.purchase.machine import WrongState
from shop.db import db, transaction
from shop.errors import Forbidden, NotFound
from tests.conftest import NOON, count
from tests.counting.build import accept, cancel_rest, lines_of, make_actor, make_order, make_organisation, make_trade
from tests.counting.test_recount import posted
from tests.payments.help import pay, refund, slip

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade():
    with transaction():
        return make_trade()


@pytest.fixture
def order(trade):
    """A paid and accepted order of 100.00."""
    with transaction():
        order = make_order(trade)
        accept(order, ("10", "0"))
        pay(trade, (order, 10000), value_on=date(2026, 7, 15))
    return order


def test_of_three_refunds_of_forty_on_a_hundred_two_pass(trade, order):
    with transaction():
        for _ in range(2):
            refunds.request(order.public_id, 4000, "质量问题", actor=trade.buyer, at=NOON)

    with pytest.raises(RefundTooHigh) as refusal, transaction():
        refunds.request(order.public_id, 4000, "质量问题", actor=trade.buyer, at=NOON)

    db.session.refresh(order)
    assert (order.refunding_fen, count("refunds")) == (8000, 2)
    assert refusal.value.members == {"left": {"amount": "20.00", "currency": "CNY"}}


def test_a_confirmed_refund_lowers_what_counts_on_its_value_day(trade, order):
    with transaction():
        refund(trade, order, 2500, value_on=date(2026, 7, 15))

    assert (order.refunded_fen, order.refunding_fen, order.direct_fen) == (2500, 0, 7500)
    assert lines_of(order)[0].counted_fen == 7500
    assert posted(order, "counted") == [(date(2026, 7, 15), 10000), (date(2026, 7, 15), -2500)]
    assert due.payment_state_of(order) == "part_refunded"


def test_an_asked_for_refund_counts_nothing_down(trade, order):
    with transaction():
        refunds.request(order.public_id, 2500, "质量问题", actor=trade.buyer, at=NOON)

    assert (order.refunding_fen, lines_of(order)[0].counted_fen) == (2500, 10000)


def test_who_recorded_a_refund_does_not_confirm_it(trade, order):
    with transaction():
        made = refunds.request(order.public_id, 2500, "质量问题", actor=trade.buyer, at=NOON)
        refunds.record(made.public_id, slip(), trade.clerk, NOON)

    with pytest.raises(WrongState), transaction():
        refunds.confirm(made.public_id, trade.clerk, NOON)

    db.session.refresh(order)
    assert (made.status, order.refunded_fen) == ("recorded", 0)


def test_a_refund_that_nobody_recorded_is_not_confirmed(trade, order):
    with transaction():
        asked = refunds.request(order.public_id, 4000, "质量问题", actor=trade.buyer, at=NOON)

    with pytest.raises(WrongState), transaction():
        refunds.confirm(asked.public_id, trade.checker, NOON)

    db.session.refresh(asked)
    db.session.refresh(order)
    assert (asked.status, asked.decided_by, order.refunded_fen, order.refunding_fen) == ("requested", None, 0, 4000)


def test_the_buyer_does_not_record_a_refund(trade, order):
    with transaction():
        made = refunds.request(order.public_id, 2500, "质量问题", actor=trade.buyer, at=NOON)

    with pytest.raises(Forbidden), transaction():
        refunds.record(made.public_id, slip(), trade.buyer, NOON)


def test_a_stranger_sees_no_refund(trade, order):
    with transaction():
        made = refunds.request(order.public_id, 2500, "质量问题", actor=trade.buyer, at=NOON)
        stranger = make_actor(make_organisation())

    with pytest.raises(NotFound), transaction():
        refunds.request(order.public_id, 1, "?", actor=stranger, at=NOON)
    with pytest.raises(NotFound), transaction():
        refunds.refuse(made.public_id, "?", stranger, NOON)


def test_a_refused_refund_frees_what_was_set_aside(trade, order):
    with transaction():
        made = refunds.request(order.public_id, 10000, "质量问题", actor=trade.buyer, at=NOON)
        refunds.refuse(made.public_id, "不同意", trade.clerk, NOON)
        refunds.request(order.public_id, 10000, "质量问题", actor=trade.buyer, at=NOON)

    assert (made.status, made.refusal, order.refunding_fen) == ("refused", "不同意", 10000)


def test_money_goes_back_the_way_it_came(trade, order):
    with transaction():
        made = refunds.request(order.public_id, 2500, "质量问题", actor=trade.buyer, at=NOON)

    with pytest.raises(OtherAccount), transaction():
        refunds.record(made.public_id, slip(clearing="supervised"), trade.clerk, NOON)
    with pytest.raises(RefundBeforeOrder), transaction():
        refunds.record(made.public_id, slip(value_on=date(2026, 7, 14)), trade.clerk, NOON)


def test_a_refund_does_not_go_back_before_the_money_came(trade):
    with transaction():
        order = make_order(trade, placed_at=datetime(2026, 6, 1, 4, tzinfo=UTC))
        accept(order, ("10", "0"), at=datetime(2026, 6, 20, 4, tzinfo=UTC))
        pay(trade, (order, 10000), value_on=date(2026, 7, 10))
        made = refunds.request(order.public_id, 2500, "质量问题", actor=trade.buyer, at=NOON)

    with pytest.raises(RefundBeforeOrder) as refused, transaction():
        refunds.record(made.public_id, slip(value_on=date(2026, 6, 25)), trade.clerk, NOON)

    assert refused.value.members == {"value_on": "2026-06-25", "paid_on": "2026-07-10"}
    with transaction():
        refunds.record(made.public_id, slip(value_on=date(2026, 7, 10)), trade.clerk, NOON)
        refunds.confirm(made.public_id, trade.checker, NOON)
    assert counted_by_day(order) == [(date(2026, 7, 10), 7500)]


def test_what_counted_falls_no_earlier_than_the_day_on_which_it_counted(trade):
    with transaction():
        order = make_order(trade, placed_at=datetime(2026, 6, 1, 4, tzinfo=UTC))
        pay(trade, (order, 10000), value_on=date(2026, 6, 5))
        accept(order, ("10", "0"), at=datetime(2026, 7, 10, 4, tzinfo=UTC))
        made = refunds.request(order.public_id, 2500, "质量问题", actor=trade.buyer, at=NOON)
        refunds.record(made.public_id, slip(value_on=date(2026, 6, 25)), trade.clerk, NOON)
        refunds.confirm(made.public_id, trade.checker, NOON)

    assert counted_by_day(order) == [(date(2026, 7, 10), 7500)]


def counted_by_day(order):
    """What counts of an order on each day, days of nothing left out."""
    query = text("""
        SELECT p.business_on, sum(p.amount_fen)::bigint FROM postings p
        JOIN ledger_dimensions d ON d.id = p.dimension_id
        WHERE p.measure = 'counted' AND d.order_id = :order
        GROUP BY 1 HAVING sum(p.amount_fen) <> 0 ORDER BY 1""")
    return [tuple(row) for row in db.session.execute(query, {"order": order.id})]


def test_a_refunds_serial_is_used_once_in_an_order(trade, order):
    with transaction():
        refund(trade, order, 1000, bank_serial="R1")
        made = refunds.request(order.public_id, 1000, "质量问题", actor=trade.buyer, at=NOON)

    with pytest.raises(RefundSerialTaken), transaction():
        refunds.record(made.public_id, slip(bank_serial="R1"), trade.clerk, NOON)

    db.session.refresh(made)
    assert made.status == "requested"


def test_rejected_goods_already_paid_are_asked_back_once(trade):
    with transaction():
        order = make_order(trade)
        pay(trade, (order, 12000))
        accept(order, ("7", "3"))
        made = refunds.request_what_is_too_much(order.public_id, NOON)
        again = refunds.request_what_is_too_much(order.public_id, NOON)

    assert made is not None
    assert (made.amount_fen, made.cause, made.requested_by, again) == (3000, "rejected", None, None)
    assert due.payment_state_of(order) == "overpaid"


def test_a_cancelled_order_that_was_paid_is_asked_back_whole(trade):
    with transaction():
        order = make_order(trade, status="confirmed", freight_fen=500)
        pay(trade, (order, 10500))
        order.status = "cancelled"
        cancel_rest(order)
        made = refunds.request_what_is_too_much(order.public_id, NOON)

    assert made is not None
    assert (made.amount_fen, made.cause, order.due_fen) == (10500, "cancelled", 0)


def test_what_is_not_paid_is_not_asked_back(trade):
    with transaction():
        order = make_order(trade)
        accept(order, ("7", "3"))

    with transaction():
        assert refunds.request_what_is_too_much(order.public_id, NOON) is None


def named(refund):
    query = select(RefundReceipt.payment_id, RefundReceipt.amount_fen).where(RefundReceipt.refund_id == refund.id)
    return {row.payment_id: row.amount_fen for row in db.session.execute(query.order_by(RefundReceipt.payment_id))}


def test_money_of_several_payers_goes_back_to_each_and_never_more_than_came_from_it(trade):
    with transaction():
        order = make_order(trade)
        canteen, again, union = (
            pay(trade, (order, fen), payer_name=name, payer_account=account, value_on=date(2026, 7, 15))
            for fen, name, account in ((3000, "食堂", "A1"), (3000, "食堂", "A1"), (4000, "工会", "B1"))
        )
        first = refunds.request(order.public_id, 1000, "协商", actor=trade.buyer, at=NOON)
        refunds.request(order.public_id, 8000, "协商", actor=trade.buyer, at=NOON)
        rest = refunds.request(order.public_id, 1000, "协商", actor=trade.buyer, at=NOON)

    made = db.session.scalars(select(Refund).order_by(Refund.id)).all()
    assert [named(each) for each in made] == [
        {union.id: 1000}, {union.id: 3000}, {canteen.id: 2000, again.id: 3000}, {canteen.id: 1000},
    ]  # fmt: skip
    shown = refund_queries.get_refund(made[2].public_id, trade.clerk, date(2026, 7, 15))
    assert (shown.payer_name, shown.payer_account, shown.amount_fen) == ("食堂", "A1", 5000)
    with pytest.raises(OtherAccount), transaction():
        refunds.record(first.public_id, slip(clearing="supervised"), trade.clerk, NOON)
    with pytest.raises(IntegrityError, match="more goes back"), transaction():
        db.session.add(RefundReceipt(refund_id=rest.id, payment_id=union.id, amount_fen=1))
    with transaction():
        refunds.refuse(first.public_id, "不退", trade.clerk, NOON)
        last = refunds.request(order.public_id, 1000, "协商", actor=trade.buyer, at=NOON)
    assert named(last) == {union.id: 1000}


def test_what_goes_back_to_a_payer_is_no_credit_any_more(trade):
    with transaction():
        one, two = make_order(trade), make_order(trade)
        early = pay(trade, (one, 6000), payer_name="食堂", value_on=date(2026, 7, 14))
        late = pay(trade, (one, 4000), payer_name="工会")
        accept(one, ("5", "5"))
        made = refunds.request(one.public_id, 2500, "协商", actor=trade.buyer, at=NOON)
        credit.use_credit(two.public_id, 2500, trade.clerk, NOON)
    assert named(made) == {late.id: 2500}
    moved = db.session.scalars(select(PaymentAllocation).where(PaymentAllocation.amount_fen < 0)).all()
    assert {each.payment_id: each.amount_fen for each in moved} == {late.id: -1500, early.id: -1000}
