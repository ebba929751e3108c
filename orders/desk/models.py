"""Of which deadlines people were reminded."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base
from shop.identity.models import one_of

REMINDER_KINDS = ("accept_soon", "accept_over", "sign_producer", "sign_buyer", "invoice")


class DeskReminder(Base):
    """That somebody was reminded of a thing and its day; once for each."""

    __tablename__ = "desk_reminders"

    kind: Mapped[str] = mapped_column(primary_key=True)
    #: A shipment, contract or invoice.
    subject_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    on: Mapped[date] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]

    __table_args__ = (one_of("kind", REMINDER_KINDS),)
