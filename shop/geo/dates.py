"""Dates that a source gives to the year, the month or the day."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

_PRECISIONS = {4: "year", 7: "month", 10: "day"}


def precision_of(text: str) -> str | None:
    """Return ``year``, ``month`` or ``day``; ``None`` of an empty text."""
    return _PRECISIONS[len(text)] if text else None


def start_of(text: str) -> date | None:
    """Return the day a period begins: a year means 1 January, a month its first day; empty: unknown."""
    if not text:
        return None
    parts = [int(part) for part in text.split("-")]
    return date(*[*parts, 1, 1][:3])


def end_of(text: str, following: date | None = None) -> date | None:
    """Return the last day of a period: of a year or month its last, or the day before ``following`` begins.

    :param following: when the next period of the same thing begins; cuts an end that is not exact to the day.
    """
    if not text:
        return None
    parts = [int(part) for part in text.split("-")]
    if precision_of(text) == "day":
        return date(*parts)
    month = parts[1] if precision_of(text) == "month" else 12
    last = date(parts[0], month, calendar.monthrange(parts[0], month)[1])
    return min(last, following - timedelta(days=1)) if following is not None else last
