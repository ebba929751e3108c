"""What an event tells about a charge that is not known yet is looked up at once, its charge first: any order ends alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.online import applying, calls, dispute_money, gateway_listing, gateway_stripe, refund_money, snapshots
from orders.online.applying import FETCH, UNKNOWN
from orders.online.calls import Call, Handler, handles
from orders.online.errors import ProviderRefused
from orders.online.models import ProviderEvent
from shop.db import db

#: By the beginning of an event's type: the call that looks up what it is about.
_CALLS = {
    "charge.succeeded": "fetch_charge", "charge.dispute.": "fetch_dispute", "charge.refund.": "fetch_refund",
    "refund.": "fetch_refund",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was told of, as it is now, with its charge, and the provider's invoice that the charge pays, if it pays one."""

    told: Any
    charge: snapshots.Charge | None
    invoice: snapshots.Invoice | None


def ask(event: ProviderEvent) -> str:
    """Ask for what an event was about that nobody knows; return what came of the event."""
    kind = next((kind for prefix, kind in _CALLS.items() if event.type.startswith(prefix)), None)
    if kind is None:
        return UNKNOWN
    calls.enqueue(kind, event, {"ref": event.object_ref})
    return FETCH


def _make(fetch: Callable[[str], Any]) -> Callable[[Call], Found]:
    def make(call: Call) -> Found:
        told = fetch(call.params["ref"])
        charge = told
        if not isinstance(told, snapshots.Charge):
            charge = gateway_stripe.fetch_charge(told.charge_ref) if told.charge_ref else None
        return Found(told=told, charge=charge, invoice=_invoice_of(charge))

    return make


def _invoice_of(charge: snapshots.Charge | None) -> snapshots.Invoice | None:
    """Return the invoice that a charge pays; only what is not paid by one has our names in its metadata."""
    if charge is None or charge.intent_ref is None or snapshots.SUBJECT in charge.metadata:
        return None
    ref = gateway_listing.find_invoice(charge.intent_ref)
    return gateway_stripe.fetch_invoice(ref) if ref else None


def _store(apply: Callable[[Any, datetime], str]) -> Callable[[Call, Found, datetime], str]:
    def store(call: Call, found: Found, at: datetime) -> str:
        if found.invoice is not None:
            applying.apply_invoice(found.invoice, at)
        if found.charge is not None and found.charge is not found.told:
            applying.apply_charge(found.charge, at)
        _note(call, apply(found.told, at))
        return str(found.told.ref)

    return store


def _refuse(call: Call, _refusal: ProviderRefused, _at: datetime) -> None:
    """Leave it: the provider knows of no such thing of ours."""
    _note(call, UNKNOWN)


def _note(call: Call, outcome: str) -> None:
    """Say what came of the event in the end, while it is kept."""
    event = db.session.get(ProviderEvent, call.subject_id)
    if event is not None:
        event.outcome = outcome


handles(
    "fetch_charge",
    Handler(make=_make(gateway_stripe.fetch_charge), store=_store(applying.apply_charge), refuse=_refuse),
)
handles(
    "fetch_dispute",
    Handler(make=_make(gateway_stripe.fetch_dispute), store=_store(dispute_money.apply_dispute), refuse=_refuse),
)
handles(
    "fetch_refund",
    Handler(make=_make(gateway_stripe.fetch_refund), store=_store(refund_money.apply_as_it_is), refuse=_refuse),
)
