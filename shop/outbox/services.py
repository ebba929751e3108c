"""Publishing events, and running their subscribers once each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from uuid6 import uuid7

from shop import clock
from shop.db import after_commit, db, in_transaction
from shop.logs import request_id
from shop.outbox.models import OutboxDelivery, OutboxEvent

Subscriber = Callable[..., None]
#: topic -> subscriber name -> function; filled by :func:`subscribe` when features' task modules are imported.
_subscribers: dict[str, dict[str, Subscriber]] = {}
#: Called after a commit that published; the process's relay sets it.
_wake: Callable[[], None] | None = None

CLAIM_S = 30
MAX_TRIES = 10


def subscribe(topic: str) -> Callable[[Subscriber], Subscriber]:
    """Run the decorated function once for each event of ``topic``; keywords only, ending in ``**_``.

    ``"*"`` hears every topic (outbound webhooks).
    """

    def decorate(function: Subscriber) -> Subscriber:
        name = f"{function.__module__}.{function.__name__}"
        _subscribers.setdefault(topic, {})[name] = function
        return function

    return decorate


def on_commit_wake(wake: Callable[[], None] | None) -> None:
    """Set what is called after each commit that published something."""
    global _wake  # noqa: PLW0603  one relay a process
    _wake = wake


def subscribers_of(topic: str) -> dict[str, Subscriber]:
    """Return the subscribers of ``topic`` by name."""
    return _subscribers.get(topic, {}) | _subscribers.get("*", {})


def publish(topic: str, *, organisations: Iterable[int] = (), **payload: Any) -> None:
    """Store the event with one delivery per subscriber; it leaves with the commit.

    :param organisations: keys of the organisations that it concerns.
    :raises RuntimeError: outside ``transaction()``.
    """
    if not in_transaction():
        message = "publish() needs an open transaction."
        raise RuntimeError(message)
    names = subscribers_of(topic)
    event_id = uuid7()
    db.session.execute(
        insert(OutboxEvent.__table__),  # type: ignore[arg-type]
        {
            "id": event_id, "topic": topic, "payload": payload, "organisation_ids": sorted(set(organisations)),
            "request_id": request_id.get(), "occurred_at": clock.now(),
        },
    )  # fmt: skip
    if names:
        rows = [{"event_id": event_id, "subscriber": name} for name in sorted(names)]
        db.session.execute(insert(OutboxDelivery.__table__), rows)  # type: ignore[arg-type]
        if _wake is not None:
            after_commit(_wake)


_CLAIM = text("""
    UPDATE outbox_deliveries d SET claimed_until = :until, tries = tries + 1
    FROM (SELECT event_id, subscriber FROM outbox_deliveries
          WHERE done_at IS NULL AND dead_at IS NULL AND (claimed_until IS NULL OR claimed_until < :now)
          ORDER BY event_id LIMIT :limit FOR UPDATE SKIP LOCKED) c
    WHERE d.event_id = c.event_id AND d.subscriber = c.subscriber
    RETURNING d.event_id, d.subscriber""")


def claim_deliveries(now: datetime, limit: int = 100) -> list[tuple[UUID, str]]:
    """Take up to ``limit`` open deliveries for 30 s of real time; call in a transaction of its own."""
    rows = db.session.execute(_CLAIM, {"now": now, "until": now + timedelta(seconds=CLAIM_S), "limit": limit})
    return [(row.event_id, row.subscriber) for row in rows]


def run_delivery(event_id: UUID, subscriber: str, now: datetime) -> bool:
    """Run one subscriber inside the open transaction; ``False`` if it was done before.

    The delivery's row is locked first, so a second worker with the same delivery waits and then skips.
    """
    done = db.session.execute(
        text("""UPDATE outbox_deliveries SET done_at = :now, last_error = NULL
                WHERE event_id = :event AND subscriber = :name AND done_at IS NULL RETURNING 1"""),
        {"now": now, "event": event_id, "name": subscriber},
    ).first()
    if done is None:
        return False
    event = db.session.get_one(OutboxEvent, event_id)
    function = subscribers_of(event.topic)[subscriber]
    token = request_id.set(event.request_id)
    try:
        function(event_id=event_id, topic=event.topic, organisation_ids=event.organisation_ids, **event.payload)
    finally:
        request_id.reset(token)
    return True


def record_failure(event_id: UUID, subscriber: str, error: str, now: datetime) -> None:
    """Note why a delivery failed; after the tenth try it becomes a dead letter."""
    db.session.execute(
        text("""UPDATE outbox_deliveries SET last_error = :error,
                       claimed_until = :now + make_interval(secs => least(600, 5 * power(2, tries))),
                       dead_at = CASE WHEN tries >= :most THEN :now END
                WHERE event_id = :event AND subscriber = :name AND done_at IS NULL"""),
        {"error": error[:2000], "now": now, "event": event_id, "name": subscriber, "most": MAX_TRIES},
    )


def revive_dead_letter(event_id: UUID, subscriber: str) -> None:
    """Give a dead letter ten new tries."""
    db.session.execute(
        text("""UPDATE outbox_deliveries SET dead_at = NULL, tries = 0, claimed_until = NULL
                WHERE event_id = :event AND subscriber = :name AND dead_at IS NOT NULL"""),
        {"event": event_id, "name": subscriber},
    )
    if _wake is not None:
        after_commit(_wake)
