"""Batches of refunds for the bank, and the transfer of each."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

TRANSFER_STATES = ("prepared", "released", "sent", "failing", "paid", "failed", "cancelled")
#: A transfer in one of these is the refund's only one: it is on its way, or has arrived.
_LIVE = "status NOT IN ('failed','cancelled')"


class RefundRun(PublicId, Base):
    """Refunds that go to the bank in one file."""

    __tablename__ = "refund_runs"

    on: Mapped[date]
    started_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime]
    #: The bank's file and its hash are the evidence of what was released.
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))


class RefundTransfer(PublicId, Base):
    """One transfer of a file: a refund of an order or of credit, back to who had paid."""

    __tablename__ = "refund_transfers"

    number: Mapped[str] = mapped_column(unique=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("refund_runs.id"), index=True)
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refunds.id"))
    credit_refund_id: Mapped[int | None] = mapped_column(ForeignKey("credit_refunds.id"))
    #: The producer whose part of the supervised account it leaves.
    producer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    amount_fen: Mapped[int]
    status: Mapped[str]
    #: Who had paid, and from which account.
    account_holder: Mapped[str]
    account_number: Mapped[str]
    bank_serial: Mapped[str | None]
    value_on: Mapped[date | None]
    prepared_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    prepared_at: Mapped[datetime]
    released_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    released_at: Mapped[datetime | None]
    #: Who said that the bank did not make it; another person agrees.
    doubted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    doubted_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", TRANSFER_STATES),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("(refund_id IS NULL) <> (credit_refund_id IS NULL)", name="refund"),
        CheckConstraint("released_by IS NULL OR released_by <> prepared_by", name="two_persons"),
        CheckConstraint("status IN ('prepared','cancelled') OR released_by IS NOT NULL", name="released"),
        CheckConstraint("status <> 'failing' OR doubted_by IS NOT NULL", name="doubted"),
        CheckConstraint(
            "status <> 'failed' OR (doubted_by IS NOT NULL AND decided_by IS NOT NULL AND decided_by <> doubted_by)",
            name="failed",
        ),
        CheckConstraint("status <> 'paid' OR (bank_serial IS NOT NULL AND value_on IS NOT NULL)", name="paid"),
        Index("uq_refund_transfers_refund", "refund_id", unique=True, postgresql_where=text(_LIVE)),
        Index("uq_refund_transfers_credit_refund", "credit_refund_id", unique=True, postgresql_where=text(_LIVE)),
        Index("uq_refund_transfers_bank_serial", "bank_serial", unique=True, postgresql_where=text("status = 'paid'")),
        Index("ix_refund_transfers_moving", "id", postgresql_where=text("status IN ('prepared','released','sent','failing')")),
    )  # fmt: skip
