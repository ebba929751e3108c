"""The sender of subscriptions: hears of captures, and every five seconds sends what is due."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

from celery import shared_task
from flask import current_app

from shop import clock
from shop.db import require_no_transaction, transaction
from shop.outbox.services import subscribe
from shop.webhooks import gateway
from shop.webhooks.gateway import Outcome
from traceability.asking import telling
from traceability.asking.telling import Sending
from traceability.repository.refusals import EpcisRefusal

#: Tries at the same time; each waits for a stranger's server.
THREADS = 8
#: Seconds of looking before what was found is sent: looking and one try end well within a claim.
_LOOKING_S = 15
#: A worker ends after so many, and another goes on in a few seconds.
_ROUNDS = 20

_HAS_STREAM = "EXISTS (SELECT FROM trace_subscriptions WHERE schedule IS NULL AND disabled_at IS NULL)"


@subscribe("traceability.events_captured", only_if=_HAS_STREAM)
def on_events_captured(**_: Any) -> None:
    """Let streams look for what came."""
    telling.wake(clock.real_now())


@shared_task(name="traceability.subscriptions", ignore_result=True)
def send() -> int:
    """Send what is due until nothing is, and note each outcome in a transaction of its own; returns how many."""
    sent = 0
    for _round in range(_ROUNDS):
        due = _look()
        require_no_transaction()
        if not due:
            break
        with ThreadPoolExecutor(len(due)) as pool:
            outcomes = list(pool.map(_poster(), due))
        for sending, outcome in zip(due, outcomes, strict=True):
            with transaction():
                telling.record_outcome(sending, outcome, at=clock.now(), now=clock.real_now())
        sent += len(due)
    return sent


def _poster() -> Any:
    allow_private = bool(current_app.config["WEBHOOK_ALLOW_PRIVATE"])

    def post(one: Sending) -> Outcome:
        return gateway.post(one.url, one.headers, one.body, allow_private=allow_private)

    return post


def _look() -> list[Sending]:
    """Claim subscriptions that are due, one after the other, until enough have something to send."""
    found: list[Sending] = []
    end = monotonic() + _LOOKING_S
    while len(found) < THREADS and monotonic() < end:
        with transaction():
            subscription_id = telling.claim(clock.real_now())
        if subscription_id is None:
            break
        sending = _prepare(subscription_id)
        if sending is not None:
            found.append(sending)
    return found


def _prepare(subscription_id: int) -> Sending | None:
    try:
        with transaction():
            return telling.prepare(
                subscription_id, at=clock.now(), now=clock.real_now(),
                milliseconds=current_app.config["EPCIS_QUERY_MILLISECONDS"],
            )  # fmt: skip
    except EpcisRefusal as refusal:
        with transaction():
            telling.record_failure(subscription_id, refusal.detail, at=clock.now(), now=clock.real_now())
        return None
