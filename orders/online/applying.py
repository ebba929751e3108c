"""Taking in what the provider says of a payment: in any order, any number of times, one outcome.

An end (taken, given up) is taken in from any snapshot, old or new, because the provider never takes it back. Whatever
else a snapshot says may be older than what we know: if it differs, the object is asked for, and the answer stands unless
one that was asked for later is known. Every function runs under the locks of :func:`orders.online.intents.lock` and says
what came of it: ``applied``, ``nothing_new``, ``fetch`` (it is asked for), ``unknown_object``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from orders.online import calls, intents, snapshots
from orders.online.gateway_stripe import CURRENCY
from orders.online.models import OPEN_STATES, PaymentIntent
from orders.online.snapshots import SUBJECT
from orders.payments import charges, overpaid
from orders.payments.charges import ChargeFacts
from orders.payments.exceptions import open_exception
from shop import clock
from shop.db import db

APPLIED, NOTHING_NEW, FETCH, UNKNOWN = "applied", "nothing_new", "fetch", "unknown_object"
#: What the provider's states of a payment that has not ended are with us.
_STATES = {"processing": "processing", "succeeded": "succeeded", "canceled": "cancelled"}
Ref = InstrumentedAttribute[str | None]


def apply_charge(charge: snapshots.Charge, at: datetime) -> str:
    """Take in a charge: once it has succeeded, the payment's orders are paid."""
    found = find(PaymentIntent.intent_ref, charge.intent_ref, charge.metadata)
    if found is None:
        return NOTHING_NEW if charges.get_charge(charge.ref) else UNKNOWN
    intent, _orders = intents.lock(found)
    return APPLIED if charge.status == "succeeded" and take(intent, charge, at) else NOTHING_NEW


def take(intent: PaymentIntent, charge: snapshots.Charge, at: datetime) -> bool:
    """Take a charge of a locked payment in, once; ``False`` if it was known.

    A payment that was given up and is taken all the same pays its orders: what they do not need goes back by itself.
    """
    if charge.currency != CURRENCY:
        open_exception(
            f"charge:{charge.ref}", "stripe", "other_currency", charge.ref, f"{charge.amount_fen} {charge.currency}",
            charge.amount_fen, clock.business_day(charge.created_at), at,
        )  # fmt: skip
        return False
    facts = ChargeFacts(
        charge_ref=charge.ref, procurement_id=intent.procurement_id, buyer_id=intent.buyer_id,
        amount_fen=charge.amount_fen, method=charge.method, succeeded_at=charge.created_at,
    )  # fmt: skip
    shares, was_given_up = intents.shares_of(intent.id), intent.status == "cancelled"
    taken = charges.take(facts, shares, at)
    if taken and was_given_up:
        overpaid.give_back(shares, at)
    if taken and intent.charge_ref is None:
        intent.charge_ref, intent.status, intent.failure, intent.closed_at = charge.ref, "succeeded", "", at
        intent.intent_ref = intent.intent_ref or charge.intent_ref
    return bool(taken)


def apply_intent(told: snapshots.Intent, at: datetime, *, asked_at: datetime | None = None) -> str:
    """Take in what is said of a payment.

    :param asked_at: when it was asked for, by real time; ``None`` if it was told by an event.
    """
    found = find(PaymentIntent.intent_ref, told.ref, told.metadata)
    if found is None:
        return UNKNOWN
    intent, _orders = intents.lock(found)
    intent.intent_ref = intent.intent_ref or told.ref
    if told.charge is not None and told.charge.status == "succeeded":
        return _know(APPLIED if take(intent, told.charge, at) else NOTHING_NEW, intent, asked_at)
    status = _STATES.get(told.status, "open")
    if status == "succeeded":
        # Only the charge itself says how and when it was paid; it is told by an event of its own, or asked for.
        return NOTHING_NEW if intent.status == "succeeded" else ask_intent(intent, told.ref)
    if intent.status not in OPEN_STATES:
        return NOTHING_NEW
    return _apply_state(intent, told, status, at=at, asked_at=asked_at)


def _apply_state(
    intent: PaymentIntent, told: snapshots.Intent, status: str, *, at: datetime, asked_at: datetime | None
) -> str:
    """Bring a payment that is under way to a state without money."""
    if status == "cancelled":
        intent.status, intent.closed_at = "cancelled", at
        return _know(APPLIED, intent, asked_at)
    if (intent.status, intent.failure) == (status, told.failure) or (intent.status == "creating" and not asked_at):
        return _know(NOTHING_NEW, intent, asked_at)
    if asked_at is None or (intent.fetched_at is not None and asked_at < intent.fetched_at):
        return ask_intent(intent, told.ref)
    intent.status, intent.failure = status, told.failure
    return _know(APPLIED, intent, asked_at)


def apply_session(told: snapshots.Session, at: datetime, *, asked_at: datetime | None = None) -> str:
    """Take in what became of a visit to the provider's page."""
    found = find(PaymentIntent.session_ref, told.ref, told.metadata)
    if found is None:
        return UNKNOWN
    intent, _orders = intents.lock(found)
    intent.session_ref = intent.session_ref or told.ref
    intent.intent_ref = intent.intent_ref or told.intent_ref
    if intent.status not in OPEN_STATES:
        return _know(NOTHING_NEW, intent, asked_at)
    if told.status == "expired":
        intent.status, intent.closed_at = "cancelled", at
        return _know(APPLIED, intent, asked_at)
    if told.intent_ref and told.status == "complete":
        return ask_intent(intent, told.intent_ref)
    return _know(NOTHING_NEW, intent, asked_at)


def apply_invoice(told: snapshots.Invoice, at: datetime, *, asked_at: datetime | None = None) -> str:
    """Take in what became of the provider's invoice; its payments are known only where it was asked for."""
    found = find(PaymentIntent.invoice_ref, told.ref, told.metadata)
    if found is None:
        return UNKNOWN
    intent, _orders = intents.lock(found)
    intent.invoice_ref = intent.invoice_ref or told.ref
    if told.intent_refs:
        intent.intent_ref = intent.intent_ref or told.intent_refs[0]
    if intent.status not in OPEN_STATES:
        return _know(NOTHING_NEW, intent, asked_at)
    if told.status in ("void", "uncollectible"):
        intent.status, intent.closed_at = "cancelled", at
        return _know(APPLIED, intent, asked_at)
    if told.status != "paid":
        return _know(NOTHING_NEW, intent, asked_at)
    if intent.intent_ref:
        return ask_intent(intent, intent.intent_ref)
    calls.enqueue_again("fetch_invoice", intent, {"ref": told.ref})
    return FETCH


def ask_intent(intent: PaymentIntent, ref: str) -> str:
    """Ask for a locked payment as it is now."""
    calls.enqueue_again("fetch_intent", intent, {"ref": ref})
    return FETCH


def find(column: Ref, ref: str | None, metadata: Mapping[str, str]) -> int | None:
    """Return the key of a payment of ours: by the provider's name of it, or by ours in its metadata."""
    key = db.session.scalar(select(PaymentIntent.id).where(column == ref)) if ref else None
    if key is None and (ours := as_uuid(metadata.get(SUBJECT, ""))):
        key = db.session.scalar(select(PaymentIntent.id).where(PaymentIntent.public_id == ours))
    return key


def as_uuid(value: str) -> UUID | None:
    """Return an identifier of ours that somebody else has kept, or ``None`` if it is none."""
    try:
        return UUID(value)
    except ValueError:
        return None


def _know(outcome: str, intent: PaymentIntent, asked_at: datetime | None) -> str:
    """Note that the state is known as of an instant."""
    if asked_at is not None and (intent.fetched_at is None or asked_at > intent.fetched_at):
        intent.fetched_at = asked_at
    return outcome
