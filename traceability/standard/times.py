"""Times of EPCIS: RFC 3339 with a zone, to the instant they name."""

import re
from datetime import UTC, datetime, timedelta, timezone

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
#: A second is 60 only when a leap second was put in.
LEAP_SECOND = 60


def instant(text: str) -> datetime:
    """Return the instant that ``text`` names, in UTC; digits below the microsecond are dropped.

    :raises ValueError: if it is no RFC 3339 time with a zone, or lies outside the years 1 to 9999.
    """
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(f"not a time with a zone: {text[:40]}")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return _rare_instant(found, text)


def _rare_instant(found: re.Match[str], text: str) -> datetime:
    """Read what the library does not: leap seconds, zones with more than 59 minutes; refuse what nobody can."""
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    leap = int(second) == LEAP_SECOND
    local = datetime(
        int(year), int(month), int(day), int(hour), int(minute), 59 if leap else int(second),
        int((fraction or "")[:6].ljust(6, "0")), _zone(zone),
    )  # fmt: skip
    try:
        return local.astimezone(UTC) + timedelta(seconds=int(leap))
    except OverflowError as error:
        raise ValueError(f"outside the calendar: {text}") from error


def find_instant(text: object) -> datetime | None:
    """Return the instant, or ``None`` where :func:`instant` would refuse."""
    try:
        return instant(text) if isinstance(text, str) else None
    except ValueError:
        return None


def find_beginning(text: str) -> datetime | None:
    """Return the instant of a time, or of a plain date that at which it begins in UTC; ``None`` for anything else."""
    if not _DATE.fullmatch(text):
        return find_instant(text)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def milliseconds(text: str) -> str:
    """Return the time as event hashes write it: UTC, rounded to milliseconds, half to even."""
    return in_milliseconds(instant(text))


def in_milliseconds(at: datetime) -> str:
    """Return an instant in UTC as event hashes write it."""
    rounded = at.replace(microsecond=0) + timedelta(milliseconds=round(at.microsecond / 1000))
    return rounded.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _zone(text: str) -> timezone:
    if text in ("Z", "z"):
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
