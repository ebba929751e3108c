"""What follows by itself: goods that fell away after they were paid are asked back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from orders.payments import refunds
from orders.purchase.models import Order
from shop.db import db
from shop.outbox.models import OutboxEvent
from shop.outbox.services import subscribe


@subscribe("orders.goods_accepted")
@subscribe("orders.order_cancelled")
@subscribe("orders.order_closed_short")
@subscribe("orders.refund_confirmed")
def on_order_reduced(*, event_id: UUID | str, order_id: str, **_: Any) -> None:
    """Ask back what was paid for goods that were rejected or will never come, as of the event."""
    refunds.request_what_is_too_much(UUID(order_id), _time_of(event_id))


@subscribe("orders.payment_confirmed")
def on_payment_confirmed(*, event_id: UUID | str, order_ids: list[str], **_: Any) -> None:
    """Ask back what came in for goods that had been rejected or cancelled before it was confirmed."""
    at = _time_of(event_id)
    # In the lock order: ascending key, which the receipt's own order of orders need not be.
    query = select(Order.public_id).where(Order.public_id.in_([UUID(each) for each in order_ids])).order_by(Order.id)
    for order_id in db.session.scalars(query).all():
        refunds.request_what_is_too_much(order_id, at)


def _time_of(event_id: UUID | str) -> datetime:
    return db.session.get_one(OutboxEvent, UUID(str(event_id))).occurred_at
