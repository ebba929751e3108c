"""Notices and their log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId


class Notice(PublicId, Base):
    """Something a person should know or do, with a link to where."""

    __tablename__ = "notices"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    #: What kind: one template each, such as ``order_placed``.
    kind: Mapped[str]
    values: Mapped[dict[str, Any]]
    link: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    #: Event and person, so that a repeated delivery makes one notice.
    dedupe: Mapped[str] = mapped_column(unique=True)

    __table_args__ = (Index("ix_notices_unread", "user_id", "id", postgresql_where=text("read_at IS NULL")),)
