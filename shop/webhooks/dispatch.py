"""From an event to its deliveries, and from each try to what comes next."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from shop.clock import SHANGHAI
from shop.db import db
from shop.outbox.models import OutboxEvent
from shop.outbox.services import publish
from shop.webhooks import signing
from shop.webhooks.gateway import Outcome
from shop.webhooks.models import WebhookDelivery, WebhookEndpoint
from shop.webhooks.services import ALL, DISABLED, PINGED

#: Seconds after each failed try until the next: about 22 hours in all, then the delivery is given up.
WAITS_S = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 21600, 28800)
#: How long a claimed delivery is left alone; longer than a try can take.
CLAIM_S = 60
#: An endpoint that has taken nothing for so long when a delivery is given up is switched off.
SILENCE = timedelta(days=3)
_GONE = 410


@dataclass(frozen=True)
class Sending:
    """Everything one try needs, carried out of the transaction."""

    delivery_id: int
    url: str
    headers: dict[str, str]
    body: bytes


def enqueue(
    event_id: UUID, topic: str, organisation_ids: Iterable[int], payload: dict[str, Any], *, at: datetime
) -> int:
    """Add one delivery for each endpoint of the organisations concerned that hears the topic; once per event."""
    endpoints = db.session.scalars(
        select(WebhookEndpoint).where(
            WebhookEndpoint.organisation_id.in_(list(organisation_ids)), WebhookEndpoint.disabled_at.is_(None)
        )
    )
    if topic == PINGED:
        wanted = [endpoint for endpoint in endpoints if str(endpoint.public_id) == payload["endpoint_id"]]
    else:
        wanted = [endpoint for endpoint in endpoints if {topic, ALL} & set(endpoint.topics)]
    rows = [
        {"public_id": uuid7(), "endpoint_id": endpoint.id, "event_id": event_id, "topic": topic, "tries": 0,
         "next_try_at": at, "created_at": at}
        for endpoint in wanted
    ]  # fmt: skip
    if rows:
        db.session.execute(insert(WebhookDelivery).values(rows).on_conflict_do_nothing())
    return len(rows)


#: At most ``per`` of one endpoint and ``share`` of one organisation at a time, the longest due first, so that slow ones do
#: not hold up the others.
_CLAIM = text("""
    UPDATE webhook_deliveries d SET next_try_at = :until, tries = tries + 1
      FROM (SELECT id FROM (
                   SELECT due.id, due.next_try_at,
                          row_number() OVER (PARTITION BY e.organisation_id ORDER BY due.next_try_at, due.id) AS nth
                     FROM webhook_endpoints e
                    CROSS JOIN LATERAL (
                          SELECT id, next_try_at FROM webhook_deliveries
                           WHERE endpoint_id = e.id AND done_at IS NULL AND dead_at IS NULL AND next_try_at <= :now
                           ORDER BY next_try_at, id LIMIT :per FOR UPDATE SKIP LOCKED) due
                    WHERE e.disabled_at IS NULL) shared
             WHERE nth <= :share ORDER BY next_try_at, id LIMIT :limit) c
     WHERE d.id = c.id RETURNING d.id""")


def claim_due(now: datetime, *, limit: int = 32, per: int = 4, share: int = 8) -> list[Sending]:
    """Take deliveries that are due, for 60 s of real time, with everything needed to send them."""
    ids = db.session.execute(
        _CLAIM, {"now": now, "until": now + timedelta(seconds=CLAIM_S), "limit": limit, "per": per, "share": share}
    ).scalars()
    rows = db.session.execute(
        select(WebhookDelivery.id, WebhookEndpoint, OutboxEvent)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .join(OutboxEvent, OutboxEvent.id == WebhookDelivery.event_id)
        .where(WebhookDelivery.id.in_(list(ids)))
        .order_by(WebhookDelivery.id)
    )
    return [_sending(delivery_id, endpoint, event, now) for delivery_id, endpoint, event in rows]


def make_body(event: OutboxEvent) -> bytes:
    """Return the body: the event's id, type, timestamp in +08:00 and data."""
    document = {
        "id": str(event.id),
        "type": event.topic,
        "timestamp": event.occurred_at.astimezone(SHANGHAI).isoformat(),
        "data": event.payload,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _sending(delivery_id: int, endpoint: WebhookEndpoint, event: OutboxEvent, now: datetime) -> Sending:
    keys = [endpoint.secret]
    if endpoint.previous_secret and endpoint.previous_until and endpoint.previous_until > now:
        keys.append(endpoint.previous_secret)
    body = make_body(event)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Duikou-Webhooks/1",
        **signing.make_headers(keys, str(event.id), int(now.timestamp()), body),
    }
    return Sending(delivery_id, endpoint.url, headers, body)


def record_outcome(delivery_id: int, outcome: Outcome, *, at: datetime) -> None:
    """Note what a try brought: done, another try later, or given up; 410 switches the endpoint off."""
    delivery = db.session.get(WebhookDelivery, delivery_id, with_for_update=True, populate_existing=True)
    if delivery is None or delivery.done_at is not None:
        return
    delivery.last_status, delivery.last_error, delivery.last_took_ms = outcome.status, outcome.error, outcome.took_ms
    if outcome.is_delivered:
        delivery.done_at, delivery.next_try_at = at, None
    elif outcome.status == _GONE or delivery.tries > len(WAITS_S):
        delivery.dead_at, delivery.next_try_at = at, None
        _consider_disabling(delivery, at, is_gone=outcome.status == _GONE)
    else:
        delivery.next_try_at = at + timedelta(seconds=WAITS_S[delivery.tries - 1])


def _consider_disabling(delivery: WebhookDelivery, at: datetime, *, is_gone: bool) -> None:
    endpoint = db.session.get_one(WebhookEndpoint, delivery.endpoint_id, with_for_update=True)
    last_done = db.session.scalar(
        select(WebhookDelivery.done_at)
        .where(WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.done_at.is_not(None))
        .order_by(WebhookDelivery.done_at.desc())
        .limit(1)
    )
    is_silent = (last_done or endpoint.created_at) < at - SILENCE
    if endpoint.disabled_at is None and (is_gone or is_silent):
        endpoint.disabled_at = at
        endpoint.disabled_reason = "gone" if is_gone else "silent"
        publish(
            DISABLED, organisations=[endpoint.organisation_id], endpoint_id=str(endpoint.public_id),
            url=endpoint.url, reason=endpoint.disabled_reason,
        )  # fmt: skip


def forget_sent(before: datetime) -> int:
    """Delete the deliveries done before an instant of real time; what was given up stays."""
    done: Any = db.session.execute(delete(WebhookDelivery).where(WebhookDelivery.done_at < before))
    return int(done.rowcount)
