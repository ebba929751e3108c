"""What follows from rejections and cancellations, once each."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from orders.payments.models import Refund
from shop import clock
from shop.db import db, transaction
from shop.outbox.services import publish
from tests.counting.build import accept, make_order, make_trade
from tests.payments.help import pay

pytestmark = pytest.mark.usefixtures("session")


def test_rejected_goods_that_were_paid_are_asked_back_once_at_the_time_of_the_event(deliver):
    at = datetime(2026, 7, 10, 4, tzinfo=UTC)
    with clock.stopped_at(at), transaction():
        trade = make_trade()
        order = make_order(trade)
        pay(trade, (order, 10000), value_on=clock.today())
        accept(order, ("6", "4"))
        publish("orders.goods_accepted", order_id=str(order.public_id))

    deliver(times=2)

    (refund,) = db.session.scalars(select(Refund).where(Refund.order_id == order.id))
    assert (refund.amount_fen, refund.cause, refund.requested_at) == (4000, "rejected", at)
