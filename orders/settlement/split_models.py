"""Moves of goods money from the main supervised account to producers' sub-accounts, which the bank makes on our instruction."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

SPLIT_STATES = ("prepared", "released", "sent", "done", "failed", "cancelled")
#: States in which a split has its receipts' money: no other split takes it.
LIVE_STATES = ("prepared", "released", "sent", "done")


class SplitRun(PublicId, Base):
    """What was to be moved to sub-accounts at one time, and the file that tells the bank."""

    __tablename__ = "split_runs"

    on: Mapped[date]
    started_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime]
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))


class Split(PublicId, Base):
    """What of a main account is a producer's and goes to its sub-account."""

    __tablename__ = "splits"

    #: The reference that the bank repeats on both accounts' statements.
    number: Mapped[str] = mapped_column(unique=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("split_runs.id"), index=True)
    producer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    #: The main account that has the money, and the producer's sub-account.
    payer_id: Mapped[int] = mapped_column(ForeignKey("supervised_accounts.id"))
    payee_id: Mapped[int] = mapped_column(ForeignKey("supervised_accounts.id"))
    amount_fen: Mapped[int]
    status: Mapped[str]
    prepared_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    prepared_at: Mapped[datetime]
    released_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    released_at: Mapped[datetime | None]
    #: The statement lines by which it left the main account, came to the sub-account, or came back to the main one.
    left_line_id: Mapped[int | None] = mapped_column(ForeignKey("bank_statement_lines.id"), unique=True)
    arrived_line_id: Mapped[int | None] = mapped_column(ForeignKey("bank_statement_lines.id"), unique=True)
    returned_line_id: Mapped[int | None] = mapped_column(ForeignKey("bank_statement_lines.id"), unique=True)
    #: Why it was given up, or the bank did not make it.
    failure: Mapped[str] = mapped_column(server_default="", default="")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", SPLIT_STATES),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("released_by IS NULL OR released_by <> prepared_by", name="two_persons"),
        CheckConstraint("status IN ('prepared','cancelled') OR released_by IS NOT NULL", name="released"),
        CheckConstraint("(status = 'done') = (left_line_id IS NOT NULL AND arrived_line_id IS NOT NULL)", name="done"),
        CheckConstraint(
            "(left_line_id IS NULL AND arrived_line_id IS NULL) OR status IN ('sent','done','failed')", name="lines"
        ),
        CheckConstraint(
            "returned_line_id IS NULL OR (status = 'failed' AND left_line_id IS NOT NULL)", name="returned"
        ),
        CheckConstraint(
            "status <> 'failed' OR (arrived_line_id IS NULL AND (left_line_id IS NULL) = (returned_line_id IS NULL))",
            name="failed",
        ),
        Index("ix_splits_moving", "producer_id", "amount_fen", postgresql_where=text("status = 'sent'")),
    )


class SplitPart(Base):
    """How much of a split is money of which receipt."""

    __tablename__ = "split_parts"

    split_id: Mapped[int] = mapped_column(ForeignKey("splits.id"), primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), primary_key=True, index=True)
    amount_fen: Mapped[int]

    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_fen"),)
