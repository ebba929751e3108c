"""What addresses of reconciliation's pages ask for."""

from __future__ import annotations

from datetime import date, timedelta

from shop import clock


def read_day(text: str | None) -> date | None:
    """Return a day of an address; ``None`` for anything else."""
    try:
        return clock.read_day(text or "")
    except ValueError:
        return None


def read_month(text: str | None, today: date) -> date:
    """Return the first day of the month that an address asks for, of this month for anything else."""
    return read_day(f"{text}-01") or today.replace(day=1)


def last_of(month: date) -> date:
    """Return the last day of a month that is given by its first."""
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
