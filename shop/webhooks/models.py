"""Endpoints of organisations, and what was sent to them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.db import Base, PublicId


class WebhookEndpoint(PublicId, Base):
    """Where an organisation wants to hear of its topics."""

    __tablename__ = "webhook_endpoints"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    url: Mapped[str]
    topics: Mapped[list[str]]
    #: Signs every delivery; shown once.
    secret: Mapped[str]
    #: Still signs during a rotation, until ``previous_until`` (real time).
    previous_secret: Mapped[str | None]
    previous_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    #: Why it was switched off by itself; empty if a person did it.
    disabled_reason: Mapped[str] = mapped_column(server_default="", default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class WebhookDelivery(PublicId, Base):
    """One event for one endpoint, with its last answer."""

    __tablename__ = "webhook_deliveries"

    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey("outbox_events.id"))
    topic: Mapped[str]
    tries: Mapped[int] = mapped_column(server_default="0")
    next_try_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    last_took_ms: Mapped[int | None]
    created_at: Mapped[datetime]

    endpoint: Mapped[WebhookEndpoint] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index("ix_webhook_deliveries_endpoint_id", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_event_id", "event_id"),
        Index(
            "ix_webhook_deliveries_open",
            "next_try_at",
            postgresql_where=text("done_at IS NULL AND dead_at IS NULL"),
        ),
    )
