"""Who was told of a recall, what it said of the goods, and who was reminded."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base


class RecallTelling(Base):
    """Who got a quantity of a lot was told that the lot is called back; append-only, once for each recall."""

    __tablename__ = "trace_recall_tellings"

    recall_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: The movement by which the goods left, which the consignment has too.
    movement_id: Mapped[int] = mapped_column(ForeignKey("lot_movements.id"), primary_key=True, autoincrement=False)
    told_at: Mapped[datetime]

    __table_args__ = (Index("ix_trace_recall_tellings_movement", "movement_id"),)


class RecallReply(Base):
    """What became of the goods, as who got them says; append-only, the last one counts."""

    __tablename__ = "trace_recall_replies"

    id: Mapped[int] = mapped_column(primary_key=True)
    recall_id: Mapped[UUID]
    movement_id: Mapped[int]
    #: Kept apart and not used.
    set_aside: Mapped[Decimal]
    #: Eaten, cooked or handed on before.
    used: Mapped[Decimal]
    #: Sent back, or handed to whoever fetches it.
    returned: Mapped[Decimal]
    destroyed: Mapped[Decimal] = mapped_column(server_default="0")
    note: Mapped[str] = mapped_column(server_default="")
    replied_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    replied_at: Mapped[datetime]

    __table_args__ = (
        ForeignKeyConstraint(
            ["recall_id", "movement_id"], ["trace_recall_tellings.recall_id", "trace_recall_tellings.movement_id"]
        ),
        CheckConstraint("set_aside >= 0 AND used >= 0 AND returned >= 0", name="quantities"),
        CheckConstraint("destroyed >= 0", name="destroyed"),
        Index("ix_trace_recall_replies_told", "recall_id", "movement_id", "id"),
    )


class RecallReminder(Base):
    """Somebody was reminded of a recall; append-only, so that nobody is told the same twice."""

    __tablename__ = "trace_recall_reminders"

    id: Mapped[int] = mapped_column(primary_key=True)
    recall_id: Mapped[UUID] = mapped_column(ForeignKey("recall_terms.public_id"))
    #: Who got goods and has not answered; ``None``: those who called back, that the deadline is over.
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    #: Which time, or which deadline.
    mark: Mapped[str]
    sent_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("recall_id", "organisation_id", "mark", postgresql_nulls_not_distinct=True),)
