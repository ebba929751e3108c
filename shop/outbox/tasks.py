"""The relay in Celery: drain claims and sends, deliver runs subscribers, a sweep every 30 s."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from flask import current_app

from shop import clock, idempotency
from shop.db import transaction
from shop.outbox import services

#: Deliveries that one message hands to a worker; each still has a transaction of its own.
BATCH = 20


@shared_task(name="outbox.drain", ignore_result=True)
def drain() -> int:
    """Claim what is open, commit, then hand it to the workers; returns how many."""
    total = 0
    with transaction():
        services.bury_lost(clock.real_now())
    while True:
        with transaction():
            claimed = services.claim_deliveries(clock.real_now())
        for start in range(0, len(claimed), BATCH):
            deliver.delay([[str(event_id), subscriber] for event_id, subscriber in claimed[start : start + BATCH]])
        total += len(claimed)
        if not claimed:
            return total


@shared_task(name="outbox.deliver", ignore_result=True, acks_late=True)
def deliver(batch: list[list[str]]) -> None:
    """Run deliveries, each in its own transaction; a failure is noted and tried again by the sweep."""
    for event_id, subscriber in batch:
        deliver_one(UUID(event_id), subscriber)


def deliver_one(event_id: UUID, subscriber: str) -> bool:
    """Run one delivery; ``False`` if it was done before or failed."""
    try:
        with transaction():
            return services.run_delivery(event_id, subscriber, clock.real_now())
    except Exception as error:  # noqa: BLE001  whatever a subscriber raises is noted
        with transaction():
            services.record_failure(event_id, subscriber, repr(error), clock.real_now())
        return False


@shared_task(name="outbox.tidy", ignore_result=True)
def tidy() -> None:
    """Forget idempotency keys after two days, what was delivered and its events after ``OUTBOX_KEPT_DAYS``."""
    now = clock.real_now()
    before = now - timedelta(days=current_app.config["OUTBOX_KEPT_DAYS"])
    with transaction():
        idempotency.forget_old_keys(now)
    with transaction():
        services.forget_done(before)
    forgotten = services.MOST_FORGOTTEN
    while forgotten == services.MOST_FORGOTTEN:
        with transaction():
            forgotten = services.forget_events(before)
