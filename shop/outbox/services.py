"""Publishing events, and running their subscribers once each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import text
from uuid6 import uuid7

from shop import audit, clock
from shop.auth import Actor
from shop.db import after_commit, db, in_transaction, send
from shop.errors import NotFound
from shop.i18n import _
from shop.logs import log, request_id
from shop.outbox.models import OutboxEvent
from shop.pipelining import Row, Statement

Subscriber = Callable[..., None]
#: topic -> subscriber name -> function; filled by :func:`subscribe` when features' task modules are imported.
_subscribers: dict[str, dict[str, Subscriber]] = {}
#: subscriber name -> what must hold for it to be told.
_conditions: dict[str, str] = {}
#: SQL over ``:organisations`` and ``:on`` of who is concerned beside them, and the topics, by how they begin, that stay theirs alone.
_also: tuple[str, tuple[str, ...]] = ("", ())
#: Called after a commit that published; the process's relay sets it.
_wake: Callable[[], None] | None = None

#: A loader tells of the past: events are kept, subscribers are not called.
_history: ContextVar[bool] = ContextVar("outbox_history", default=False)

CLAIM_S = 30
MAX_TRIES = 10


def subscribe(topic: str, *, only_if: str = "") -> Callable[[Subscriber], Subscriber]:
    """Run the decorated function once for each event of ``topic``; keywords only, ending in ``**_``.

    ``"*"`` hears every topic that concerns an organisation (outbound webhooks).

    :param only_if: SQL over ``:organisations`` that must hold when the event is published, for subscribers
        that most events do not concern.
    """

    def decorate(function: Subscriber) -> Subscriber:
        name = f"{function.__module__}.{function.__name__}"
        _subscribers.setdefault(topic, {})[name] = function
        if only_if:
            _conditions[name] = only_if
        return function

    return decorate


def concern_also(sql: str, *, but: tuple[str, ...]) -> None:
    """Let events concern further organisations: those who act for the ones that a service names.

    :param sql: a query of their keys over ``:organisations`` and the business day ``:on``.
    :param but: how the topics begin that are an organisation's own affair.
    """
    global _also  # noqa: PLW0603  one product a process
    _also = (sql, but)


def on_commit_wake(wake: Callable[[], None] | None) -> None:
    """Set what is called after each commit that published something."""
    global _wake  # noqa: PLW0603  one relay a process
    _wake = wake


def subscribers_of(topic: str) -> dict[str, Subscriber]:
    """Return the subscribers of ``topic`` by name."""
    return _subscribers.get(topic, {}) | _subscribers.get("*", {})


@contextmanager
def as_history(*, is_history: bool = True) -> Iterator[None]:
    """Store what is published inside the block as done long ago: nobody is told of it now (loaders of the past)."""
    token = _history.set(is_history)
    try:
        yield
    finally:
        _history.reset(token)


def publish(topic: str, *, organisations: Iterable[int] = (), **payload: Any) -> None:
    """Store the event with one delivery per subscriber; it leaves with the commit.

    The statement waits for the next one of the transaction.

    :param organisations: keys of the organisations that it concerns.
    :raises RuntimeError: outside ``transaction()``.
    """
    if not in_transaction():
        message = "publish() needs an open transaction."
        raise RuntimeError(message)
    concerned = sorted(set(organisations))
    names = [] if _history.get() else _told(topic, concerned=bool(concerned))
    send(
        _publishing(tuple(name for name in names if name in _conditions), _also[0] if _is_wide(topic, concerned) else ""),
        {
            "event": uuid7(), "topic": topic, "payload": json.dumps(payload, ensure_ascii=False),
            "organisations": concerned, "concerned": json.dumps(concerned), "request_id": request_id.get(),
            "occurred_at": clock.now(), "on": clock.today(), "names": [name for name in names if name not in _conditions],
        },
        _wake_for,
    )  # fmt: skip


def _wake_for(told: list[Row]) -> None:
    """Wake the relay after the commit, if somebody is to be told."""
    if told != [(0,)] and _wake is not None:
        after_commit(_wake)


def _is_wide(topic: str, concerned: list[int]) -> bool:
    return bool(concerned) and bool(_also[0]) and not topic.startswith(_also[1])


def _told(topic: str, *, concerned: bool) -> list[str]:
    return sorted(_subscribers.get(topic, {}) | (_subscribers.get("*", {}) if concerned else {}))


@cache
def _publishing(conditional: tuple[str, ...], also: str) -> Statement:
    """Return the statement that stores an event and a delivery for each subscriber that is to hear of it.

    One statement, because every move of the trade publishes; ``conditional`` are subscribers of our own code, ``also`` asks
    who is concerned beside the organisations that are named.
    """
    if also:
        return Statement(
            _WIDE.format(also=also)
            + _events(conditional, "(SELECT keys FROM wide)", "(SELECT to_jsonb(keys) FROM wide)")
        )
    return Statement("WITH " + _events(conditional, ":organisations", "cast(:concerned AS jsonb)"))


_WIDE = """
    WITH wide AS (SELECT ARRAY(
        SELECT unnest(cast(:organisations AS bigint[])) UNION {also} ORDER BY 1) AS keys),"""


def _events(conditional: tuple[str, ...], organisations: str, concerned: str) -> str:
    asked = "".join(
        f" UNION ALL SELECT '{name}' WHERE {_conditions[name].replace(':organisations', organisations)}"
        for name in conditional
    )
    return f"""
        event AS (
            INSERT INTO outbox_events (id, topic, payload, organisation_ids, request_id, occurred_at)
            VALUES (cast(:event AS uuid), :topic, cast(:payload AS jsonb), {concerned}, :request_id, :occurred_at)),
        told AS (
            INSERT INTO outbox_deliveries (event_id, subscriber)
            SELECT cast(:event AS uuid), name FROM (SELECT unnest(cast(:names AS text[])) AS name{asked}) n RETURNING 1)
        SELECT count(*) FROM told"""


#: A claim holds 30 s at first and twice as long after each try, so that a backlog is not sent over and over.
_CLAIM = text("""
    UPDATE outbox_deliveries d
       SET claimed_until = :now + make_interval(secs => least(600, :claim * power(2, least(tries, 10)))),
           tries = tries + 1
    FROM (SELECT event_id, subscriber FROM outbox_deliveries
          WHERE done_at IS NULL AND dead_at IS NULL AND (claimed_until IS NULL OR claimed_until < :now)
          ORDER BY event_id LIMIT :limit FOR UPDATE SKIP LOCKED) c
    WHERE d.event_id = c.event_id AND d.subscriber = c.subscriber
    RETURNING d.event_id, d.subscriber""")


def claim_deliveries(now: datetime, limit: int = 100) -> list[tuple[UUID, str]]:
    """Take up to ``limit`` open deliveries, oldest first, for a while; call in a transaction of its own.

    :param now: real time: what a killed worker held is free again when its claim ends.
    """
    rows = db.session.execute(_CLAIM, {"now": now, "claim": CLAIM_S, "limit": limit})
    return sorted((row.event_id, row.subscriber) for row in rows)


def bury_lost(now: datetime) -> int:
    """Make dead letters of deliveries whose tenth claim ended without a word: they kill their worker."""
    result: Any = db.session.execute(
        text("""UPDATE outbox_deliveries SET dead_at = :now, last_error = coalesce(last_error, 'no worker survived it')
                WHERE done_at IS NULL AND dead_at IS NULL AND tries >= :most AND claimed_until < :now"""),
        {"now": now, "most": MAX_TRIES},
    )
    return int(result.rowcount)


def run_delivery(event_id: UUID, subscriber: str, now: datetime) -> bool:
    """Run one subscriber inside the open transaction; ``False`` if it was done before.

    The delivery's row is locked first, so a second worker with the same delivery waits and then skips.
    What the subscriber raises is logged under the request id of the event, and goes on.
    """
    done = db.session.execute(
        text("""UPDATE outbox_deliveries SET done_at = :now, last_error = NULL, dead_at = NULL
                WHERE event_id = :event AND subscriber = :name AND done_at IS NULL RETURNING 1"""),
        {"now": now, "event": event_id, "name": subscriber},
    ).first()
    if done is None:
        return False
    event = db.session.get_one(OutboxEvent, event_id)
    token = request_id.set(event.request_id)
    try:
        function = subscribers_of(event.topic)[subscriber]
        function(event_id=event_id, topic=event.topic, organisation_ids=event.organisation_ids, **event.payload)
    except Exception:
        log.exception("delivery failed", topic=event.topic, event_id=str(event_id), subscriber=subscriber)
        raise
    finally:
        request_id.reset(token)
    return True


def record_failure(event_id: UUID, subscriber: str, error: str, now: datetime) -> None:
    """Note why a delivery failed; after the tenth try it becomes a dead letter."""
    db.session.execute(
        text("""UPDATE outbox_deliveries SET last_error = :error,
                       claimed_until = :now + make_interval(secs => least(600, 5 * power(2, least(tries, 10)))),
                       dead_at = CASE WHEN tries >= :most THEN :now END
                WHERE event_id = :event AND subscriber = :name AND done_at IS NULL"""),
        {"error": error[:2000], "now": now, "event": event_id, "name": subscriber, "most": MAX_TRIES},
    )


def revive_dead_letter(event_id: UUID, subscriber: str, actor: Actor) -> None:
    """Give a dead letter ten new tries.

    :raises NotFound: if there is no such dead letter.
    """
    revived: Any = db.session.execute(
        text("""UPDATE outbox_deliveries SET dead_at = NULL, tries = 0, claimed_until = NULL
                WHERE event_id = :event AND subscriber = :name AND dead_at IS NOT NULL"""),
        {"event": event_id, "name": subscriber},
    )
    if not revived.rowcount:
        raise NotFound(_("没有这条死信。"))
    audit.record(actor, "outbox.delivery_revived", "outbox_event", None, event=str(event_id), subscriber=subscriber)
    if _wake is not None:
        after_commit(_wake)


#: Conditions on an event ``e`` under which it is kept, of parts that refer to events.
_kept: list[str] = []
#: Events that one statement deletes.
MOST_FORGOTTEN = 5000


def keep_events(condition: str) -> None:
    """Keep events of which ``condition``, an SQL condition on ``e`` of our own code, is true."""
    if condition not in _kept:
        _kept.append(condition)


def first_id_at(at: datetime) -> UUID:
    """Return the least identifier that an event recorded at an instant of real time can have."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def forget_events(before: datetime) -> int:
    """Delete some events recorded before an instant of real time to which nothing refers any more; returns how many.

    Deliveries that are open or dead keep their event, and so do parts that asked for it.
    """
    kept = "".join(f" AND NOT ({condition})" for condition in _kept)
    result: Any = db.session.execute(
        text(f"""DELETE FROM outbox_events WHERE id IN (
                 SELECT e.id FROM outbox_events e WHERE e.id < :bound
                 AND NOT EXISTS (SELECT FROM outbox_deliveries d WHERE d.event_id = e.id){kept}
                 ORDER BY e.id LIMIT :limit)"""),
        {"bound": first_id_at(before), "limit": MOST_FORGOTTEN},
    )
    return int(result.rowcount)


def forget_done(before: datetime) -> int:
    """Delete deliveries done before an instant; their events go by :func:`forget_events`."""
    result: Any = db.session.execute(text("DELETE FROM outbox_deliveries WHERE done_at < :before"), {"before": before})
    return int(result.rowcount)
