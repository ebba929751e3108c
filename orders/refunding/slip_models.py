"""Banks' electronic receipts of refunds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base


class RefundSlip(Base):
    """A bank's electronic receipt of a refund of an order."""

    __tablename__ = "refund_slips"

    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), primary_key=True, index=True)
    attached_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    attached_at: Mapped[datetime]


class CreditRefundSlip(Base):
    """A bank's electronic receipt of credit that went back."""

    __tablename__ = "credit_refund_slips"

    refund_id: Mapped[int] = mapped_column("credit_refund_id", ForeignKey("credit_refunds.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), primary_key=True, index=True)
    attached_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    attached_at: Mapped[datetime]
