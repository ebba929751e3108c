"""The calls of payments: asked for, given up, looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from orders.online import applying, calls, gateway_listing, gateway_stripe, intents, snapshots
from orders.online.calls import Call, Handler, handles, metadata_of
from orders.online.errors import ProviderRefused
from orders.online.gateway_stripe import PaymentRequest
from orders.online.models import OPEN_STATES, PaymentIntent
from orders.purchase.models import Procurement
from shop import clock
from shop.db import db
from shop.errors import DomainError

Made = snapshots.Intent | snapshots.Session | snapshots.Invoice


@dataclass(frozen=True)
class Seen:
    """A snapshot, and when it was asked for."""

    told: Any
    asked_at: datetime


def _request(call: Call) -> PaymentRequest:
    params = call.params
    return PaymentRequest(
        amount_fen=params["amount_fen"], group=params["group"], description=params["group"],
        metadata={**params["metadata"], **metadata_of(call)}, return_url=params["return_url"],
        cancel_url=params["cancel_url"], email=params["email"], buyer_name=params["buyer_name"],
        days_until_due=params["days_until_due"],
    )  # fmt: skip


def _create(call: Call) -> Made:
    request = _request(call)
    if call.params["mode"] == "checkout":
        return gateway_stripe.create_session(request, call.key)
    if call.params["mode"] == "invoice":
        return gateway_stripe.create_invoice(request, call.key)
    return gateway_stripe.create_intent(request, call.key)


def _find_created(call: Call) -> Made | None:
    """Look for what an earlier try has made. A draft of an invoice is none: nobody can pay it."""
    if call.params["mode"] == "element":
        return gateway_listing.find_made_by(call.name, gateway_listing.list_intents(call.created_at))
    if call.params["mode"] == "checkout":
        return gateway_listing.find_made_by(call.name, gateway_listing.list_sessions(call.created_at))
    found = gateway_listing.find_made_by(call.name, gateway_listing.list_invoices(call.created_at))
    return gateway_stripe.fetch_invoice(found.ref) if found and found.status != "draft" else None


def _store_created(call: Call, made: Made, at: datetime) -> str:
    intent, _orders = intents.lock(call.subject_id)
    if isinstance(made, snapshots.Intent):
        intent.intent_ref, intent.client_secret = intent.intent_ref or made.ref, made.client_secret
    elif isinstance(made, snapshots.Session):
        intent.session_ref, intent.hosted_url = made.ref, made.url
        intent.intent_ref = intent.intent_ref or made.intent_ref
    else:
        intent.invoice_ref, intent.hosted_url = made.ref, made.url
        intent.intent_ref = intent.intent_ref or next(iter(made.intent_refs), None)
    if intent.status == "creating":
        intent.status = "open"
    elif intent.status in ("cancelled", "failed"):
        intents.give_up(intent, at)
    return made.ref


def _refuse_created(call: Call, refusal: ProviderRefused, at: datetime) -> None:
    intent, _orders = intents.lock(call.subject_id)
    if intent.status == "creating":
        intent.status, intent.failure, intent.closed_at = "failed", refusal.detail, at


def _cancel(call: Call) -> Made:
    refs = call.params["refs"]
    if call.params["mode"] == "checkout":
        return gateway_stripe.expire_session(refs["session"], call.key)
    if call.params["mode"] == "invoice":
        return gateway_stripe.void_invoice(refs["invoice"], call.key)
    return gateway_stripe.cancel_intent(refs["intent"], call.key)


def _store_cancelled(call: Call, made: Made, at: datetime) -> str:
    intent, orders = intents.lock(call.subject_id)
    if intent.status in OPEN_STATES:
        intent.status, intent.closed_at = "cancelled", at
        db.session.flush()  # the next one may be under way only when this one is not
    if call.params["then"] and intent.status != "succeeded":
        _fulfil(intent, list(orders.values()), call.params["then"], at)
    return made.ref


def _fulfil(intent: PaymentIntent, orders: list[Any], then: dict[str, Any], at: datetime) -> None:
    """Start the payment that takes the place of one that was given up, if it still makes sense."""
    if intents.find_open(intent.procurement_id) is not None:
        return
    try:
        amounts = intents.spread(orders, then["amount_fen"])
    except DomainError:
        return
    procurement = db.session.get_one(Procurement, intent.procurement_id)
    intents.start(procurement, then["mode"], amounts, user_id=then["user_id"], at=at)


def _refuse_cancelled(call: Call, _refusal: ProviderRefused, _at: datetime) -> None:
    """Look how it has ended there in another way."""
    look_at(call.subject_id)


def look_at(intent_id: int) -> int | None:
    """Ask for a payment as it is now by what is known of it; returns the call, or ``None`` if nothing is known yet."""
    intent, _orders = intents.lock(intent_id)
    if intent.intent_ref:
        return calls.enqueue_again("fetch_intent", intent, {"ref": intent.intent_ref})
    if intent.session_ref:
        return calls.enqueue_again("fetch_session", intent, {"ref": intent.session_ref})
    if intent.invoice_ref:
        return calls.enqueue_again("fetch_invoice", intent, {"ref": intent.invoice_ref})
    return None


def under_way(procurement_id: int) -> list[int]:
    """Return the keys of calls that a buyer waits for, oldest first."""
    query = select(PaymentIntent.id).where(PaymentIntent.procurement_id == procurement_id).order_by(PaymentIntent.id)
    keys = db.session.scalars(query).all()
    return sorted(
        call.id for key in keys for kind in ("create_intent", "cancel_intent") for call in calls.open_calls(kind, key)
    )


def _fetched(fetch: Any) -> Any:
    def make(call: Call) -> Seen:
        asked_at = clock.real_now()
        return Seen(fetch(call.params["ref"]), asked_at)

    return make


def _stored(apply: Any) -> Any:
    def store(_call: Call, seen: Seen, at: datetime) -> str:
        apply(seen.told, at, asked_at=seen.asked_at)
        return str(seen.told.ref)

    return store


def _not_there(_call: Call, _refusal: ProviderRefused, _at: datetime) -> None:
    """Change nothing: what cannot be looked at stays as it is known, and the call shows why."""


handles("create_intent", Handler(make=_create, store=_store_created, refuse=_refuse_created, find=_find_created))
handles("cancel_intent", Handler(make=_cancel, store=_store_cancelled, refuse=_refuse_cancelled))
for _kind, _fetch, _apply in (
    ("fetch_intent", gateway_stripe.fetch_intent, applying.apply_intent),
    ("fetch_session", gateway_stripe.fetch_session, applying.apply_session),
    ("fetch_invoice", gateway_stripe.fetch_invoice, applying.apply_invoice),
):
    handles(_kind, Handler(make=_fetched(_fetch), store=_stored(_apply), refuse=_not_there))
