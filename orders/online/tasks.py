"""What follows by itself, and periodic work of payment by card."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from celery import shared_task
from sqlalchemy import select

from orders.online import (
    accounts,
    configuration,
    dispute_calls,
    events,
    intent_calls,
    intents,
    performing,
    reconciling,
    refund_money,
    unknown_calls,
)
from orders.payments import refund_sending
from orders.payments.models import Refund
from orders.purchase.models import Order
from shop import clock
from shop.db import db, transaction
from shop.outbox.models import OutboxEvent
from shop.outbox.services import subscribe

#: Importing them says how their calls are made.
CALLS = (intent_calls, refund_money, dispute_calls, accounts, unknown_calls)


@subscribe("orders.provider_event_received")
def on_provider_event_received(*, event: str, **_: Any) -> None:
    """Apply what the provider told; what raises is tried again and, in the end, a dead letter for the operator."""
    events.apply(UUID(event), clock.now())


@subscribe("orders.refund_requested")
def on_refund_requested(*, event_id: UUID | str, refund_id: str, **_: Any) -> None:
    """Send back by itself what nobody has to agree to: goods fell away."""
    refund = db.session.scalars(select(Refund).where(Refund.public_id == UUID(refund_id))).one()
    refund_sending.send_by_itself(refund.id, _time_of(event_id))


@subscribe("orders.refund_sent")
def on_refund_sent(*, refund_id: str, **_: Any) -> None:
    """Write the call down that sends a refund back."""
    refund_money.enqueue(UUID(refund_id))


@subscribe("orders.order_cancelled")
@subscribe("orders.order_declined")
@subscribe("orders.order_lapsed")
@subscribe("orders.order_closed_short")
@subscribe("orders.goods_accepted")
def on_order_reduced(*, event_id: UUID | str, order_id: str, **_: Any) -> None:
    """Give up a payment that asks for more than is owed now."""
    _reconsider([order_id], _time_of(event_id))


@subscribe("orders.payment_confirmed")
def on_payment_confirmed(*, event_id: UUID | str, order_ids: list[str], **_: Any) -> None:
    """Give up a payment that asks for what has been paid by bank meanwhile."""
    _reconsider(order_ids, _time_of(event_id))


def _reconsider(order_ids: list[str], at: datetime) -> None:
    query = select(Order.procurement_id).where(Order.public_id.in_([UUID(each) for each in order_ids])).distinct()
    for procurement_id in sorted(db.session.scalars(query)):
        intents.cancel_what_is_too_much(procurement_id, at)


def _time_of(event_id: UUID | str) -> datetime:
    return db.session.get_one(OutboxEvent, UUID(str(event_id))).occurred_at


@shared_task(name="online.calls", ignore_result=True)
def make_calls() -> int:
    """Make the calls that wait; returns how many were tried."""
    return performing.perform_all() if configuration.is_on() else 0


@shared_task(name="online.reconcile", ignore_result=True)
def reconcile() -> None:
    """Look at payments under way, and for what happened in the last hours that nobody told us."""
    if configuration.is_on():
        reconciling.look(reconciling.HOURS)


@shared_task(name="online.forget", ignore_result=True)
def forget() -> int:
    """Empty the bodies of old events; returns how many."""
    emptied, found = 0, events.MOST_FORGOTTEN
    while found == events.MOST_FORGOTTEN:
        with transaction():
            found = events.forget_bodies(clock.now() - events.KEPT)
        emptied += found
    return emptied


@shared_task(name="online.reconcile_week", ignore_result=True)
def reconcile_week() -> None:
    """Look for what happened in the last week that nobody told us."""
    if configuration.is_on():
        reconciling.look(reconciling.WEEK)
