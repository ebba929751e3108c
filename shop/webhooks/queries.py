"""Endpoints of an organisation and what was sent to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.sql.elements import ColumnElement

from shop.db import db
from shop.paging import Page, decode_cursor, make_page
from shop.webhooks.models import WebhookDelivery, WebhookEndpoint

#: What became of a delivery, and how that is asked for.
_STATES: dict[str, ColumnElement[bool]] = {
    "open": WebhookDelivery.done_at.is_(None) & WebhookDelivery.dead_at.is_(None),
    "done": WebhookDelivery.done_at.is_not(None),
    "dead": WebhookDelivery.dead_at.is_not(None),
}
STATES = tuple(_STATES)


@dataclass(frozen=True)
class DeliveryRow:
    """A delivery as people and the API see it."""

    id: UUID
    event_id: UUID
    topic: str
    state: str
    tries: int
    created_at: datetime
    next_try_at: datetime | None
    done_at: datetime | None
    last_status: int | None
    last_error: str | None
    last_took_ms: int | None


def list_endpoints(organisation_id: int, limit: int, cursor: str | None) -> Page[WebhookEndpoint]:
    """Return an organisation's endpoints, the oldest first.

    :raises BadCursor: if ``cursor`` is not one of this list.
    """
    query = select(WebhookEndpoint).where(WebhookEndpoint.organisation_id == organisation_id)
    after = decode_cursor(cursor, UUID)
    if after:
        query = query.where(WebhookEndpoint.public_id > after[0])
    rows = db.session.scalars(query.order_by(WebhookEndpoint.public_id).limit(limit + 1)).all()
    return make_page(rows, limit, lambda row: (row.public_id,))


def list_deliveries(
    endpoint: WebhookEndpoint, limit: int, cursor: str | None, *, state: str | None = None
) -> Page[DeliveryRow]:
    """Return what was sent to an endpoint, the latest first.

    :param state: ``open``, ``done`` or ``dead``; all if ``None``.
    :raises BadCursor: if ``cursor`` is not one of this list.
    """
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
    if state:
        query = query.where(_STATES[state])
    before = decode_cursor(cursor, UUID)
    if before:
        query = query.where(WebhookDelivery.public_id < before[0])
    rows = db.session.scalars(query.order_by(WebhookDelivery.public_id.desc()).limit(limit + 1)).all()
    return make_page([show(row) for row in rows], limit, lambda row: (row.id,))


def show(row: WebhookDelivery) -> DeliveryRow:
    """Return a delivery's row as it is shown."""
    state = "done" if row.done_at else "dead" if row.dead_at else "open"
    return DeliveryRow(
        row.public_id, row.event_id, row.topic, state, row.tries, row.created_at, row.next_try_at, row.done_at,
        row.last_status, row.last_error, row.last_took_ms,
    )  # fmt: skip
