"""Counting tries in the database: the same count in every process, with or without the broker."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from shop.db import Base, db
from shop.errors import TooMany
from shop.i18n import _

View = TypeVar("View", bound=Callable[..., Any])


class RateCount(Base):
    """How often something was tried in its present window."""

    __tablename__ = "rate_counts"

    #: SHA-256 of what is counted: no address or number of a person is kept.
    key: Mapped[bytes] = mapped_column(primary_key=True)
    tries: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


def limited(view: View) -> View:
    """Mark a view that answers 429 to who asks too often, for the API's document."""
    view.is_limited = True  # type: ignore[attr-defined]
    return view


class TooManyTries(TooMany):
    """Tried too often; ``retry_after_s`` says when it may go on."""

    code = "too-many-tries"


_HIT = text("""
    INSERT INTO rate_counts AS c (key, tries, ends_at) VALUES (:key, 1, :ends)
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN c.ends_at <= :now THEN 1 ELSE c.tries + 1 END,
        ends_at = CASE WHEN c.ends_at <= :now THEN excluded.ends_at ELSE c.ends_at END
    RETURNING tries, ends_at""")


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def network_of(address: str | None) -> str:
    """Return what is counted as one address: of IPv6 the 64 bits that one household or machine is given whole."""
    try:
        ip = ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or ip_network((int(ip) >> 64 << 64, 64)))
    return str(ip)


def hit(key: str, limit: int, window: timedelta, now: datetime) -> None:
    """Count a try of ``key``; a refused try is not counted, so that waiting always helps.

    Commit it before what is tried, or a failure takes its count along.

    :param now: real time.
    :raises TooManyTries: from the try after the ``limit``-th on, until the window ends.
    """
    row = db.session.execute(_HIT, {"key": _digest(key), "now": now, "ends": now + window}).one()
    if row.tries > limit:
        wait = max(1, int((row.ends_at - now).total_seconds()) + 1)
        raise TooManyTries(_("尝试次数过多，请 %(wait)s 秒后再试。", wait=wait), retry_after_s=wait)


def forgive(key: str, now: datetime, *, tries: int | None = None) -> None:
    """Take back ``tries`` of a key's tries, or all of them, after a success."""
    statement = "DELETE FROM rate_counts WHERE key = :key"
    if tries is not None:
        statement = "UPDATE rate_counts SET tries = greatest(0, tries - :tries) WHERE key = :key AND ends_at > :now"
    db.session.execute(text(statement), {"key": _digest(key), "tries": tries, "now": now})


def forget_old_counts(now: datetime) -> None:
    """Delete the counts of windows that have ended."""
    db.session.execute(text("DELETE FROM rate_counts WHERE ends_at <= :now"), {"now": now})
