"""The one extension of a pay-first order's deadline, on the buyer's request."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from orders.purchase import due, dues, machine, party
from orders.purchase.models import Order
from shop import audit, clock
from shop.auth import Actor
from shop.outbox.services import publish


def extend(order_id: UUID, actor: Actor, at: datetime) -> Order:
    """Give a pay-first order that is not paid yet fifteen more days, once.

    :raises NotFound: if the order is not the actor's.
    :raises WrongState: if it was extended, is paid, or is not pay-first.
    :raises Forbidden: if the actor is not the buyer.
    """
    order = party.lock_order(party.get_order(order_id, actor, clock.business_day(at)).id)
    machine.move("order", order, "extend_payment", actor=actor, at=at)
    before = order.pay_due_on
    if before is not None:
        dues.set_parts(order, {before + timedelta(days=due.EXTENSION_DAYS): order.due_fen}, [])
    order.pay_extended = True
    audit.record(
        actor, "payments.deadline_extended", "order", order.id, pay_due_on=[str(before), str(order.pay_due_on)]
    )
    publish(
        "orders.payment_extended",
        organisations=[order.buyer_id, order.producer_id],
        order_id=str(order.public_id),
        number=order.number,
        pay_due_on=str(order.pay_due_on),
    )
    return order
