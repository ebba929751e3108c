"""For how many days money may wait before somebody is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, Dated, PublicId, no_overlap
from shop.identity.models import one_of

#: ``unpaid``: days after a file was sent until a transfer without a statement's line is an exception; ``aging``: days
#: after which an exception that still waits is told again, each day.
WAITING_KINDS = ("unpaid", "aging")


class WaitingRule(PublicId, Dated, Base):
    """So many days a thing of a kind may wait; for all producers alike."""

    __tablename__ = "waiting_rules"

    kind: Mapped[str]
    producer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    days: Mapped[int]
    note: Mapped[str] = mapped_column(server_default="", default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]

    __table_args__ = (
        one_of("kind", WAITING_KINDS),
        CheckConstraint("producer_id IS NULL", name="producer"),
        CheckConstraint("days BETWEEN 0 AND 365", name="days"),
        no_overlap("waiting_rules", "kind"),
    )
