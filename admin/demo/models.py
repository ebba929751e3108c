"""Where the demo story stands, so that a loader that was stopped goes on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base


class DemoStep(Base):
    """The next step of one thread of the story; a thread that has ended has no ``next_at``."""

    __tablename__ = "demo_steps"

    #: ``join``, ``case:<number>``, ``stock:<year>:<half>``, ``expire:<year>``, ``buy:<number>`` or ``order:<order id>``.
    thread: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[str]
    next_at: Mapped[datetime | None]
    #: What the thread must remember: keys and drawn decisions.
    memory: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))

    __table_args__ = (Index("ix_demo_steps_open", "next_at", postgresql_where=text("next_at IS NOT NULL")),)
