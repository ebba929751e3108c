"""The sender of webhooks: hears every event, and every five seconds sends what is due."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import shared_task
from flask import current_app

from shop import clock
from shop.db import require_no_transaction, transaction
from shop.outbox.services import keep_events, subscribe
from shop.webhooks import dispatch, gateway

#: Tries at the same time; each waits for a stranger's server.
THREADS = 16


_HAS_ENDPOINT = """EXISTS (SELECT 1 FROM webhook_endpoints
                  WHERE organisation_id = ANY(cast(:organisations AS bigint[])) AND disabled_at IS NULL)"""


@subscribe("*", only_if=_HAS_ENDPOINT)
def on_any_event(*, event_id: UUID, topic: str, organisation_ids: list[int], **payload: Any) -> None:
    """Add the deliveries of an event to the endpoints that hear it."""
    dispatch.enqueue(event_id, topic, organisation_ids, payload, at=clock.real_now())


keep_events("EXISTS (SELECT FROM webhook_deliveries w WHERE w.event_id = e.id)")


@shared_task(name="webhooks.tidy", ignore_result=True)
def tidy() -> int:
    """Forget what was sent ``OUTBOX_KEPT_DAYS`` ago and is done; returns how much."""
    with transaction():
        return dispatch.forget_sent(clock.real_now() - timedelta(days=current_app.config["OUTBOX_KEPT_DAYS"]))


@shared_task(name="webhooks.send", ignore_result=True)
def send() -> int:
    """Send what is due, many at a time, and note each outcome in a transaction of its own; returns how many."""
    allow_private = bool(current_app.config["WEBHOOK_ALLOW_PRIVATE"])
    with transaction():
        due = dispatch.claim_due(clock.real_now())
    require_no_transaction()
    if not due:
        return 0
    with ThreadPoolExecutor(min(THREADS, len(due))) as pool:
        outcomes = list(
            pool.map(lambda one: gateway.post(one.url, one.headers, one.body, allow_private=allow_private), due)
        )
    for sending, outcome in zip(due, outcomes, strict=True):
        with transaction():
            dispatch.record_outcome(sending.delivery_id, outcome, at=clock.real_now())
    return len(due)
