"""Events and one delivery per subscriber."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column
from uuid6 import uuid7

from shop.db import Base


class OutboxEvent(Base):
    """Something that happened, in values, stored by the transaction in which it did."""

    __tablename__ = "outbox_events"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    #: ``package.noun_verbed``.
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]]
    #: The organisations that the event concerns; outbound webhooks are theirs.
    organisation_ids: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    request_id: Mapped[str] = mapped_column(server_default="")
    occurred_at: Mapped[datetime]

    __table_args__ = (Index("ix_outbox_events_occurred_at", "occurred_at"),)


class OutboxDelivery(Base):
    """One subscriber's copy of an event; ``done_at`` is set in the subscriber's own transaction."""

    __tablename__ = "outbox_deliveries"

    event_id: Mapped[UUID] = mapped_column(ForeignKey("outbox_events.id"), primary_key=True)
    subscriber: Mapped[str] = mapped_column(primary_key=True)
    claimed_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None]
    #: After the tenth try: waits for a person.
    dead_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_outbox_deliveries_open",
            "claimed_until",
            "event_id",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
        Index("ix_outbox_deliveries_dead", "dead_at", postgresql_where=text("dead_at IS NOT NULL")),
    )
