"""Debts that producers have paid back to the supervised account, and of which orders."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

REPAYMENT_STATES = ("recorded", "confirmed", "refused")
_STANDS = "status <> 'refused'"


class ProducerRepayment(PublicId, Base):
    """A producer's transfer of what it owes: a bank's line is enough, else one person records and another confirms."""

    __tablename__ = "producer_repayments"

    producer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    amount_fen: Mapped[int]
    bank_serial: Mapped[str]
    payer_name: Mapped[str] = mapped_column(server_default="", default="")
    payer_account: Mapped[str] = mapped_column(server_default="", default="")
    value_on: Mapped[date]
    #: The incoming line of a supervised account that it is.
    line_id: Mapped[int | None] = mapped_column(ForeignKey("bank_statement_lines.id"))
    status: Mapped[str]
    #: Who recorded it, or imported the statement.
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    #: Why it was refused.
    refusal: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", REPAYMENT_STATES),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("decided_by IS NULL OR decided_by <> recorded_by", name="two_persons"),
        CheckConstraint("status <> 'confirmed' OR decided_by IS NOT NULL OR line_id IS NOT NULL", name="confirmed"),
        Index("uq_producer_repayments_bank_serial", "bank_serial", unique=True, postgresql_where=text(_STANDS)),
        Index("uq_producer_repayments_line", "line_id", unique=True, postgresql_where=text(_STANDS)),
    )


class RepaymentItem(Base):
    """How much of a repayment is an order's, and what of that is money that had come by card."""

    __tablename__ = "repayment_items"

    repayment_id: Mapped[int] = mapped_column(ForeignKey("producer_repayments.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, index=True)
    amount_fen: Mapped[int]
    card_fen: Mapped[int] = mapped_column(server_default="0", default=0)

    __table_args__ = (CheckConstraint("amount_fen > 0 AND card_fen BETWEEN 0 AND amount_fen", name="amount_fen"),)
