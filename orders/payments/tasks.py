"""What follows by itself: what fell away after it was paid is asked back, who owes is reminded, what nobody pays ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from celery import shared_task
from flask import current_app
from sqlalchemy import select

from orders.payments import refunds, reminders
from orders.purchase.access import lock_order_by_key
from orders.purchase.models import Order
from shop import clock, history
from shop.db import db, transaction
from shop.outbox.models import OutboxEvent
from shop.outbox.services import subscribe


@subscribe("orders.goods_accepted")
@subscribe("orders.goods_returned")
@subscribe("orders.order_cancelled")
@subscribe("orders.order_closed_short")
@subscribe("orders.refund_confirmed")
def on_order_reduced(*, event_id: UUID | str, order_id: str, **_: Any) -> None:
    """Ask back what was paid for goods that were rejected, have come back or will never come, as of the event."""
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


@shared_task(name="payments.remind_of_dues", ignore_result=True)
def remind_of_dues() -> int:
    """Tell buyers of what falls due soon, and both sides of what is late; returns of how many payments."""
    with transaction():
        if history.is_being_told():
            return 0
        return reminders.remind(clock.now(), before_days=current_app.config["REMIND_BEFORE_DAYS"])


@shared_task(name="payments.cancel_unpaid", ignore_result=True)
def cancel_unpaid() -> int:
    """Cancel pay-first orders that nobody has paid in time, each in its own transaction; returns how many."""
    at, after = clock.now(), current_app.config["CANCEL_UNPAID_AFTER_DAYS"]
    if not after:
        return 0
    with transaction():
        unpaid = [] if history.is_being_told() else list(reminders.unpaid_in_advance(at, after_days=after))
    cancelled = 0
    for key in unpaid:
        with transaction():
            cancelled += reminders.cancel_if_unpaid(lock_order_by_key(key), at=at, after_days=after)
    return cancelled
