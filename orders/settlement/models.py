"""When producers are paid, payouts with their orders, transfers from charges and what came back of them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, Dated, PublicId, no_overlap
from shop.identity.models import one_of

RULE_KINDS = ("fee", "days", "clearing", "unpaid", "aging")
PAYOUT_RAILS = ("bank", "stripe")
PAYOUT_STATES = ("prepared", "released", "sent", "failing", "paid", "failed", "cancelled", "returned")
#: States in which a payout's money is on its way: it is nobody else's to pay.
MOVING_STATES = ("prepared", "released", "sent", "failing")
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
    #: Paid out less what came back or was netted, and what is on its way, by the way it goes. Below zero where an order
    #: owes: the fee of what its buyer paid to the producer directly is netted from another order's payout.
    bank_settled_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    bank_settling_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    stripe_settled_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    stripe_settling_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: What of both was money that had come by card, whichever way it was paid out.
    card_settled_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    card_settling_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: The platform's fee that has left the producer's cash, by where that lay.
    fee_card_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    fee_bank_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: What of the fee files for the bank carry whose payouts are not decided: no other file carries it again.
    fee_settling_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: Nothing is paid out while it is set, with the reason.
    held_at: Mapped[datetime | None]
    held_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    held_why: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (CheckConstraint("(held_at IS NULL) = (held_why = '')", name="held"),)


class PayoutRun(PublicId, Base):
    """One run over all that is due on a day."""

    __tablename__ = "payout_runs"

    rail: Mapped[str]
    on: Mapped[date]
    #: Empty when the schedule started it.
    started_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    #: Producers that had something due when it began, and how many of them are done.
    producers: Mapped[int] = mapped_column(server_default="0", default=0)
    done: Mapped[int] = mapped_column(server_default="0", default=0)
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
    #: Who made it, or checked what the schedule had made.
    prepared_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    prepared_at: Mapped[datetime]
    released_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    released_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(server_default="", default="")
    #: Who said that the bank did not make it; another person agrees.
    doubted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    doubted_at: Mapped[datetime | None]
    #: When a statement told that it was made although two persons had said that it was not.
    found_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("rail", PAYOUT_RAILS),
        one_of("status", PAYOUT_STATES),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("released_by IS NULL OR released_by <> prepared_by", name="two_persons"),
        CheckConstraint(
            "rail = 'stripe' OR status IN ('prepared','failed','cancelled')"
            " OR (released_by IS NOT NULL AND prepared_by IS NOT NULL)",
            name="released",
        ),
        CheckConstraint("status NOT IN ('paid','returned') OR value_on IS NOT NULL", name="paid"),
        CheckConstraint("status <> 'returned' OR rail = 'bank'", name="returned"),
        CheckConstraint("status <> 'failing' OR (doubted_by IS NOT NULL AND rail = 'bank')", name="failing"),
        CheckConstraint("status <> 'failed' OR doubted_by IS NULL OR doubted_by <> decided_by", name="failed"),
        Index("uq_payouts_bank_serial", "bank_serial", unique=True, postgresql_where=text("status <> 'failed'")),
        Index(
            "ix_payouts_moving",
            "producer_id",
            postgresql_where=text("status IN ('prepared','released','sent','failing')"),
        ),
    )


class PayoutReturn(PublicId, Base):
    """A payout by bank that came back after it was paid: said by one person or a bank line, agreed to by another person."""

    __tablename__ = "payout_returns"

    payout_id: Mapped[int] = mapped_column(ForeignKey("payouts.id"))
    #: The incoming line of the supervised account that says so, if one does.
    line_id: Mapped[int | None] = mapped_column(ForeignKey("bank_statement_lines.id"))
    bank_serial: Mapped[str]
    returned_on: Mapped[date]
    #: The bank's, such as a wrong name of the account's holder.
    reason: Mapped[str]
    #: ``recorded``, ``confirmed`` or ``refused``.
    status: Mapped[str]
    #: The account was found right: it may be paid to once more. Else it has to be changed before the next payout.
    same_account: Mapped[bool] = mapped_column(server_default="false", default=False)
    #: Who said so, or imported the statement.
    recorded_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    #: Why it was refused.
    refusal: Mapped[str] = mapped_column(server_default="", default="")

    __table_args__ = (
        one_of("status", ("recorded", "confirmed", "refused")),
        CheckConstraint("decided_by IS NULL OR decided_by <> recorded_by", name="two_persons"),
        CheckConstraint("(status = 'recorded') = (decided_by IS NULL)", name="decided"),
        Index("uq_payout_returns_payout", "payout_id", unique=True, postgresql_where=text("status <> 'refused'")),
        Index("uq_payout_returns_line", "line_id", unique=True, postgresql_where=text("status <> 'refused'")),
    )


class PayoutItem(Base):
    """An order's part of a payout; negative where it gives back what it was paid too much."""

    __tablename__ = "payout_items"

    payout_id: Mapped[int] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, index=True)
    amount_fen: Mapped[int]
    #: What of it is money that came by card.
    card_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: The platform's fee that left the producer's cash with it, once it is paid; below zero where it came back.
    fee_card_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    fee_bank_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: What of the fee the file for the bank carries with it; empty before there is one, and of payouts before it was kept.
    fee_sent_fen: Mapped[int | None]

    __table_args__ = (CheckConstraint("amount_fen <> 0 OR card_fen <> 0", name="amount_fen"),)


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
    #: The fee that came back to the producer's cash with it: never above zero.
    fee_card_fen: Mapped[int] = mapped_column(server_default="0", default=0)
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


class RuleProposal(PublicId, Base):
    """A fee, a number of days or a clearing mode as one person enters it; it is a rule once another person has agreed."""

    __tablename__ = "rule_proposals"

    #: ``fee`` in hundredths of a percent, ``days`` from acceptance until money is due, ``clearing``: 0 is ``direct``,
    #: 1 ``supervised``; or what :class:`orders.settlement.waiting_models.WaitingRule` names.
    kind: Mapped[str]
    producer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    value: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    note: Mapped[str] = mapped_column(server_default="", default="")
    status: Mapped[str] = mapped_column(server_default="proposed", default="proposed")
    proposed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("kind", RULE_KINDS),
        one_of("status", ("proposed", "confirmed", "refused")),
        CheckConstraint(
            "value >= 0 AND value <= CASE kind WHEN 'fee' THEN 10000 WHEN 'clearing' THEN 1 ELSE 365 END", name="value"
        ),
        CheckConstraint("valid_to >= valid_from", name="dates"),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_persons"),
        CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name="decided"),
    )
