"""What the provider tells: kept once with its body, then applied by what its object is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from orders.online import applying, dispute_money, reconciling, refund_money, snapshots, unknown_calls
from orders.online.applying import UNKNOWN
from orders.online.models import ProviderEvent
from shop.db import db
from shop.outbox.services import publish

#: What is done with the object of an event; it returns the outcome.
Applies = Callable[[Mapping[str, Any], datetime], str]
UNKNOWN_TYPE = "unknown_type"
#: It is about what belongs to a producer's own account at the provider: no buyer of ours has paid it.
OTHER_ACCOUNT = "other_account"
#: Bodies that one statement empties.
MOST_FORGOTTEN = 5000
#: How long what the provider told is kept as it was told: as long as a dispute of a payment may take.
KEPT = timedelta(days=180)
#: What a payer's bank or browser has told the provider about a person: none of it is needed, none is kept.
_PERSONAL = frozenset(
    {
        "billing_details", "shipping", "customer_details", "customer_email", "customer_name", "customer_phone",
        "customer_address", "customer_shipping", "collected_information", "receipt_email", "client_secret", "evidence",
    }
)  # fmt: skip
#: By the beginning of the type, the longest first.
_appliers: dict[str, Applies] = {}


def applies(prefix: str, function: Applies) -> None:
    """Say what is done with the objects of events whose type begins with ``prefix``; the longest beginning decides."""
    _appliers[prefix] = function


def receive(raw: Mapping[str, Any], endpoint: str, at: datetime) -> bool:
    """Keep an event once, and tell our own parts of it; ``False`` if it was known."""
    made = db.session.scalar(
        insert(ProviderEvent)
        .values(
            public_id=uuid7(), event_ref=raw["id"], endpoint=endpoint, type=raw["type"], object_ref=_object_ref(raw),
            body=_scrubbed(raw), occurred_at=_instant(raw.get("created")), received_at=at,
        )
        .on_conflict_do_nothing(index_elements=["event_ref"])
        .returning(ProviderEvent.public_id)
    )  # fmt: skip
    if made is not None:
        publish("orders.provider_event_received", event=str(made))
    return made is not None


def apply(event_id: UUID, at: datetime) -> str:
    """Apply an event that was kept, and note what came of it."""
    query = select(ProviderEvent).where(ProviderEvent.public_id == event_id)
    event = db.session.scalars(query).one()
    function = next(
        (_appliers[prefix] for prefix in sorted(_appliers, key=len, reverse=True) if event.type.startswith(prefix)),
        None,
    )
    event.outcome = OTHER_ACCOUNT if event.body.get("account") else UNKNOWN_TYPE
    if function is not None and event.outcome != OTHER_ACCOUNT:
        event.outcome = function(_object(event), at)
    if event.outcome == UNKNOWN:
        event.outcome = unknown_calls.ask(event)
    event.applied_at = at
    return event.outcome


def forget_bodies(before: datetime) -> int:
    """Empty the bodies of applied events that came before an instant of real time; returns how many.

    Their names stay, so that a repeat is known as one however late it comes.
    """
    old = (
        select(ProviderEvent.id)
        .where(ProviderEvent.received_at < before, ProviderEvent.applied_at.is_not(None), ProviderEvent.body != {})
        .order_by(ProviderEvent.received_at)
        .limit(MOST_FORGOTTEN)
    )
    emptied: Any = db.session.execute(update(ProviderEvent).where(ProviderEvent.id.in_(old)).values(body={}))
    return int(emptied.rowcount)


def _object(event: ProviderEvent) -> Mapping[str, Any]:
    """Return the object that an event is about; of a thin event only its name."""
    found: Mapping[str, Any] = (event.body.get("data") or {}).get("object") or event.body.get("related_object") or {}
    return found


def _object_ref(raw: Mapping[str, Any]) -> str:
    found = (raw.get("data") or {}).get("object") or raw.get("related_object") or {}
    return str(found.get("id") or "")


def _instant(value: Any) -> datetime:
    """Return an event's instant: seconds in version 1, text in version 2."""
    if isinstance(value, int):
        return snapshots.instant(value)
    return datetime.fromisoformat(str(value))


def _scrubbed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _scrubbed(each) for name, each in value.items() if name not in _PERSONAL}
    return [_scrubbed(each) for each in value] if isinstance(value, list) else value


applies("payment_intent.", lambda raw, at: applying.apply_intent(snapshots.read_intent(raw), at))
applies("charge.", lambda raw, at: applying.apply_charge(snapshots.read_charge(raw), at))
applies("charge.dispute.", lambda raw, at: dispute_money.apply_dispute(snapshots.read_dispute(raw), at))
applies("charge.refund.", lambda raw, at: refund_money.apply_refund(snapshots.read_refund(raw), at))
applies("refund.", lambda raw, at: refund_money.apply_refund(snapshots.read_refund(raw), at))
applies("transfer.", lambda raw, at: reconciling.take_transfer(snapshots.read_transfer(raw), at))
applies("checkout.session.", lambda raw, at: applying.apply_session(snapshots.read_session(raw), at))
applies("invoice.", lambda raw, at: applying.apply_invoice(snapshots.read_invoice(raw), at))
