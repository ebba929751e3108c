"""Numbers for people: made from keys, so they never collide, scattered, so they tell nothing."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text

from shop.db import db

_HOLD = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")

#: No 0, 1, I, L or O, which are mistaken for one another; 31 is prime, so a check finds every single slip.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
BASE = len(ALPHABET)
_SHORT = 6
#: Coprime with 31: it scatters neighbouring keys over the whole range, each key to a place of its own.
_SCATTER = 387_420_489


def letters(value: int, length: int) -> str:
    """Return ``value`` in the alphabet, ``length`` letters of it."""
    found = []
    for _ in range(length):
        value, rest = divmod(value, BASE)
        found.append(ALPHABET[rest])
    return "".join(reversed(found))


def make_number(prefix: str, day: date, key: int) -> str:
    """Return a number such as ``DK20261122-7F3K9Q``: prefix, Shanghai day, six letters made from ``key``."""
    return f"{prefix}{day:%Y%m%d}-{letters(key * _SCATTER % BASE**_SHORT, _SHORT)}"


def hold_number(kind: str, key: str) -> None:
    """Let one transaction at a time decide whether a number is a filing's or an order's.

    :param kind: ``invoice`` (by code and number, or number), ``contract`` or ``bank_serial``.
    """
    db.session.execute(_HOLD, {"name": f"{kind}:{key}"})
