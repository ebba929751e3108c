"""Corrections of receipts that were confirmed wrongly: proposed by one person, agreed to by another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

CORRECTION_STATUSES = ("proposed", "confirmed", "refused", "withdrawn")


class ReceiptCorrection(PublicId, Base):
    """A confirmed receipt is wrong: it is reversed, and what should have been recorded takes its place, if anything came."""

    __tablename__ = "receipt_corrections"

    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    reason: Mapped[str]
    evidence_file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    #: What is right: serial, payer, amount, day and orders, as it was proposed; empty where nothing came.
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    status: Mapped[str]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    refusal: Mapped[str] = mapped_column(server_default="", default="")
    #: The receipt that took its place.
    replacement_id: Mapped[int | None] = mapped_column(ForeignKey("payments.id"), unique=True)
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", CORRECTION_STATUSES),
        CheckConstraint(
            "status NOT IN ('confirmed','refused') OR coalesce(decided_by <> proposed_by, false)", name="two_persons"
        ),
        CheckConstraint("(status = 'proposed') = (decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "(status = 'confirmed' AND facts IS NOT NULL) = (replacement_id IS NOT NULL)", name="replacement"
        ),
        Index(
            "uq_receipt_corrections_payment", "payment_id", unique=True,
            postgresql_where=text("status IN ('proposed','confirmed')"),
        ),
        Index("ix_receipt_corrections_payment_id", "payment_id"),
        Index("ix_receipt_corrections_waiting", "id", postgresql_where=text("status = 'proposed'")),
    )  # fmt: skip
