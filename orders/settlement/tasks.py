"""What follows acceptances, refunds and disputes by itself, and the daily run."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from celery import shared_task
from sqlalchemy import select

from orders.purchase.models import Order
from orders.settlement import dues, provider, reversals
from orders.settlement import runs as payout_runs
from orders.settlement.standing import lock_standings
from shop import clock, history
from shop.auth import Actor
from shop.db import db, transaction
from shop.errors import NotFound
from shop.identity.queries import actor_of
from shop.outbox.models import OutboxEvent
from shop.outbox.services import subscribe

#: Importing it says how transfers are called for.
HANDLERS = provider.__name__


@subscribe("orders.goods_accepted")
def on_goods_accepted(*, order_id: str, **_: Any) -> None:
    """Set from when the order's money is due."""
    if (key := _key(order_id)) is not None:
        dues.follow_acceptance(key)


@subscribe("orders.refund_confirmed")
@subscribe("orders.dispute_held")
@subscribe("orders.dispute_lost")
def on_money_gone_back(*, event_id: UUID | str, order_id: str, **_: Any) -> None:
    """Ask the producer's account at the provider for what it was paid too much."""
    if (key := _key(order_id)) is None:
        return
    for standing in lock_standings([key]).values():
        reversals.ask_back(standing, at=_time_of(event_id))


@subscribe("orders.receipt_corrected")
def on_receipt_corrected(*, event_id: UUID | str, order_ids: list[str], **_: Any) -> None:
    """Ask back what producers were paid of a receipt that was none."""
    keys = sorted(key for each in order_ids if (key := _key(each)) is not None)
    for standing in lock_standings(keys).values():
        reversals.ask_back(standing, at=_time_of(event_id))


@subscribe("orders.payout_run_started")
def on_payout_run_started(
    *, event_id: UUID | str, producer_id: str, runs: dict[str, str], starter: dict[str, int] | None, **_: Any
) -> None:
    """Prepare a producer's payouts."""
    at = _time_of(event_id)
    payout_runs.take_producer(UUID(producer_id), runs, _starter(starter, at), at)


def _starter(starter: dict[str, int] | None, at: datetime) -> Actor | None:
    """Return who started the run; nobody once they have left, so that somebody else checks what it made."""
    if starter is None:
        return None
    try:
        return actor_of(starter["user"], starter["organisation"], clock.business_day(at))
    except NotFound:
        return None


@shared_task(name="settlement.run", ignore_result=True)
def run() -> None:
    """Start the day's run, once a day."""
    at = clock.now()
    with transaction():
        if not history.is_being_told() and payout_runs.is_due(clock.business_day(at)):
            payout_runs.start(None, at)


def _key(public_id: str) -> int | None:
    return db.session.scalar(select(Order.id).where(Order.public_id == UUID(public_id)))


def _time_of(event_id: UUID | str) -> datetime:
    return db.session.get_one(OutboxEvent, UUID(str(event_id))).occurred_at
