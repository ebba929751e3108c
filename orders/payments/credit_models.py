"""Credit that goes back to who had paid it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

CREDIT_REFUND_STATUSES = ("requested", "recorded", "in_file", "confirmed", "refused")


class CreditRefund(PublicId, Base):
    """So much of what a bank receipt has left goes back to its payer: asked for, recorded by one person, confirmed by another."""

    __tablename__ = "credit_refunds"

    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    amount_fen: Mapped[int]
    reason: Mapped[str]
    status: Mapped[str]
    bank_serial: Mapped[str | None]
    value_on: Mapped[date | None]
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    requested_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    requested_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    #: Why it was refused.
    refusal: Mapped[str] = mapped_column(server_default="", default="")
    #: Why the bank could not send it, last.
    failure: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", CREDIT_REFUND_STATUSES),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("decided_by IS NULL OR recorded_by IS NULL OR decided_by <> recorded_by", name="two_persons"),
        CheckConstraint(
            "status NOT IN ('recorded','confirmed') OR (value_on IS NOT NULL AND bank_serial IS NOT NULL"
            " AND recorded_by IS NOT NULL)",
            name="recorded",
        ),
        CheckConstraint("status NOT IN ('confirmed','refused') OR decided_by IS NOT NULL", name="decided"),
        Index(
            "uq_credit_refunds_serial", "payment_id", "bank_serial", unique=True,
            postgresql_where=text("status <> 'refused'"),
        ),
    )  # fmt: skip
