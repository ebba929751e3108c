"""Exceptions that wait too long: the operator's people are told of them once a day until they are closed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from orders.payments.clearing import whose
from orders.payments.models import MoneyException
from orders.reconciliation.models import ExceptionReminder
from orders.settlement.waiting_days import days_on
from shop import clock
from shop.db import db
from shop.outbox.services import publish


def opened_before(today: date, days: int) -> datetime:
    """Return the instant before which what is ``days`` old was opened."""
    return datetime.combine(today - timedelta(days=days - 1), time(), clock.SHANGHAI)


def remind(today: date, at: datetime) -> int:
    """Tell the operator's people of what has waited for the days of the rule, once a day; return how many wait so long."""
    days = days_on("aging", today)
    old = select(MoneyException.status, func.count(), func.min(MoneyException.opened_at)).where(
        MoneyException.status != "closed", MoneyException.opened_at < opened_before(today, days)
    )
    rows = db.session.execute(old.group_by(MoneyException.status)).all()
    counts = {row[0]: row[1] for row in rows}
    if not counts:
        return 0
    first = insert(ExceptionReminder).values(on=today, told_at=at, exceptions=sum(counts.values()))
    if db.session.scalar(first.on_conflict_do_nothing().returning(ExceptionReminder.on)) is not None:
        operators, _by = whose("supervised")
        oldest = clock.business_day(min(row[2] for row in rows))
        publish(
            "orders.exceptions_aging", organisations=operators, on=today.isoformat(), days=str(days),
            oldest_days=str((today - oldest).days), **{status: str(count) for status, count in counts.items()},
        )  # fmt: skip
    return sum(counts.values())
