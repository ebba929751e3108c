"""Keeping the provider's lines as they are told, each once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from orders.payments.models import Charge
from orders.reconciliation.models import BalanceTransaction
from orders.reconciliation.movements import Movement
from shop import clock
from shop.db import db

#: What was listed before is listed again so far back: the provider's clock is not ours.
OVERLAP = timedelta(days=1)
#: How far back the first listing goes, at least.
FIRST = timedelta(days=30)
#: Each listing covers so much, the earliest first, so that one which breaks off leaves no gap.
WINDOW = timedelta(days=7)
#: Lines that are kept in one transaction.
BATCH = 100


def start_at(at: datetime) -> datetime:
    """Return from when on lines are to be listed."""
    last: datetime | None = db.session.scalar(select(func.max(BalanceTransaction.occurred_at)))
    if last is not None:
        return last - OVERLAP
    first: datetime | None = db.session.scalar(select(func.min(Charge.succeeded_at)))
    return min(first - OVERLAP if first else at, at - FIRST)


def windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches of time to list, the earliest first."""
    while since < until:
        end = min(since + WINDOW, until)
        yield since, end
        since = end


def batches(found: Sequence[Movement]) -> Iterator[list[Movement]]:
    """Yield listed lines to keep together, the earliest first."""
    rows = sorted(found, key=lambda one: (one.created_at, one.ref))
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def keep(movements: Sequence[Movement], at: datetime) -> int:
    """Keep lines that are not kept yet; return how many were new.

    Two who keep the same lines wait for each other, and the second finds them kept.
    """
    values = [_values(one, at) for one in sorted(movements, key=lambda one: one.ref)]
    if not values:
        return 0
    made: Any = db.session.scalars(
        insert(BalanceTransaction)
        .values(values)
        .on_conflict_do_nothing(index_elements=["transaction_ref"])
        .returning(BalanceTransaction.id)
    )
    return len(made.all())


def _values(one: Movement, at: datetime) -> dict[str, Any]:
    return {
        "transaction_ref": one.ref, "source_ref": one.source_ref, "type": one.type, "amount": one.amount,
        "fee": one.fee, "net": one.net, "currency": one.currency.lower(), "occurred_at": one.created_at,
        "occurred_on": clock.business_day(one.created_at), "fetched_at": at, "status": "new",
        "payout_ref": one.source_ref if one.type.startswith("payout") else "",
    }  # fmt: skip


def hold_alone() -> None:
    """Let nobody else match lines until the open transaction ends: what one posts another must not post."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('reconciliation'))"))
