"""What follows from rejections and cancellations, once each."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from orders.payments import receipts
from orders.payments.models import Refund
from shop import clock
from shop.db import db, transaction
from shop.outbox.services import publish
from tests.conftest import NOON
from tests.counting.build import accept, cancel_rest, make_order, make_trade
from tests.payments.help import facts, pay

pytestmark = pytest.mark.usefixtures("session")
#: What the trace is told of an acceptance, of no lots here.
NOTHING_TO_TRACE: dict[str, Any] = {
    "accepted_at": NOON.isoformat(), "consignor": str(UUID(int=1)), "consignee": str(UUID(int=2)),
    "acceptance_id": str(UUID(int=3)), "items": [],
}  # fmt: skip


def test_rejected_goods_that_were_paid_are_asked_back_once_at_the_time_of_the_event(deliver):
    at = datetime(2026, 7, 10, 4, tzinfo=UTC)
    with clock.stopped_at(at), transaction():
        trade = make_trade()
        order = make_order(trade)
        pay(trade, (order, 10000), value_on=clock.today())
        accept(order, ("6", "4"))
        publish("orders.goods_accepted", order_id=str(order.public_id), **NOTHING_TO_TRACE)

    deliver(times=2)

    (refund,) = db.session.scalars(select(Refund).where(Refund.order_id == order.id))
    assert (refund.amount_fen, refund.cause, refund.requested_at) == (4000, "rejected", at)


def test_a_receipt_confirmed_after_the_cancellation_is_asked_back(deliver):
    with transaction():
        trade = make_trade()
        order = make_order(trade, status="confirmed")
        made = receipts.record(facts((order, 10000)), trade.clerk, NOON)
        order.status = "cancelled"
        cancel_rest(order)
        receipts.confirm(made.public_id, trade.checker, NOON)

    deliver()

    (refund,) = db.session.scalars(select(Refund).where(Refund.order_id == order.id))
    assert (refund.amount_fen, refund.cause, order.refunding_fen) == (10000, "cancelled", 10000)


def test_a_plain_overpayment_stays_credit(deliver):
    with transaction():
        trade = make_trade()
        order = make_order(trade)
        pay(trade, (order, 12000))

    deliver()

    assert db.session.scalars(select(Refund).where(Refund.order_id == order.id)).all() == []
