"""The provider's own account of its balance, line by line."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base
from shop.identity.models import one_of


class BalanceTransaction(Base):
    """A movement of the provider's balance: its figure, held against what our books say of the same thing."""

    __tablename__ = "balance_transactions"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: The provider's name of it, ``txn_…``, and of what it is about (a charge, refund, transfer …).
    transaction_ref: Mapped[str] = mapped_column(unique=True)
    source_ref: Mapped[str] = mapped_column(index=True)
    type: Mapped[str]
    #: In the smallest unit of its currency; net = amount - fee.
    amount: Mapped[int]
    fee: Mapped[int]
    net: Mapped[int]
    currency: Mapped[str]
    payout_ref: Mapped[str] = mapped_column(server_default="", default="")
    occurred_at: Mapped[datetime]
    #: The Shanghai day of it.
    occurred_on: Mapped[date] = mapped_column(index=True)
    fetched_at: Mapped[datetime]
    #: ``new`` (nobody has looked at it), ``matched``, ``posted`` (fees, payouts, other currencies) or ``exception``.
    status: Mapped[str]
    exception_id: Mapped[int | None] = mapped_column(ForeignKey("money_exceptions.id"))

    __table_args__ = (
        one_of("status", ("new", "matched", "posted", "exception")),
        CheckConstraint("net = amount - fee", name="net"),
        Index("ix_balance_transactions_payout", "payout_ref"),
        Index("ix_balance_transactions_open", "status", "id", postgresql_where=text("status IN ('new','exception')")),
        Index("ix_balance_transactions_occurred_at", "occurred_at"),
    )


class PayoutArrival(Base):
    """A payout of the provider's balance has come to the supervised account: its line there."""

    __tablename__ = "payout_arrivals"

    transaction_id: Mapped[int] = mapped_column(
        ForeignKey("balance_transactions.id"), primary_key=True, autoincrement=False
    )
    line_id: Mapped[int] = mapped_column(ForeignKey("bank_statement_lines.id"), unique=True)
    amount_fen: Mapped[int]
    matched_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_fen"),)


class ExceptionReminder(Base):
    """That the operator's people were told, on a day, of exceptions that wait too long."""

    __tablename__ = "exception_reminders"

    on: Mapped[date] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]
    exceptions: Mapped[int]
