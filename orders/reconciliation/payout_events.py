"""What the provider tells of its payouts to the operator's bank: its lines are fetched at once, and a failure is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from orders.online import calls, events, gateway_listing, snapshots
from orders.online.applying import APPLIED, FETCH
from orders.online.calls import Call, Handler, handles
from orders.online.errors import ProviderRefused
from orders.online.models import ProviderEvent
from orders.payments.exceptions import open_exception
from orders.reconciliation import fetching, matching
from orders.reconciliation.movements import CNY
from shop import clock
from shop.db import db

#: How far back the lines of a payout are looked for: it may fail days after it left.
_BACK = timedelta(days=30)
_FAILED = frozenset({"failed", "canceled"})


def apply_payout(raw: Mapping[str, Any], at: datetime) -> str:
    """Ask for the lines of a payout; one that failed is money that the operator waits for in vain: an exception."""
    told = snapshots.read_payout(raw)
    if told.status in _FAILED and told.currency == CNY:
        open_exception(
            f"payout:{told.ref}:{told.status}", "stripe", "provider_payout_failed", told.ref, told.failure, told.amount,
            clock.business_day(told.created_at), at,
        )  # fmt: skip
    event = db.session.scalars(
        select(ProviderEvent).where(ProviderEvent.object_ref == told.ref, ProviderEvent.applied_at.is_(None)).limit(1)
    ).one_or_none()
    if event is None:
        return APPLIED
    calls.enqueue("fetch_movements", event, {"ref": told.ref, "since": (told.created_at - _BACK).isoformat()})
    return FETCH


def _fetch(call: Call) -> list[snapshots.Movement]:
    since = datetime.fromisoformat(call.params["since"])
    return list(gateway_listing.list_movements(since, source_ref=call.params["ref"]))


def _store(call: Call, found: list[snapshots.Movement], at: datetime) -> str:
    fetching.keep(found, at)
    matching.match_new(at)
    return str(call.params["ref"])


def _refuse(_call: Call, _refusal: ProviderRefused, _at: datetime) -> None:
    """Leave it to the next listing of all lines."""


handles("fetch_movements", Handler(make=_fetch, store=_store, refuse=_refuse))
events.applies("payout.", apply_payout)
