"""Banks' electronic receipts of payments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base


class PaymentSlip(Base):
    """A bank's electronic receipt of a payment."""

    __tablename__ = "payment_slips"

    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), primary_key=True, index=True)
    attached_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    attached_at: Mapped[datetime]
