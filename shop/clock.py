"""The one clock: business time, which a setting or a loader may move, and the business calendar of Shanghai."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Years that a day which somebody writes may lie in: counting on from it, or making an instant of it, cannot overflow.
FIRST_YEAR, LAST_YEAR = 1900, 2199

#: The instant at which a loader or a test has stopped the clock.
_stopped_at: ContextVar[datetime | None] = ContextVar("clock_stopped_at", default=None)
#: Seconds between real time and business time, set once at start from the settings.
_offset = timedelta()


def set_offset(seconds: float) -> None:
    """Move the business clock of this process by ``seconds`` from real time."""
    global _offset  # noqa: PLW0603  one clock a process, set at start
    _offset = timedelta(seconds=seconds)


def now() -> datetime:
    """Return the business instant, aware and in UTC."""
    stopped = _stopped_at.get()
    return stopped if stopped is not None else datetime.now(UTC) + _offset


def real_now() -> datetime:
    """Return the real instant in UTC, for tokens, sessions, TLS and webhook tolerance."""
    return datetime.fromtimestamp(time.time(), UTC)


def today() -> date:
    """Return the business day in Shanghai."""
    return business_day(now())


def business_day(at: datetime) -> date:
    """Return the Shanghai day on which the instant ``at`` falls."""
    return at.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """Return the instant at which ``day`` begins in Shanghai, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


@contextmanager
def stopped_at(at: datetime) -> Iterator[None]:
    """Hold the business clock at ``at`` for everything called inside the block."""
    if at.tzinfo is None:
        message = "The clock needs an aware instant."
        raise ValueError(message)
    token = _stopped_at.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _stopped_at.reset(token)


def read_day(written: str) -> date:
    """Return a day that an address or a form names, as ``2026-07-15``.

    :raises ValueError: if it is none, or lies outside the years that days may lie in.
    """
    day = date.fromisoformat(written)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        message = f"{written} lies outside {FIRST_YEAR} to {LAST_YEAR}."
        raise ValueError(message)
    return day
