"""The receipts that refunds by bank go back to, and which refunds one request was split into."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base

#: States of a refund that is on its way back, or waits for that.
OPEN_REFUNDS = ("requested", "recorded", "sent", "in_file")


class RefundReceipt(Base):
    """So much of a refund by bank goes back to who paid this receipt; one refund names receipts of one payer."""

    __tablename__ = "refund_receipts"

    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id"), primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), primary_key=True, index=True)
    amount_fen: Mapped[int]

    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_fen"),)


class RefundGroup(Base):
    """That a refund was asked for together with others: one request that goes back several ways; each names the first."""

    __tablename__ = "refund_groups"

    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id"), primary_key=True, autoincrement=False)
    first_id: Mapped[int] = mapped_column(ForeignKey("refunds.id"), index=True)
