"""Subscriptions to named queries: made, listed, shown, ended; each organisation has its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text

from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from traceability.asking.models import TraceQuery
from traceability.asking.refusals import BadControls
from traceability.asking.schedules import Schedule, read_schedule
from traceability.asking.subscription_models import TraceSubscription
from traceability.repository import bounds
from traceability.repository.documents import written
from traceability.standard.times import find_instant

#: Subscriptions of one organisation.
MOST = 20
#: A stream is looked at so often even if nobody says that something came.
LOOK_EVERY = timedelta(seconds=60)
_MEMBERS = {"@context", "dest", "signatureToken", "reportIfEmpty", "initialRecordTime", "stream", "schedule"}
_LONGEST_TOKEN = 500
#: Parameters that say how much an answer has: a subscription tells everything, in the order of recording.
_FOR_ANSWERS = ("eventCountLimit", "maxEventCount", "orderBy", "orderDirection")


@dataclass(frozen=True, slots=True)
class Controls:
    """Where and when to send."""

    dest: str
    signature_token: str
    schedule: Mapping[str, Any] | None
    report_if_empty: bool
    initial_record_time: datetime | None


def read_controls(body: object) -> Controls:
    """Read what a client asks for.

    :raises BadControls: for what cannot be done.
    """
    if not isinstance(body, dict) or set(body) - _MEMBERS:
        raise BadControls(f"The body is an object with some of {', '.join(sorted(_MEMBERS))}.")
    token, dest = body.get("signatureToken", ""), body.get("dest")
    if not isinstance(dest, str) or not dest:
        raise BadControls("dest is the address that events are sent to.")
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN or "\0" in token:
        raise BadControls(f"signatureToken is a text of at most {_LONGEST_TOKEN} characters.")
    if _flag(body, "stream") is ("schedule" in body):
        raise BadControls("A subscription has either stream: true or a schedule.")
    if "schedule" in body:
        read_schedule(body["schedule"])
    return Controls(dest, token, body.get("schedule"), _flag(body, "reportIfEmpty"), _initial(body))


def _flag(body: Mapping[str, Any], name: str) -> bool:
    said = body.get(name, False)
    if not isinstance(said, bool):
        raise BadControls(f"{name} is true or false.")
    return said


def _initial(body: Mapping[str, Any]) -> datetime | None:
    if "initialRecordTime" not in body:
        return None
    said = body["initialRecordTime"]
    found = find_instant(said) if isinstance(said, str) else None
    if found is None:
        raise BadControls("initialRecordTime is a time with a zone, like 2026-07-14T08:00:00.000+08:00.")
    return found


def create(query: TraceQuery, controls: Controls, actor: Actor, *, at: datetime, now: datetime) -> TraceSubscription:
    """Subscribe to a query; the address was looked up before, outside the transaction.

    Without ``initialRecordTime`` what is there now counts as told.

    :raises BadControls: if the query is not one to subscribe to, or the organisation has enough subscriptions.
    """
    for name in _FOR_ANSWERS:
        if name in query.definition:
            raise BadControls(f"A query with {name} is answered and not subscribed to.")
    # One organisation's subscriptions are counted and added by one request at a time.
    db.session.execute(
        text("SELECT 1 FROM organisations WHERE id = :id FOR NO KEY UPDATE"), {"id": actor.organisation_id}
    )
    have = db.session.scalar(select(func.count()).where(TraceSubscription.organisation_id == actor.organisation_id))
    if (have or 0) >= MOST:
        raise BadControls(f"An organisation has at most {MOST} subscriptions.")
    told = bounds.current_bound() if controls.initial_record_time is None else None
    subscription = TraceSubscription(
        query_id=query.id, organisation_id=actor.organisation_id, user_id=actor.user_id, dest=controls.dest,
        signature_token=controls.signature_token, schedule=controls.schedule,
        report_if_empty=controls.report_if_empty, initial_record_time=controls.initial_record_time,
        told=told, told_at=at, next_at=now, created_at=at,
    )  # fmt: skip
    subscription.next_at = next_look(subscription, now) if controls.schedule else now
    db.session.add(subscription)
    db.session.flush()
    return subscription


def schedule_of(subscription: TraceSubscription) -> Schedule | None:
    """Return when it asks, or ``None`` for a stream."""
    return None if subscription.schedule is None else read_schedule(subscription.schedule)


def next_look(subscription: TraceSubscription, now: datetime) -> datetime:
    """Return when to look for events again, if nothing is left to be told.

    :raises BadControls: if that never comes.
    """
    schedule = schedule_of(subscription)
    found = now + LOOK_EVERY if schedule is None else schedule.next_after(now)
    if found is None:
        raise BadControls("The schedule names a day that never comes.")
    return found


def list_subscriptions(query: TraceQuery, *, after: int, limit: int) -> list[TraceSubscription]:
    """Return the subscriptions to a query, oldest first."""
    asked = select(TraceSubscription).where(TraceSubscription.query_id == query.id, TraceSubscription.id > after)
    return list(db.session.scalars(asked.order_by(TraceSubscription.id).limit(limit)))


def get(query: TraceQuery, subscription_id: UUID) -> TraceSubscription:
    """Return a subscription to a query.

    :raises NotFound: if it has none such.
    """
    asked = select(TraceSubscription).where(
        TraceSubscription.query_id == query.id, TraceSubscription.public_id == subscription_id
    )
    found = db.session.scalars(asked).one_or_none()
    if found is None:
        raise NotFound("There is no such subscription to this query.")
    return found


def remove(query: TraceQuery, subscription_id: UUID) -> None:
    """End a subscription.

    :raises NotFound: if the query has none such.
    """
    gone = delete(TraceSubscription).where(
        TraceSubscription.query_id == query.id, TraceSubscription.public_id == subscription_id
    )
    if db.session.execute(gone.returning(TraceSubscription.id)).first() is None:
        raise NotFound("There is no such subscription to this query.")


def described(subscription: TraceSubscription, query: TraceQuery) -> dict[str, Any]:
    """Return a subscription as the standard has it, without its secret; why it is off, or its last failure, is ours."""
    found: dict[str, Any] = {
        "subscriptionID": str(subscription.public_id),
        "queryName": query.name,
        "createdAt": written(subscription.created_at),
        "dest": subscription.dest,
        "reportIfEmpty": subscription.report_if_empty,
        **({"stream": True} if subscription.schedule is None else {"schedule": subscription.schedule}),
    }
    instants = {
        "initialRecordTime": subscription.initial_record_time, "lastNotifiedAt": subscription.last_notified_at,
        "disabledAt": subscription.disabled_at,
    }  # fmt: skip
    found |= {name: written(at) for name, at in instants.items() if at is not None}
    words = {"disabledReason": subscription.disabled_reason, "lastError": subscription.last_error}
    return found | {name: said for name, said in words.items() if said}
