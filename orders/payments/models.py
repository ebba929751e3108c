"""Announcements, receipts, allocations and refunds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

RECEIPT_STATUSES = ("recorded", "confirmed", "refused", "reversed")
#: A receipt that is none: refused, or confirmed wrongly and reversed. Its serial number may be recorded again.
GONE = ("refused", "reversed")
REFUND_STATUSES = ("requested", "recorded", "sent", "in_file", "confirmed", "refused")
#: How money reaches a producer: straight, through the supervised account, or through the card provider.
CLEARINGS = ("direct", "supervised", "stripe")
RAILS = ("bank", "stripe")
#: A producer's own account is a rail of its own where it is held against the books.
EXCEPTION_RAILS = (*RAILS, "direct")
#: A serial as filings compare it: a sale off the platform may be one of ours.
_COMPARED = "upper(regexp_replace(bank_serial, '[^0-9A-Za-z]', '', 'g'))"
REFUND_CAUSES = ("rejected", "cancelled", "overpaid", "agreed", "dispute")


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


class Charge(PublicId, Base):
    """A payment that the card provider has taken for orders of one procurement; a receipt of each producer comes of it."""

    __tablename__ = "charges"

    #: The provider's name of it, ``ch_…``.
    charge_ref: Mapped[str] = mapped_column(unique=True)
    procurement_id: Mapped[int] = mapped_column(ForeignKey("procurements.id"), index=True)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    amount_fen: Mapped[int]
    #: ``card``, ``alipay``, ``wechat_pay`` …
    method: Mapped[str] = mapped_column(server_default="", default="")
    succeeded_at: Mapped[datetime]
    #: The Shanghai day of it.
    value_on: Mapped[date]
    #: Gone back or on its way back; taken by disputes that are open or lost; passed on to producers less what came back.
    refunded_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    disputed_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    transferred_fen: Mapped[int] = mapped_column(server_default="0", default=0)

    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint(
            "refunded_fen >= 0 AND disputed_fen >= 0 AND refunded_fen + disputed_fen <= amount_fen", name="given_back"
        ),
        CheckConstraint("transferred_fen BETWEEN 0 AND amount_fen", name="transferred"),
    )


class Payment(PublicId, Base):
    """One receipt of money: recorded by one person, confirmed by another, allocated to orders.

    What the card provider has taken is evidence of its own: nobody records or confirms it.
    """

    __tablename__ = "payments"

    rail: Mapped[str]
    #: ``direct``: to the producer's account; ``supervised``: to the supervised account; ``stripe``: to the card provider.
    clearing: Mapped[str]
    #: The bank's serial number or the provider's name of the charge, unique per receiving organisation.
    bank_serial: Mapped[str]
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("charges.id"), index=True)
    payer_name: Mapped[str]
    payer_account: Mapped[str] = mapped_column(server_default="")
    remark: Mapped[str] = mapped_column(server_default="")
    #: The producer whose account, or whose part of the supervised account, received it.
    payee_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    #: Whose money it is; known from the first allocation on, and before it is confirmed.
    buyer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    amount_fen: Mapped[int]
    #: Which part of the bank's transfer it is, and what all of it brought, where it was for several buyers: one receipt each.
    part_no: Mapped[int] = mapped_column(server_default="1", default=1)
    transfer_fen: Mapped[int | None]
    #: Sum of the allocations; what is left of the amount is the buyer's credit.
    allocated_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: Of what is not allocated: gone back to the payer, or set aside to go back.
    returned_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    #: What of it was moved, or is being moved, from the main supervised account to the producer's sub-account.
    split_fen: Mapped[int] = mapped_column(server_default="0", default=0)
    value_on: Mapped[date]
    status: Mapped[str]
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    #: Empty for what the provider has taken.
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("rail", RAILS),
        one_of("clearing", CLEARINGS),
        CheckConstraint("(rail = 'stripe') = (clearing = 'stripe' AND charge_id IS NOT NULL)", name="charge"),
        CheckConstraint("rail = 'stripe' OR recorded_by IS NOT NULL", name="recorded"),
        one_of("status", RECEIPT_STATUSES),
        CheckConstraint("amount_fen > 0 AND allocated_fen BETWEEN 0 AND amount_fen", name="amount_fen"),
        CheckConstraint("returned_fen BETWEEN 0 AND amount_fen - allocated_fen", name="returned"),
        CheckConstraint("part_no >= 1 AND (part_no = 1 OR transfer_fen IS NOT NULL)", name="part"),
        CheckConstraint("transfer_fen >= amount_fen", name="transfer"),
        CheckConstraint("split_fen BETWEEN 0 AND amount_fen", name="split"),
        CheckConstraint("decided_by IS NULL OR decided_by <> recorded_by", name="two_persons"),
        CheckConstraint("status <> 'confirmed' OR buyer_id IS NOT NULL", name="buyer_known"),
        Index("ix_payments_supervised_serial", "bank_serial", postgresql_where=text("clearing = 'supervised'")),
        Index("ix_payments_credit", "buyer_id", "payee_id", postgresql_where=text("allocated_fen < amount_fen")),
        Index("ix_payments_serial", text(_COMPARED), postgresql_where=text("status = 'confirmed' AND rail = 'bank'")),
        Index(
            "ix_payments_evidence_file_id", "evidence_file_id", postgresql_where=text("evidence_file_id IS NOT NULL")
        ),
        Index(
            "uq_payments_serial",
            "payee_id",
            "bank_serial",
            "part_no",
            unique=True,
            postgresql_where=text("status NOT IN ('refused','reversed')"),
        ),
    )

    @property
    def left_fen(self) -> int:
        """Return what is nobody's order's and does not go back: credit, once it is confirmed."""
        return self.amount_fen - self.allocated_fen - self.returned_fen


class PaymentAllocation(Base):
    """So much of a receipt is for an order, or (negative) is so no longer; rows are only added."""

    __tablename__ = "payment_allocations"

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    amount_fen: Mapped[int]
    #: The day the money became the order's: the value day, or the day credit was allocated.
    effective_on: Mapped[date]
    #: Empty for what the payer itself said by paying through the provider.
    allocated_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    allocated_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("amount_fen <> 0", name="amount_fen"),)


class Refund(PublicId, Base):
    """Money back to the payer: asked for, then recorded by one person and confirmed by another.

    What came through the card provider is sent back through it, one charge each, and confirmed by its word.
    """

    __tablename__ = "refunds"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    amount_fen: Mapped[int]
    reason: Mapped[str]
    #: ``requested``, ``recorded``, ``sent`` (to the provider), ``in_file`` (for the bank), ``confirmed`` or ``refused``.
    status: Mapped[str]
    #: What gave rise to it: ``rejected``, ``cancelled``, ``overpaid``, ``agreed``, or ``dispute`` (lost: taken by the provider).
    cause: Mapped[str]
    #: From which account it goes back; for bank transfers known once recorded.
    clearing: Mapped[str | None]
    #: The charge that it goes back to.
    charge_id: Mapped[int | None] = mapped_column(ForeignKey("charges.id"), index=True)
    #: The bank's serial number, or the provider's name of the refund.
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
    #: Why the provider or the bank could not send it, last; and how often it has been sent to the provider.
    failure: Mapped[str] = mapped_column(server_default="", default="")
    attempts: Mapped[int] = mapped_column(server_default="0", default=0)
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("cause", REFUND_CAUSES),
        CheckConstraint("clearing IN ('direct','supervised','stripe')", name="clearing"),
        CheckConstraint("(clearing IS NOT DISTINCT FROM 'stripe') = (charge_id IS NOT NULL)", name="charge"),
        one_of("status", REFUND_STATUSES),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("decided_by IS NULL OR recorded_by IS NULL OR decided_by <> recorded_by", name="two_persons"),
        CheckConstraint(
            "status NOT IN ('recorded','confirmed') OR (value_on IS NOT NULL AND bank_serial IS NOT NULL"
            " AND clearing IS NOT NULL AND (clearing = 'stripe' OR recorded_by IS NOT NULL))",
            name="recorded",
        ),
        Index("ix_refunds_provider", "bank_serial", postgresql_where=text("clearing = 'stripe'")),
        Index(
            "uq_refunds_serial", "order_id", "bank_serial", unique=True, postgresql_where=text("status <> 'refused'")
        ),
    )


class RefundLine(Base):
    """So much of a refund is an allowance on an accepted line: once it is confirmed, that is no longer owed."""

    __tablename__ = "refund_lines"

    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id"), primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), primary_key=True)
    amount_fen: Mapped[int]

    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_fen"),)


class MoneyException(PublicId, Base):
    """Money that does not fit: it leaves the queue by a posting or a note, asked for by one person and agreed to by another."""

    __tablename__ = "money_exceptions"

    #: Names the finding, so that the same is not opened twice: ``balance_transaction:txn_…``.
    key: Mapped[str] = mapped_column(unique=True)
    rail: Mapped[str]
    #: Why it is here, such as ``other_currency``, ``unknown_charge``, ``reversal_failed``.
    kind: Mapped[str]
    #: What it is about, for people: a number, a reference.
    subject: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="", default="")
    #: Signed, as the rail moved.
    amount_fen: Mapped[int]
    #: The producer whose money it concerns, if known.
    producer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    occurred_on: Mapped[date]
    opened_at: Mapped[datetime]
    #: ``open``, ``proposed`` or ``closed``.
    status: Mapped[str] = mapped_column(server_default="open", default="open")
    #: ``note``, ``posting``, ``refund`` of orders, or ``settled`` where what was missing came by itself.
    resolution: Mapped[str | None]
    note: Mapped[str] = mapped_column(server_default="", default="")
    #: The accounts of the posting that is proposed: kind and owner.
    debit: Mapped[str | None]
    credit: Mapped[str | None]
    #: How much of the amount is posted.
    posted_fen: Mapped[int | None]
    #: Of which orders a refund by hand was: ``[{"order": …, "amount_fen": …, "lines": […]}]``.
    parts: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"), default=list)
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("rail", EXCEPTION_RAILS),
        one_of("status", ("open", "proposed", "closed")),
        CheckConstraint("resolution IN ('note','posting','refund','settled')", name="resolution"),
        CheckConstraint("(coalesce(resolution, '') = 'refund') = (jsonb_array_length(parts) > 0)", name="parts"),
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_persons"),
        CheckConstraint(
            "status <> 'closed' OR resolution = 'settled' OR (proposed_by IS NOT NULL AND decided_by IS NOT NULL)",
            name="closed",
        ),
        CheckConstraint("status <> 'closed' OR resolution IS NOT NULL", name="resolved"),
        CheckConstraint(
            "status <> 'proposed' OR (proposed_by IS NOT NULL AND coalesce(resolution, '') IN ('note','posting','refund'))",
            name="proposed",
        ),
        CheckConstraint("coalesce(resolution, 'settled') = 'settled' OR note <> ''", name="noted"),
        CheckConstraint(
            "(coalesce(resolution, '') = 'posting')"
            " = (debit IS NOT NULL AND credit IS NOT NULL AND coalesce(posted_fen, 0) BETWEEN 1 AND abs(amount_fen))",
            name="posting",
        ),
        Index("ix_money_exceptions_open", "opened_at", "id", postgresql_where=text("status <> 'closed'")),
    )
