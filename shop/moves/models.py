"""What was moved from which state to which, by whom and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId


class Move(PublicId, Base):
    """One move of a machine: who, when, why; append-only."""

    __tablename__ = "moves"

    #: ``procurement``, ``order``, ``receipt``, ``filing``, ``eligibility`` ...
    machine: Mapped[str]
    subject_id: Mapped[int]
    event: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    at: Mapped[datetime]
    why: Mapped[str] = mapped_column(server_default="", default="")
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)

    __table_args__ = (Index("ix_moves_subject", "machine", "subject_id", "id"),)
