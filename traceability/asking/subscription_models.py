"""Subscriptions to named queries, and how far each has been told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId


class TraceSubscription(PublicId, Base):
    """Where the events of a query are sent; ``public_id`` is the standard's subscriptionID.

    Instants that decide when something is sent are of real time.
    """

    __tablename__ = "trace_subscriptions"

    #: It ends with its query.
    query_id: Mapped[int] = mapped_column(ForeignKey("trace_queries.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    dest: Mapped[str]
    #: Signs what is sent; never shown. Empty for none.
    signature_token: Mapped[str] = mapped_column(server_default="", default="")
    #: When to ask, as it came; without one events are sent as they are captured.
    schedule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    report_if_empty: Mapped[bool]
    initial_record_time: Mapped[datetime | None]
    #: A snapshot of the database: what it shows has been told. None before the first time.
    told: Mapped[str | None]
    #: When that snapshot was taken, by the platform's clock.
    told_at: Mapped[datetime]
    #: The snapshot that is being told now, and the last event of it that has been.
    telling: Mapped[str | None]
    telling_at: Mapped[datetime | None]
    after_id: Mapped[int] = mapped_column(server_default="0", default=0)
    #: What is on its way: its id, keys of its events, when it was made. The same until somebody takes it.
    message_id: Mapped[UUID | None]
    message_events: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    message_at: Mapped[datetime | None]
    #: Nothing of ``telling`` is left after this message.
    message_is_last: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    next_at: Mapped[datetime]
    #: A worker has it until then; a killed one's message is sent by another after.
    claimed_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0", default=0)
    last_notified_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str] = mapped_column(server_default="", default="")
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("(message_id IS NULL) = (message_events IS NULL)", name="message"),
        Index("ix_trace_subscriptions_due", "next_at", postgresql_where=text("disabled_at IS NULL")),
    )
