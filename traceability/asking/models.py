"""Queries that organisations keep under a name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base


class TraceQuery(Base):
    """A named query of an organisation: the parameters of SimpleEventQuery; it is never changed, only deleted."""

    __tablename__ = "trace_queries"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    #: The query as it came.
    definition: Mapped[dict[str, Any]]
    #: Prefixes that its parameters use.
    extensions: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("organisation_id", "name"),)
