"""Payments that are asked for at the provider, calls to it, its events, accounts of producers there, disputes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, PublicId
from shop.identity.models import one_of

INTENT_MODES = ("element", "checkout", "invoice")
INTENT_STATES = ("creating", "open", "processing", "succeeded", "cancelled", "failed")
#: States in which a procurement's payment is under way: one at a time.
OPEN_STATES = ("creating", "open", "processing")
CALL_STATES = ("pending", "done", "failed")
ACCOUNT_STATES = ("creating", "onboarding", "active", "restricted")
DISPUTE_STATES = ("open", "won", "lost")


class PaymentIntent(PublicId, Base):
    """A buyer wants to pay orders of one procurement through the provider; at most one is under way at a time."""

    __tablename__ = "payment_intents"

    procurement_id: Mapped[int] = mapped_column(ForeignKey("procurements.id"))
    buyer_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    #: Counts the tries of a procurement: 1, 2, 3 …
    attempt: Mapped[int]
    #: ``element``: on our page; ``checkout``: on the provider's; ``invoice``: its invoice with net terms.
    mode: Mapped[str]
    amount_fen: Mapped[int]
    status: Mapped[str]
    #: The provider's names of it; one payment of its may have all three.
    intent_ref: Mapped[str | None] = mapped_column(unique=True)
    session_ref: Mapped[str | None] = mapped_column(unique=True)
    invoice_ref: Mapped[str | None] = mapped_column(unique=True)
    #: What the provider's script on our page needs, and the address of the provider's own page.
    client_secret: Mapped[str] = mapped_column(server_default="", default="")
    hosted_url: Mapped[str] = mapped_column(server_default="", default="")
    #: Why the last try failed, in the provider's words.
    failure: Mapped[str] = mapped_column(server_default="", default="")
    #: The charge that paid it.
    charge_ref: Mapped[str | None] = mapped_column(unique=True)
    #: When the state that we know was asked for, by real time: an older answer does not replace it.
    fetched_at: Mapped[datetime | None]
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("mode", INTENT_MODES),
        one_of("status", INTENT_STATES),
        CheckConstraint("amount_fen BETWEEN 1 AND 99999999", name="amount_fen"),
        UniqueConstraint("procurement_id", "attempt"),
        CheckConstraint("(status = 'succeeded') = (charge_ref IS NOT NULL)", name="charge_ref"),
        Index(
            "uq_payment_intents_open", "procurement_id", unique=True,
            postgresql_where=text("status IN ('creating','open','processing')"),
        ),
    )  # fmt: skip


class IntentShare(Base):
    """How much of an intent is for an order."""

    __tablename__ = "intent_shares"

    intent_id: Mapped[int] = mapped_column(ForeignKey("payment_intents.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, index=True)
    amount_fen: Mapped[int]

    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_fen"),)


class ProviderCall(Base):
    """A call to the provider, written down with its key before it is made, so that a crash can be healed by a repeat."""

    __tablename__ = "provider_calls"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: What is called: ``create_intent``, ``refund``, ``transfer`` …; and the key of our row that it is for.
    kind: Mapped[str]
    subject_id: Mapped[int]
    attempt: Mapped[int] = mapped_column(server_default="1", default=1)
    #: Names the call in what it makes; sent as it stands, and always with the same parameters.
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    #: How often a breakdown that the provider keeps under the key has made us take another: it is sent as ``key+1``.
    renewals: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    params: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(server_default="pending", default="pending")
    tries: Mapped[int] = mapped_column(server_default="0", default=0)
    #: Nobody else makes it before then; also the pause after a failure.
    claimed_until: Mapped[datetime | None]
    #: What the provider answered: its name of the object, or its error.
    answer_ref: Mapped[str] = mapped_column(server_default="", default="")
    error: Mapped[str] = mapped_column(server_default="", default="")
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    #: Who has seen to a refusal, and when; until then, or a later attempt, it is shown.
    noted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    noted_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("status", CALL_STATES),
        UniqueConstraint("kind", "subject_id", "attempt"),
        Index("ix_provider_calls_answer", "answer_ref", postgresql_where=text("answer_ref <> ''")),
        Index("ix_provider_calls_pending", "claimed_until", "id", postgresql_where=text("status = 'pending'")),
    )


class ProviderEvent(PublicId, Base):
    """What the provider told us, once, with its body; after some months only its name is left, so that repeats are known."""

    __tablename__ = "provider_events"

    #: The provider's name of it, ``evt_…``.
    event_ref: Mapped[str] = mapped_column(unique=True)
    #: ``v1`` or ``v2`` (thin).
    endpoint: Mapped[str]
    type: Mapped[str]
    object_ref: Mapped[str] = mapped_column(server_default="", default="", index=True)
    body: Mapped[dict[str, Any]]
    #: When the provider made it, and when it came.
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(index=True)
    applied_at: Mapped[datetime | None]
    #: ``applied``, ``nothing_new``, ``fetch``, ``unknown_type``, ``unknown_object``, ``other_account``.
    outcome: Mapped[str] = mapped_column(server_default="", default="")

    __table_args__ = (one_of("endpoint", ("v1", "v2")),)


class ConnectedAccount(PublicId, Base):
    """A producer's account at the provider."""

    __tablename__ = "connected_accounts"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), unique=True)
    account_ref: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str]
    #: What the provider still asks for, in its words.
    requirements: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"), default=list)
    #: Why it could not be opened, in the provider's words.
    failure: Mapped[str] = mapped_column(server_default="", default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (one_of("status", ACCOUNT_STATES),)


class Dispute(PublicId, Base):
    """A payer disputes a charge at its bank: the provider holds the money until it is won or lost."""

    __tablename__ = "disputes"

    dispute_ref: Mapped[str] = mapped_column(unique=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charges.id"), index=True)
    amount_fen: Mapped[int]
    reason: Mapped[str]
    status: Mapped[str]
    opened_at: Mapped[datetime]
    #: When the provider took the money from its balance; an inquiry takes none.
    held_at: Mapped[datetime | None]
    evidence_due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    #: What we told the provider, and the papers with it.
    evidence: Mapped[str] = mapped_column(server_default="", default="")
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    submitted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (one_of("status", DISPUTE_STATES), CheckConstraint("amount_fen > 0", name="amount_fen"))


class DisputeHold(Base):
    """How much of an order's money a dispute holds; a lost one is its refund."""

    __tablename__ = "dispute_holds"

    dispute_id: Mapped[int] = mapped_column(ForeignKey("disputes.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True, index=True)
    amount_fen: Mapped[int]

    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_fen"),)
