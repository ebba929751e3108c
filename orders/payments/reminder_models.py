"""Which days of orders both sides were told of."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base
from shop.identity.models import one_of


class DueReminder(Base):
    """That both or one side of an order was told of a day on which something falls due; once for each kind."""

    __tablename__ = "due_reminders"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    due_on: Mapped[date] = mapped_column(primary_key=True)
    #: ``soon`` or ``late``.
    kind: Mapped[str] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]

    __table_args__ = (one_of("kind", ("soon", "late")),)
