"""The relay in Celery: drain claims and sends, deliver runs one subscriber, a sweep every 30 s."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from shop import clock
from shop.db import transaction
from shop.logs import log
from shop.outbox import services


@shared_task(name="outbox.drain", ignore_result=True)
def drain() -> int:
    """Claim what is open, commit, then hand each delivery to a worker; returns how many."""
    total = 0
    while True:
        with transaction():
            claimed = services.claim_deliveries(clock.real_now())
        for event_id, subscriber in claimed:
            deliver.delay(str(event_id), subscriber)
        total += len(claimed)
        if not claimed:
            return total


@shared_task(name="outbox.deliver", ignore_result=True, acks_late=True)
def deliver(event_id: str, subscriber: str) -> None:
    """Run one delivery in its own transaction; a failure is noted and tried again by the sweep."""
    try:
        with transaction():
            services.run_delivery(UUID(event_id), subscriber, clock.real_now())
    except Exception as error:  # noqa: BLE001  whatever a subscriber raises is noted
        log.exception("delivery failed", event_id=event_id, subscriber=subscriber)
        with transaction():
            services.record_failure(UUID(event_id), subscriber, repr(error), clock.real_now())
