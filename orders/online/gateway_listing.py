"""What there is at Stripe, newest first, page by page: for reconciliation, and to find what a lost answer was about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from orders.online import snapshots
from orders.online.gateway_stripe import speaking
from orders.online.snapshots import CALL

Value = TypeVar("Value")
#: Rows of one page.
LIMIT = 100
#: How far the provider's clock and ours may be apart.
SKEW = timedelta(hours=1)


def list_charges(since: datetime, until: datetime | None = None) -> Iterator[snapshots.Charge]:
    """Yield the charges made from an instant on, to another."""
    return _each("charges", snapshots.read_charge, _created(since, until))


def list_intents(since: datetime, until: datetime | None = None) -> Iterator[snapshots.Intent]:
    """Yield the payments asked for from an instant on."""
    return _each("payment_intents", snapshots.read_intent, _created(since, until))


def list_sessions(since: datetime, until: datetime | None = None) -> Iterator[snapshots.Session]:
    """Yield the visits to the provider's page from an instant on."""
    return _each("checkout.sessions", snapshots.read_session, _created(since, until))


def list_invoices(since: datetime, until: datetime | None = None) -> Iterator[snapshots.Invoice]:
    """Yield the provider's invoices from an instant on."""
    return _each("invoices", snapshots.read_invoice, _created(since, until))


def list_refunds(
    since: datetime, until: datetime | None = None, *, charge_ref: str | None = None
) -> Iterator[snapshots.Refund]:
    """Yield the refunds made from an instant on, of one charge if it is named."""
    asked = _created(since, until) | ({"charge": charge_ref} if charge_ref else {})
    return _each("refunds", snapshots.read_refund, asked)


def find_invoice(intent_ref: str) -> str | None:
    """Return the invoice that a payment pays, if it pays one."""
    with speaking() as api:
        found = api.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent_ref}})
        refs = [snapshots.ref_of(each.to_dict()["invoice"]) for each in found.data]
    return next(iter(refs), None)


def list_disputes(since: datetime, until: datetime | None = None) -> Iterator[snapshots.Dispute]:
    """Yield the disputes opened from an instant on."""
    return _each("disputes", snapshots.read_dispute, _created(since, until))


def list_transfers(
    since: datetime, until: datetime | None = None, *, group: str | None = None
) -> Iterator[snapshots.Transfer]:
    """Yield the transfers made from an instant on, of one procurement's number if it is named."""
    asked = _created(since, until) | ({"transfer_group": group} if group else {})
    return _each("transfers", snapshots.read_transfer, asked)


def list_reversals(transfer_ref: str) -> list[snapshots.Reversal]:
    """Return what was taken back of a transfer."""
    with speaking() as api:
        found = [each.to_dict() for each in api.v1.transfers.reversals.list(transfer_ref, {"limit": LIMIT}).data]
    return [snapshots.read_reversal(raw) for raw in found]


def list_movements(
    since: datetime, until: datetime | None = None, *, payout_ref: str | None = None, source_ref: str | None = None
) -> Iterator[snapshots.Movement]:
    """Yield the lines of the balance from an instant on; of one payout to the bank, or about one object, if named."""
    asked: dict[str, Any] = _created(since, until)
    if payout_ref:
        asked["payout"] = payout_ref
    if source_ref:
        asked["source"] = source_ref
    return _each("balance_transactions", snapshots.read_movement, asked)


def list_payouts(since: datetime, until: datetime | None = None) -> Iterator[snapshots.Payout]:
    """Yield what was paid out to the platform's bank account from an instant on."""
    return _each("payouts", snapshots.read_payout, _created(since, until))


def find_made_by(name: str, listed: Iterable[Value]) -> Value | None:
    """Return what the call of this name has made, if it is among what is listed: its metadata names the call."""
    return next((each for each in listed if cast("Any", each).metadata.get(CALL) == name), None)


def _created(since: datetime, until: datetime | None) -> dict[str, Any]:
    created = {"gte": int((since - SKEW).timestamp())}
    if until is not None:
        created["lte"] = int(until.timestamp())
    return {"created": created}


def _each(service: str, read: Callable[[snapshots.Json], Value], asked: dict[str, Any]) -> Iterator[Value]:
    """Yield every row; each page is a call of its own, so a long list may be left off at any row."""
    after: dict[str, Any] = {}
    while True:
        with speaking() as api:
            at: Any = api.v1
            for name in service.split("."):
                at = getattr(at, name)
            page = at.list({**asked, **after, "limit": LIMIT})
            rows = [each.to_dict() for each in page.data]
        yield from (read(row) for row in rows)
        if not page.has_more or not rows:
            return
        after = {"starting_after": rows[-1]["id"]}
