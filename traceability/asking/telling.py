"""What a subscription is told: the next message, and what comes after each try to send it.

A message is chosen once, by the keys of its events, and stays the same until it was taken: whoever sends it again,
after a failure or a kill, sends the same id. The next one is chosen after that, so the order of recording is kept.
Events commit in another order than their keys: a message ends at a snapshot of the database, and the next begins with
what that snapshot did not show.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, any_, literal, select, text
from uuid6 import uuid7

from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.identity.queries import actor_of
from shop.outbox.services import publish
from shop.webhooks.dispatch import CLAIM_S, WAITS_S
from shop.webhooks.gateway import Outcome
from traceability.asking import named, searching
from traceability.asking.models import TraceQuery
from traceability.asking.simple import read_query
from traceability.asking.subscription_models import TraceSubscription
from traceability.asking.subscriptions import next_look
from traceability.repository import bounds
from traceability.repository.documents import query_document
from traceability.repository.models import TraceEvent
from traceability.repository.scopes import visible_to

#: Events of one message, and bytes of them; a larger one stands alone.
MOST_EVENTS, MOST_BYTES = 500, 5_000_000
#: A capture's events were recorded at most so long before it commits.
LONGEST_CAPTURE = timedelta(hours=1)
DISABLED = "traceability.subscription_disabled"
_GONE = 410


@dataclass(frozen=True)
class Sending:
    """Everything one try needs, carried out of the transaction."""

    subscription_id: int
    message_id: UUID
    url: str
    headers: dict[str, str]
    body: bytes


_CLAIM = text("""
    UPDATE trace_subscriptions SET claimed_until = :until, tries = tries + 1
     WHERE id = (SELECT id FROM trace_subscriptions
                  WHERE disabled_at IS NULL AND next_at <= :now AND (claimed_until IS NULL OR claimed_until <= :now)
                  ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id""")
# One that is being worked on is waited for: it may have looked just before the events came.
_WAKE = text("""
    UPDATE trace_subscriptions SET next_at = :now
     WHERE id IN (SELECT id FROM trace_subscriptions
                   WHERE schedule IS NULL AND disabled_at IS NULL AND next_at > :now
                     AND (tries = 0 OR claimed_until IS NOT NULL)
                   ORDER BY id FOR UPDATE)""")


def claim(now: datetime) -> int | None:
    """Take a subscription that is due, for 60 s of real time."""
    found: int | None = db.session.scalar(_CLAIM, {"now": now, "until": now + timedelta(seconds=CLAIM_S)})
    return found


def wake(now: datetime) -> None:
    """Let the streams look at once; those whose last message failed wait on."""
    db.session.execute(_WAKE, {"now": now})


def _locked(subscription_id: int) -> TraceSubscription | None:
    return db.session.get(TraceSubscription, subscription_id, with_for_update=True, populate_existing=True)


def prepare(subscription_id: int, *, at: datetime, now: datetime, milliseconds: int) -> Sending | None:
    """Return the message of a claimed subscription, chosen now if none is on its way; ``None`` if there is nothing.

    It holds what the subscriber may see at this moment; one that may not ask any more is told nothing again.

    :param milliseconds: that a statement may take.
    :raises EpcisRefusal: if the query cannot be answered.
    """
    subscription = _locked(subscription_id)
    if subscription is None:
        return None
    query = db.session.get_one(TraceQuery, subscription.query_id)
    actor = _subscriber(subscription, at)
    if actor is None:
        _disable(subscription, query, "not_allowed", at)
        return None
    with searching.in_bounded_time(milliseconds):
        if subscription.message_id is None:
            _choose(subscription, query, actor, at)
        if subscription.message_id is None:
            _all_told(subscription, next_look(subscription, now))
            return None
        return _sending(subscription, subscription.message_id, query, actor)


def _subscriber(subscription: TraceSubscription, at: datetime) -> Actor | None:
    try:
        actor = actor_of(subscription.user_id, subscription.organisation_id, clock.business_day(at))
    except NotFound:
        return None
    return actor if actor.may("trace:read") else None


def _choose(subscription: TraceSubscription, query: TraceQuery, actor: Actor, at: datetime) -> None:
    """Choose the events of the next message, if there is one to send."""
    if subscription.telling is None or not bounds.is_of_this_server(subscription.telling):
        subscription.telling, subscription.telling_at = bounds.current_bound(), at
        subscription.after_id = 0
    found = _next_events(subscription, subscription.telling, query, actor)
    is_report = subscription.report_if_empty and subscription.schedule is not None
    if not found and not is_report:
        return
    subscription.message_id, subscription.message_at = uuid7(), at
    subscription.message_events = searching.fitting(found[:MOST_EVENTS], MOST_BYTES)
    subscription.message_is_last = len(subscription.message_events) == len(found)


def _next_events(subscription: TraceSubscription, telling: str, query: TraceQuery, actor: Actor) -> list[int]:
    """Return the keys of the next events, one more than a message has."""
    asked = read_query(named.parameters_of(query.definition), query.extensions, actor)
    clauses = [
        visible_to(actor), TraceEvent.id > subscription.after_id, bounds.within(telling), *_not_told(subscription),
        *(each.clause for each in asked.conditions),
    ]  # fmt: skip
    found = select(TraceEvent.id.label("id")).where(*clauses).cte().prefix_with("MATERIALIZED")
    return list(db.session.scalars(select(found.c.id).order_by(found.c.id).limit(MOST_EVENTS + 1)))


def _not_told(subscription: TraceSubscription) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if subscription.initial_record_time is not None:
        clauses.append(TraceEvent.record_time >= subscription.initial_record_time)
    if subscription.told is None:
        return clauses
    if bounds.is_of_this_server(subscription.told):
        return [*clauses, bounds.since(subscription.told)]
    # The database came from another server, whose snapshots say nothing here: rather twice than never.
    return [*clauses, TraceEvent.record_time >= subscription.told_at - LONGEST_CAPTURE]


def _all_told(subscription: TraceSubscription, next_at: datetime) -> None:
    if subscription.telling is not None and subscription.telling_at is not None:
        subscription.told, subscription.told_at = subscription.telling, subscription.telling_at
    subscription.telling = subscription.telling_at = subscription.claimed_until = subscription.last_error = None
    subscription.after_id = subscription.tries = 0
    subscription.next_at = next_at


def _sending(subscription: TraceSubscription, message_id: UUID, query: TraceQuery, actor: Actor) -> Sending:
    keys = subscription.message_events or []
    seen = select(TraceEvent.id).where(TraceEvent.id == any_(literal(keys)), visible_to(actor)).order_by(TraceEvent.id)
    document = query_document(
        searching.load(list(db.session.scalars(seen))), at=subscription.message_at or subscription.created_at,
        form="Always_GS1_Digital_Link", query_name=query.name, subscription_id=str(subscription.public_id),
    )  # fmt: skip
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json", "User-Agent": "Duikou-Webhooks/1", "webhook-id": str(message_id),
        "GS1-EPCIS-Version": "2.0", "GS1-CBV-Version": "2.0", "GS1-EPC-Format": "Always_GS1_Digital_Link",
    }  # fmt: skip
    if subscription.signature_token:
        headers["GS1-Signature"] = sign(subscription.signature_token, body)
    return Sending(subscription.id, message_id, subscription.dest, headers, body)


def sign(token: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of a body under a token, in hexadecimal digits."""
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()


def record_outcome(sending: Sending, outcome: Outcome, *, at: datetime, now: datetime) -> None:
    """Note what a try brought: taken, another try later, or given up; of a message that is not on its way nothing."""
    subscription = _locked(sending.subscription_id)
    if subscription is None or subscription.message_id != sending.message_id:
        return
    if not outcome.is_delivered:
        _failed(subscription, outcome.error or "", at, now, is_gone=outcome.status == _GONE)
        return
    events, is_last = subscription.message_events, subscription.message_is_last
    subscription.last_notified_at = at
    subscription.message_id = subscription.message_events = subscription.message_at = None
    if is_last:
        is_stream = subscription.schedule is None
        _all_told(subscription, now if is_stream else next_look(subscription, now))
    else:
        subscription.after_id = max(events or [subscription.after_id])
        subscription.tries, subscription.next_at = 0, now
        subscription.claimed_until = subscription.last_error = None


def record_failure(subscription_id: int, detail: str, *, at: datetime, now: datetime) -> None:
    """Note that a query could not be answered."""
    subscription = _locked(subscription_id)
    if subscription is not None:
        _failed(subscription, detail, at, now)


def _failed(
    subscription: TraceSubscription, detail: str, at: datetime, now: datetime, *, is_gone: bool = False
) -> None:
    subscription.last_error, subscription.claimed_until = detail[:500], None
    if is_gone or subscription.tries > len(WAITS_S):
        query = db.session.get_one(TraceQuery, subscription.query_id)
        _disable(subscription, query, "gone" if is_gone else "unanswered", at)
    else:
        subscription.next_at = now + timedelta(seconds=WAITS_S[max(subscription.tries, 1) - 1])


def _disable(subscription: TraceSubscription, query: TraceQuery, reason: str, at: datetime) -> None:
    subscription.disabled_at, subscription.disabled_reason, subscription.claimed_until = at, reason, None
    publish(
        DISABLED, organisations=[subscription.organisation_id], subscription_id=str(subscription.public_id),
        query_name=query.name, dest=subscription.dest, reason=reason,
    )  # fmt: skip
