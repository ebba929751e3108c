"""What waits in the outbox, and what has given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shop.db import db
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class OutboxState:
    """How many deliveries are open and dead, and since when the oldest open one waits (real time)."""

    open: int
    dead: int
    oldest_open_at: datetime | None


@dataclass(frozen=True)
class DeadLetter:
    """A delivery that failed ten times."""

    event_id: UUID
    subscriber: str
    topic: str
    occurred_at: datetime
    dead_at: datetime
    last_error: str
    request_id: str


def get_state() -> OutboxState:
    """Return the outbox's figures; the age comes from the event's UUIDv7."""
    row = db.session.execute(
        text("""SELECT count(*) FILTER (WHERE dead_at IS NULL) AS open, count(dead_at) AS dead,
                       min(uuid_extract_timestamp(event_id)) FILTER (WHERE dead_at IS NULL) AS oldest_open_at
                  FROM outbox_deliveries WHERE done_at IS NULL""")
    ).one()
    return OutboxState(row.open, row.dead, row.oldest_open_at)


def list_dead_letters(limit: int, cursor: str | None) -> Page[DeadLetter]:
    """Return dead letters, the latest event first.

    :raises BadCursor: if ``cursor`` is not one of this list.
    """
    key: list[Any] = decode_cursor(cursor, UUID, str) or [None, None]
    rows = db.session.execute(
        text("""SELECT d.event_id, d.subscriber, e.topic, e.occurred_at, d.dead_at, d.last_error, e.request_id
                  FROM outbox_deliveries d JOIN outbox_events e ON e.id = d.event_id
                 WHERE d.dead_at IS NOT NULL AND d.done_at IS NULL
                   AND (cast(:event AS uuid) IS NULL OR (d.event_id, d.subscriber) < (cast(:event AS uuid), :name))
                 ORDER BY d.event_id DESC, d.subscriber DESC LIMIT :limit"""),
        {"event": key[0], "name": key[1], "limit": limit + 1},
    )
    letters = [DeadLetter(**row) for row in rows.mappings()]
    return make_page(letters, limit, lambda letter: (letter.event_id, letter.subscriber))
