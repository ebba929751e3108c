"""When producers are paid, payouts with their orders, transfers from charges and what came back of them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, Dated, PublicId, no_overlap
from shop.identity.models import one_of

PAYOUT_RAILS = ("bank", "stripe")
PAYOUT_STATES = ("prepared", "released", "sent", "paid", "failed", "cancelled")
#: States in which a payout's money is on its way: it is nobody else's to pay.
MOVING_STATES = ("prepared", "released", "sent")
TRANSFER_STATES = ("pending", "done", "failed")


class SettlementRule(PublicId, Dated, Base):
    """So many days after acceptance a producer's money is due; a producer's own rule goes before the one for all."""

    __tablename__ = "settlement_rules"

    producer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    days: Mapped[int]
    note: Mapped[str] = mapped_column(server_default="", default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("days BETWEEN 0 AND 365", name="days"),
        no_overlap("settlement_rules", "coalesce(producer_id, 0)"),
    )


class OrderSettlement(Base):
    """How far an order is paid out, by rail; written under the order's lock."""

    __tablename__ = "order_settlements"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, autoincrement=False)
    #: The day from which the producer may be paid: acceptance and the days of that day's rule.
    due_on: Mapped[date] = mapped_column(index=True)
    #: Paid out less what came back or was netted; and what is on its way.
    bank_settled_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    bank_settling_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    stripe_settled_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    stripe_settling_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: Nothing is paid out while it is set, with the reason.
    held_at: Mapped[datetime | None]
    held_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    held_why: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (CheckConstraint("bank_settled_fen >= 0 AND stripe_settled_fen >= 0", name="settled"),)


class PayoutRun(PublicId, Base):
    """One run over all that is due on a day."""

    __tablename__ = "payout_runs"

    rail: Mapped[str]
    on: Mapped[date]
    #: Empty when the schedule started it.
    started_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    #: The bank's payment file and its hash are the evidence of what was released.
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))

    __table_args__ = (one_of("rail", PAYOUT_RAILS),)


class Payout(PublicId, Base):
    """What a producer is paid at once: the orders that earned it less what is netted."""

    __tablename__ = "payouts"

    number: Mapped[str] = mapped_column(unique=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("payout_runs.id"), index=True)
    producer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    rail: Mapped[str]
    #: The sum of its items.
    amount_fen: Mapped[int]
    status: Mapped[str]
    #: The account as it stood when the payout was prepared.
    account_holder: Mapped[str] = mapped_column(server_default="", default="")
    account_bank: Mapped[str] = mapped_column(server_default="", default="")
    account_number: Mapped[str] = mapped_column(server_default="", default="")
    #: The bank's serial number once it is paid.
    bank_serial: Mapped[str | None]
    value_on: Mapped[date | None]
    prepared_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    prepared_at: Mapped[datetime]
    released_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    released_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("rail", PAYOUT_RAILS),
        one_of("status", PAYOUT_STATES),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("released_by IS NULL OR released_by <> prepared_by", name="two_persons"),
        CheckConstraint(
            "rail = 'stripe' OR status IN ('prepared','failed','cancelled') OR released_by IS NOT NULL", name="released"
        ),
        Index("ix_payouts_moving", "producer_id", postgresql_where=text("status IN ('prepared','released','sent')")),
    )


class PayoutItem(Base):
    """An order's part of a payout; negative where it gives back what it was paid too much."""

    __tablename__ = "payout_items"

    payout_id: Mapped[int] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, index=True)
    amount_fen: Mapped[int]

    __table_args__ = (CheckConstraint("amount_fen <> 0", name="amount_fen"),)


class Transfer(PublicId, Base):
    """The provider's transfer of a charge's money to a producer's account there, for one order."""

    __tablename__ = "transfers"

    payout_id: Mapped[int] = mapped_column(ForeignKey("payouts.id"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charges.id"), index=True)
    amount_fen: Mapped[int]
    transfer_ref: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str]
    #: Come back, or asked back.
    reversed_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    failure: Mapped[str] = mapped_column(server_default="", default="")
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", TRANSFER_STATES),
        CheckConstraint("amount_fen > 0 AND reversed_fen BETWEEN 0 AND amount_fen", name="amount_fen"),
    )


class TransferReversal(PublicId, Base):
    """Money taken back from a producer's account at the provider after a refund or a lost dispute."""

    __tablename__ = "transfer_reversals"

    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    amount_fen: Mapped[int]
    #: What it is for: ``refund`` or ``dispute``.
    cause: Mapped[str]
    reversal_ref: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str]
    failure: Mapped[str] = mapped_column(server_default="", default="")
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("status", TRANSFER_STATES),
        one_of("cause", ("refund", "dispute")),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
    )
