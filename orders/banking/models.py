"""Accounts whose statements are imported, statements, their lines and what people say about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, UniqueConstraint, and_, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, Dated, PublicId, no_overlap
from shop.identity.models import one_of

LINE_STATES = ("unmatched", "suggested", "matched", "claimed", "returned", "ignored")
#: States of a line that waits for a person or a rule.
OPEN_STATES = ("unmatched", "suggested")
ENTRY_STATUSES = ("entered", "confirmed", "refused")
CLAIM_STATUSES = ("claimed", "confirmed", "refused", "withdrawn")
ROW_OUTCOMES = ("added", "known", "unreadable", "other_facts")


class SupervisedAccount(PublicId, Dated, Base):
    """The platform's supervised account, or a producer's sub-account in it, from a day to a day."""

    __tablename__ = "supervised_accounts"

    number: Mapped[str]
    holder: Mapped[str]
    bank: Mapped[str]
    #: Whose part of the money it is; empty for the main account.
    producer_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    #: ``entered`` by one person, ``confirmed`` or ``refused`` by another; used once confirmed.
    status: Mapped[str]
    entered_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    entered_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", ENTRY_STATUSES),
        CheckConstraint("number ~ '^[0-9A-Z]{6,34}$'", name="number"),
        CheckConstraint("decided_by IS NULL OR decided_by <> entered_by", name="two_persons"),
        CheckConstraint("(status = 'entered') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="days"),
        no_overlap("supervised_accounts", "number", where="status <> 'refused'"),
    )


class StatementAccount(PublicId, Base):
    """An account whose statements were imported: its row is locked by each import, so two never interleave."""

    __tablename__ = "statement_accounts"

    clearing: Mapped[str]
    #: The producer whose own account it is; empty for a supervised one, which the operator imports.
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    number: Mapped[str]
    #: The mapping a person saved for this account's files.
    mapping: Mapped[dict[str, Any] | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("clearing", ("direct", "supervised")),
        CheckConstraint("(clearing = 'direct') = (organisation_id IS NOT NULL)", name="owner"),
        UniqueConstraint("clearing", "organisation_id", "number", postgresql_nulls_not_distinct=True),
    )


class BankStatement(PublicId, Base):
    """One file of an account, imported by a person."""

    __tablename__ = "bank_statements"

    account_id: Mapped[int] = mapped_column(ForeignKey("statement_accounts.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    #: ``table`` or ``camt.053``.
    layout: Mapped[str]
    mapping: Mapped[dict[str, Any]]
    period_from: Mapped[date]
    period_to: Mapped[date]
    rows: Mapped[int]
    added: Mapped[int]
    known: Mapped[int]
    refused: Mapped[int]
    imported_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    imported_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("rows = added + known + refused", name="rows"),)


class BankStatementRow(Base):
    """What became of one row of a file: a new line, one that was there, or why it is none."""

    __tablename__ = "bank_statement_rows"

    statement_id: Mapped[int] = mapped_column(ForeignKey("bank_statements.id"), primary_key=True)
    row_no: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    line_id: Mapped[int | None] = mapped_column(ForeignKey("bank_statement_lines.id"), index=True)
    detail: Mapped[str] = mapped_column(server_default="", default="")

    __table_args__ = (
        one_of("outcome", ROW_OUTCOMES),
        CheckConstraint("(outcome = 'unreadable') = (line_id IS NULL)", name="line"),
    )


class BankStatementLine(PublicId, Base):
    """One movement on an account, once, whichever files it stands in."""

    __tablename__ = "bank_statement_lines"

    account_id: Mapped[int] = mapped_column(ForeignKey("statement_accounts.id"))
    #: The statement that brought it.
    statement_id: Mapped[int] = mapped_column(ForeignKey("bank_statements.id"), index=True)
    #: The bank's, or a stable hash of the facts where the bank gives none.
    serial: Mapped[str]
    #: The ``in`` and ``out`` of the account; a reversal is below zero.
    direction: Mapped[str]
    amount_fen: Mapped[int]
    value_on: Mapped[date]
    balance_fen: Mapped[int | None]
    counterparty_name: Mapped[str] = mapped_column(server_default="", default="")
    counterparty_account: Mapped[str] = mapped_column(server_default="", default="")
    remark: Mapped[str] = mapped_column(server_default="", default="")
    #: A transfer that the bank sent back, with its code.
    return_code: Mapped[str | None]
    #: Whose money it is by the account; empty on the main supervised account until the orders tell.
    payee_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    state: Mapped[str]
    #: Which rule matched or suggested it.
    rule: Mapped[str] = mapped_column(server_default="", default="")
    #: Why no rule matched it.
    reason: Mapped[str] = mapped_column(server_default="", default="")
    #: What might fit: ``{"orders": [[key, fen], …], "refunds": [key], "credits": [key], "lines": [key]}``.
    candidates: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    #: Of an outgoing line: the refund that it is.
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refunds.id"), index=True)
    #: Of an outgoing line: the credit that it gives back.
    credit_refund_id: Mapped[int | None] = mapped_column(ForeignKey("credit_refunds.id"), index=True)
    #: Of an outgoing line: the wrong receipt that it gives back.
    returns_id: Mapped[int | None] = mapped_column(ForeignKey("bank_statement_lines.id"), index=True)
    #: Who said that it came to the wrong account and goes back by the same path; no rule takes it then.
    wrong_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    wrong_at: Mapped[datetime | None]
    #: Who said, as the second person, by which line it went back.
    returned_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: Why it is no goods money: said by one person, agreed to by another.
    note: Mapped[str] = mapped_column(server_default="", default="")
    noted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    noted_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("direction", ("in", "out")),
        one_of("state", LINE_STATES),
        CheckConstraint("amount_fen <> 0", name="amount_fen"),
        CheckConstraint("decided_by IS NULL OR (noted_by IS NOT NULL AND decided_by <> noted_by)", name="two_persons"),
        CheckConstraint("state <> 'ignored' OR decided_by IS NOT NULL", name="ignored"),
        CheckConstraint("state IN ('unmatched','suggested') OR reason = ''", name="reason"),
        CheckConstraint("(wrong_by IS NULL) = (wrong_at IS NULL)", name="wrong"),
        CheckConstraint(
            "wrong_by IS NULL OR (direction = 'in' AND state IN ('unmatched','returned','ignored'))", name="wrong_booked"
        ),
        UniqueConstraint("account_id", "serial"),
        Index("ix_bank_statement_lines_serial", "serial", postgresql_where=text("direction = 'in'")),
        Index(
            "ix_bank_statement_lines_open", "account_id", "value_on", "id",
            postgresql_where=text("state IN ('unmatched','suggested','claimed')"),
        ),
    )  # fmt: skip


def is_free() -> ColumnElement[bool]:
    """Return the condition of lines that rules may take: open, and no person has said what they are."""
    line = BankStatementLine
    return and_(line.state.in_(OPEN_STATES), line.noted_by.is_(None), line.wrong_by.is_(None))


class BankLinePayment(Base):
    """The receipts that were recorded from a line: one per producer."""

    __tablename__ = "bank_line_payments"

    line_id: Mapped[int] = mapped_column(ForeignKey("bank_statement_lines.id"), primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), primary_key=True, index=True)


class PayerAlias(PublicId, Dated, Base):
    """A name and account under which a buyer's money comes, learned from a confirmed receipt or entered by the operator."""

    __tablename__ = "payer_aliases"

    #: As compared: NFKC, no blanks or marks, upper case; the account may be empty.
    name: Mapped[str]
    account: Mapped[str] = mapped_column(server_default="", default="")
    buyer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    #: A treasury's account, which many buyers are paid from: it never tells the buyer alone.
    is_shared: Mapped[bool] = mapped_column(server_default="false", default=False)
    learned_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: The producer whose receipt taught it, and whose people may end it; empty if the operator keeps it alone.
    learned_for_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    learned_at: Mapped[datetime]

    __table_args__ = (
        no_overlap("payer_aliases", "name", "account", "buyer_id"),
        Index("ix_payer_aliases_account", "account", postgresql_where=text("account <> ''")),
    )


class TransferClaim(PublicId, Base):
    """A word that a transfer is for these orders: said with a voucher, confirmed by the payee's side."""

    __tablename__ = "transfer_claims"

    #: Empty for a transfer to the supervised account for several producers, which the operator confirms.
    payee_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    #: Known at once if the payee's people claim, else found by amount and day.
    line_id: Mapped[int | None] = mapped_column(ForeignKey("bank_statement_lines.id"))
    amount_fen: Mapped[int]
    paid_on: Mapped[date]
    payer_name: Mapped[str]
    bank_serial: Mapped[str] = mapped_column(server_default="", default="")
    note: Mapped[str] = mapped_column(server_default="", default="")
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    status: Mapped[str]
    claimed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: The organisation for which they claimed.
    claimant_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    claimed_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="", default="")
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("status", CLAIM_STATUSES),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("decided_by IS NULL OR decided_by <> claimed_by", name="two_persons"),
        CheckConstraint("status <> 'confirmed' OR line_id IS NOT NULL", name="line"),
        Index("uq_transfer_claims_line", "line_id", unique=True,
              postgresql_where=text("status NOT IN ('refused','withdrawn')")),
    )  # fmt: skip


class TransferClaimOrder(Base):
    """How much of a claimed transfer is for an order."""

    __tablename__ = "transfer_claim_orders"

    claim_id: Mapped[int] = mapped_column(ForeignKey("transfer_claims.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, index=True)
    amount_fen: Mapped[int]

    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_fen"),)


class StatementConfirmation(PublicId, Base):
    """Confirming all receipts of a statement, one by one, in the name of a person who did not import it."""

    __tablename__ = "statement_confirmations"

    statement_id: Mapped[int] = mapped_column(ForeignKey("bank_statements.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: ``running`` or ``done``.
    status: Mapped[str]
    total: Mapped[int]
    confirmed: Mapped[int] = mapped_column(server_default="0", default=0)
    failed: Mapped[int] = mapped_column(server_default="0", default=0)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    #: A worker has it until then, in real time; a killed one's work goes on after.
    claimed_until: Mapped[datetime | None]

    __table_args__ = (
        one_of("status", ("running", "done")),
        Index("uq_statement_confirmations_running", "statement_id", unique=True, postgresql_where=text("status = 'running'")),
    )  # fmt: skip


class StatementConfirmationFailure(Base):
    """A receipt that could not be confirmed, and why."""

    __tablename__ = "statement_confirmation_failures"

    confirmation_id: Mapped[int] = mapped_column(ForeignKey("statement_confirmations.id"), primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), primary_key=True, index=True)
    code: Mapped[str]
    detail: Mapped[str]
