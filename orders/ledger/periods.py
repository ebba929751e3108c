"""Months of the books: which days are open, and the locks between posting to a month and closing it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import text

from shop.clock import business_day
from shop.db import db

#: The class of the advisory locks that stand for months ("DKPM").
_LOCK_CLASS = 0x444B504D
#: SQL that holds month ``m`` open until the transaction ends.
HOLD_OPEN = f"pg_advisory_xact_lock_shared({_LOCK_CLASS}, m)"

#: The last closed day as last read, per engine. It only guides which months to lock; the posting
#: statement compares it with the table and is repeated if a close has come in between.
_hints: WeakKeyDictionary[Any, date | None] = WeakKeyDictionary()


def first_open(day: date, closed_to: date | None) -> date:
    """Return the day on which something of ``day`` is counted when everything up to ``closed_to`` is closed."""
    return day if closed_to is None or day > closed_to else closed_to + timedelta(days=1)


def closed_to_hint() -> date | None:
    """Return the last closed day as this process last saw it; it may have moved on since."""
    bind = db.session.get_bind()
    return _hints[bind] if bind in _hints else read_closed_to()


def read_closed_to() -> date | None:
    """Return the last closed day, or ``None`` while every day is open."""
    day = db.session.execute(text("SELECT max(ends_on) FROM ledger_periods WHERE closed_at IS NOT NULL")).scalar()
    _hints[db.session.get_bind()] = day
    return day


def months_of(days: Iterable[date], closed_to: date | None) -> list[int]:
    """Return the numbers of the months in which things of ``days`` are counted, ascending."""
    opened = {first_open(day, closed_to) for day in days}
    return sorted({day.year * 12 + day.month for day in opened})


def hold_open(months: list[int]) -> None:
    """Keep ``months`` from being closed until the transaction ends; waits for a close under way."""
    db.session.execute(text(f"SELECT {HOLD_OPEN} FROM unnest(cast(:months AS int[])) m"), {"months": months})


def hold_closed(month: date) -> None:
    """Keep everybody from posting to the month of ``month`` until the transaction ends; waits for who is posting."""
    db.session.execute(
        text("SELECT pg_advisory_xact_lock(:class, :month)"),
        {"class": _LOCK_CLASS, "month": month.year * 12 + month.month},
    )


def is_over(ends_on: date, at: datetime) -> bool:
    """Say whether a period's last day has passed in Shanghai."""
    return business_day(at) > ends_on
