"""What the provider's objects say, as frozen values: read alike from its events and from its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]
#: The metadata that we give each object: our procurement, our row, and the call that made it.
PROCUREMENT, SUBJECT, CALL = "duikou_procurement", "duikou_subject", "duikou_call"


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A payment that was taken, or was tried to be."""

    ref: str
    status: str
    amount_fen: int
    currency: str
    intent_ref: str | None
    method: str
    created_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    refunded_fen: int = 0


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A payment that is wanted; ``charge`` only where it was asked for with it."""

    ref: str
    status: str
    amount_fen: int
    currency: str
    charge_ref: str | None
    charge: Charge | None
    client_secret: str = field(repr=False)
    failure: str
    metadata: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Session:
    """A visit to the provider's own payment page."""

    ref: str
    status: str
    payment_status: str
    intent_ref: str | None
    url: str
    metadata: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """The provider's invoice with net terms; ``intent_refs`` are its payments, where they were asked for with it."""

    ref: str
    status: str
    amount_fen: int
    url: str
    intent_refs: tuple[str, ...]
    metadata: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Refund:
    """Money on its way back through a charge."""

    ref: str
    status: str
    amount_fen: int
    currency: str
    charge_ref: str | None
    failure: str
    metadata: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """A payer's objection at its bank; ``is_withdrawn`` once the provider has taken the money from its balance."""

    ref: str
    status: str
    amount_fen: int
    currency: str
    charge_ref: str
    reason: str
    is_withdrawn: bool
    created_at: datetime
    evidence_due_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Money passed on to a connected account."""

    ref: str
    amount_fen: int
    reversed_fen: int
    currency: str
    destination: str
    charge_ref: str | None
    transfer_group: str
    metadata: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Reversal:
    """Money taken back from a connected account."""

    ref: str
    transfer_ref: str
    amount_fen: int
    currency: str
    metadata: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Movement:
    """A line of the provider's own account of its balance (balance transaction); in the currency's smallest unit."""

    ref: str
    source_ref: str
    type: str
    amount: int
    fee: int
    net: int
    currency: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Payout:
    """What the provider has paid out of its balance to the platform's bank account."""

    ref: str
    status: str
    amount: int
    currency: str
    created_at: datetime
    arrives_at: datetime
    failure: str = ""


@dataclass(frozen=True, kw_only=True)
class Account:
    """A producer's account there: whether it can receive transfers, and what is still asked for."""

    ref: str
    transfers: str
    requirements: tuple[str, ...]
    is_closed: bool
    metadata: Mapping[str, str]


def instant(seconds: int) -> datetime:
    """Return the instant of a Unix time."""
    return datetime.fromtimestamp(seconds, UTC)


def ref_of(value: Any) -> str | None:
    """Return the name of an object that is given by its name or in full."""
    found: str | None = value["id"] if isinstance(value, Mapping) else value
    return found


def read_charge(raw: Json) -> Charge:
    """Read a charge."""
    return Charge(
        ref=raw["id"], status=raw["status"], amount_fen=raw["amount"], currency=raw["currency"],
        intent_ref=ref_of(raw.get("payment_intent")), method=(raw.get("payment_method_details") or {}).get("type", ""),
        created_at=instant(raw["created"]), metadata=raw.get("metadata") or {},
        refunded_fen=raw.get("amount_refunded") or 0,
    )  # fmt: skip


def read_intent(raw: Json) -> Intent:
    """Read a payment intent, with its latest charge if that is there in full."""
    latest = raw.get("latest_charge")
    return Intent(
        ref=raw["id"], status=raw["status"], amount_fen=raw["amount"], currency=raw["currency"],
        charge_ref=ref_of(latest), charge=read_charge(latest) if isinstance(latest, Mapping) else None,
        client_secret=raw.get("client_secret") or "", failure=(raw.get("last_payment_error") or {}).get("message", ""),
        metadata=raw.get("metadata") or {}, created_at=instant(raw["created"]),
    )  # fmt: skip


def read_session(raw: Json) -> Session:
    """Read a checkout session."""
    return Session(
        ref=raw["id"], status=raw["status"] or "", payment_status=raw["payment_status"],
        intent_ref=ref_of(raw.get("payment_intent")), url=raw.get("url") or "", metadata=raw.get("metadata") or {},
        created_at=instant(raw["created"]),
    )  # fmt: skip


def read_invoice(raw: Json) -> Invoice:
    """Read an invoice, with its payments if they are there."""
    payments = [each["payment"] for each in (raw.get("payments") or {}).get("data", [])]
    refs = [ref_of(each.get("payment_intent")) for each in payments]
    return Invoice(
        ref=raw["id"], status=raw["status"] or "", amount_fen=raw["amount_due"], url=raw.get("hosted_invoice_url") or "",
        intent_refs=tuple(ref for ref in refs if ref), metadata=raw.get("metadata") or {},
        created_at=instant(raw["created"]),
    )  # fmt: skip


def read_refund(raw: Json) -> Refund:
    """Read a refund."""
    return Refund(
        ref=raw["id"], status=raw["status"] or "", amount_fen=raw["amount"], currency=raw["currency"],
        charge_ref=ref_of(raw.get("charge")), failure=raw.get("failure_reason") or "",
        metadata=raw.get("metadata") or {}, created_at=instant(raw["created"]),
    )  # fmt: skip


def read_dispute(raw: Json) -> Dispute:
    """Read a dispute."""
    due = (raw.get("evidence_details") or {}).get("due_by")
    return Dispute(
        ref=raw["id"], status=raw["status"], amount_fen=raw["amount"], currency=raw["currency"],
        charge_ref=str(ref_of(raw["charge"])), reason=raw["reason"], created_at=instant(raw["created"]),
        is_withdrawn=any(each["amount"] < 0 for each in raw.get("balance_transactions") or []),
        evidence_due_at=instant(due) if due else None,
    )  # fmt: skip


def read_transfer(raw: Json) -> Transfer:
    """Read a transfer."""
    return Transfer(
        ref=raw["id"], amount_fen=raw["amount"], reversed_fen=raw["amount_reversed"], currency=raw["currency"],
        destination=ref_of(raw.get("destination")) or "", charge_ref=ref_of(raw.get("source_transaction")),
        transfer_group=raw.get("transfer_group") or "", metadata=raw.get("metadata") or {},
        created_at=instant(raw["created"]),
    )  # fmt: skip


def read_reversal(raw: Json) -> Reversal:
    """Read a transfer's reversal."""
    return Reversal(
        ref=raw["id"], transfer_ref=str(ref_of(raw["transfer"])), amount_fen=raw["amount"], currency=raw["currency"],
        metadata=raw.get("metadata") or {}, created_at=instant(raw["created"]),
    )  # fmt: skip


def read_movement(raw: Json) -> Movement:
    """Read a balance transaction."""
    return Movement(
        ref=raw["id"], source_ref=ref_of(raw.get("source")) or "", type=raw["type"], amount=raw["amount"],
        fee=raw["fee"], net=raw["net"], currency=raw["currency"], created_at=instant(raw["created"]),
    )  # fmt: skip


def read_payout(raw: Json) -> Payout:
    """Read a payout to the platform's bank account."""
    return Payout(
        ref=raw["id"], status=raw["status"], amount=raw["amount"], currency=raw["currency"],
        created_at=instant(raw["created"]), arrives_at=instant(raw["arrival_date"]),
        failure=raw.get("failure_message") or raw.get("failure_code") or "",
    )  # fmt: skip


def read_account(raw: Json) -> Account:
    """Read a connected account of version 2."""
    recipient = (raw.get("configuration") or {}).get("recipient") or {}
    balance = (recipient.get("capabilities") or {}).get("stripe_balance") or {}
    entries = (raw.get("requirements") or {}).get("entries") or []
    return Account(
        ref=raw["id"], transfers=(balance.get("stripe_transfers") or {}).get("status", ""),
        requirements=tuple(
            each["description"] for each in entries if each.get("awaiting_action_from", "user") == "user"
        ),
        is_closed=bool(raw.get("closed")), metadata=raw.get("metadata") or {},
    )  # fmt: skip
