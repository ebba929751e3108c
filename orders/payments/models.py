"""Announcements, receipts, allocations and refunds."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

RECEIPT_STATUSES = ("recorded", "confirmed", "refused")
REFUND_CAUSES = ("rejected", "cancelled", "overpaid", "agreed")


class TransferAnnouncement(PublicId, Base):
    """An institution says who will pay an order, how much and when."""

    __tablename__ = "transfer_announcements"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    payer_name: Mapped[str]
    payer_account: Mapped[str] = mapped_column(server_default="")
    amount_fen: Mapped[int]
    planned_on: Mapped[date]
    announced_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    announced_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_fen"),)


class Payment(PublicId, Base):
    """One receipt of money: recorded by one person, confirmed by another, allocated to orders."""

    __tablename__ = "payments"

    #: ``bank``; further rails come with their own gateway.
    rail: Mapped[str]
    #: ``direct``: to the producer's account; ``supervised``: to the supervised account.
    clearing: Mapped[str]
    #: The bank's serial number, unique per receiving organisation.
    bank_serial: Mapped[str]
    payer_name: Mapped[str]
    payer_account: Mapped[str] = mapped_column(server_default="")
    remark: Mapped[str] = mapped_column(server_default="")
    #: The producer whose account, or whose part of the supervised account, received it.
    payee_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    #: Whose money it is; known from the first allocation on, and before it is confirmed.
    buyer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    amount_fen: Mapped[int]
    #: Sum of the allocations; what is left of the amount is the buyer's credit.
    allocated_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    value_on: Mapped[date]
    status: Mapped[str]
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("rail", ("bank", "stripe")),
        one_of("clearing", ("direct", "supervised")),
        one_of("status", RECEIPT_STATUSES),
        CheckConstraint("amount_fen > 0 AND allocated_fen BETWEEN 0 AND amount_fen", name="amount_fen"),
        CheckConstraint("decided_by IS NULL OR decided_by <> recorded_by", name="two_persons"),
        CheckConstraint("status <> 'confirmed' OR buyer_id IS NOT NULL", name="buyer_known"),
        Index("ix_payments_credit", "buyer_id", "payee_id", postgresql_where=text("allocated_fen < amount_fen")),
        Index(
            "uq_payments_serial", "payee_id", "bank_serial", unique=True, postgresql_where=text("status <> 'refused'")
        ),
    )


class PaymentAllocation(Base):
    """So much of a receipt is for an order, or (negative) is so no longer; rows are only added."""

    __tablename__ = "payment_allocations"

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    amount_fen: Mapped[int]
    #: The day the money became the order's: the value day, or the day credit was allocated.
    effective_on: Mapped[date]
    allocated_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    allocated_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("amount_fen <> 0", name="amount_fen"),)


class Refund(PublicId, Base):
    """Money back to the payer: asked for, then recorded by one person and confirmed by another."""

    __tablename__ = "refunds"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    amount_fen: Mapped[int]
    reason: Mapped[str]
    #: ``requested``, ``recorded``, ``confirmed`` or ``refused``.
    status: Mapped[str]
    #: What gave rise to it: ``rejected``, ``cancelled``, ``overpaid`` or ``agreed``.
    cause: Mapped[str]
    #: From which account it went back; known once recorded.
    clearing: Mapped[str | None]
    bank_serial: Mapped[str | None]
    value_on: Mapped[date | None]
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    #: Empty when the system asked for it.
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    requested_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    #: Why it was refused.
    refusal: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("cause", REFUND_CAUSES),
        CheckConstraint("clearing IN ('direct','supervised')", name="clearing"),
        one_of("status", ("requested", "recorded", "confirmed", "refused")),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("decided_by IS NULL OR recorded_by IS NULL OR decided_by <> recorded_by", name="two_persons"),
        CheckConstraint(
            "status NOT IN ('recorded','confirmed') OR (value_on IS NOT NULL AND bank_serial IS NOT NULL"
            " AND clearing IS NOT NULL AND recorded_by IS NOT NULL)",
            name="recorded",
        ),
        Index(
            "uq_refunds_serial", "order_id", "bank_serial", unique=True, postgresql_where=text("status <> 'refused'")
        ),
    )
