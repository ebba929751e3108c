"""When a scheduled subscription asks: the fields of the standard's QuerySchedule, in the platform's time zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from shop.clock import SHANGHAI
from traceability.asking.refusals import BadControls

#: What each field may say; days of the week from Monday, 1, to Sunday.
_FIELDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "second": (0, 59), "minute": (0, 59), "hour": (0, 23), "dayOfMonth": (1, 31), "month": (1, 12),
        "dayOfWeek": (1, 7),
    }
)  # fmt: skip
_PART = re.compile(r"(\d{1,2})|\[(\d{1,2})-(\d{1,2})\]", re.ASCII)
_LONGEST = 300
#: Days in which every combination of a day, a month and a day of the week comes, 29 February and a century among them.
_DAYS = 41 * 366


@dataclass(frozen=True, slots=True)
class Schedule:
    """Values that an instant must have, each field sorted."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, at: datetime) -> datetime | None:
        """Return the first second after ``at`` that matches, or ``None`` for a day that never comes."""
        start = at.astimezone(SHANGHAI).replace(microsecond=0) + timedelta(seconds=1)
        for offset in range(_DAYS):
            day = start.date() + timedelta(days=offset)
            if self._has_day(day):
                found = self._first(start.time() if offset == 0 else time())
                if found is not None:
                    return datetime.combine(day, found, SHANGHAI)
        return None

    def _has_day(self, day: date) -> bool:
        return day.day in self.days and day.month in self.months and day.isoweekday() in self.weekdays

    def _first(self, floor: time) -> time | None:
        """Return the first time of a day that matches, from ``floor`` on."""
        return next(
            (
                time(hour, minute, second)
                for hour in self.hours
                if hour >= floor.hour
                for minute in self.minutes
                if (hour, minute) >= (floor.hour, floor.minute)
                for second in self.seconds
                if (hour, minute, second) >= (floor.hour, floor.minute, floor.second)
            ),
            None,
        )


def read_schedule(said: object) -> Schedule:
    """Read a schedule; a field that is not there matches always.

    :raises BadControls: for what is none, or never comes.
    """
    if not isinstance(said, dict) or not said or set(said) - set(_FIELDS):
        raise BadControls(f"schedule is an object with one or more of {', '.join(_FIELDS)}.")
    second, minute, hour, day, month, weekday = (_values(name, said.get(name), *_FIELDS[name]) for name in _FIELDS)
    return Schedule(second, minute, hour, frozenset(day), frozenset(month), frozenset(weekday))


def _values(name: str, said: object, low: int, high: int) -> tuple[int, ...]:
    if said is None:
        return tuple(range(low, high + 1))
    text = str(said) if isinstance(said, int) and not isinstance(said, bool) else said
    parts = text.split(",") if isinstance(text, str) and len(text) <= _LONGEST else [""]
    found: set[int] = set()
    for part in parts:
        match = _PART.fullmatch(part.strip())
        first, last = (int(match[1] or match[2]), int(match[1] or match[3])) if match else (1, 0)
        if first > last or first < low or last > high:
            raise BadControls(f"schedule.{name} is written like 0,15,[30-45], from {low} to {high}.")
        found.update(range(first, last + 1))
    return tuple(sorted(found))
