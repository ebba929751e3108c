"""Verification: what the books, caches and stock must satisfy, each as a check that names what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from shop.db import db

#: Differences named for one check; the rest are counted.
NAMED = 20


@dataclass(frozen=True)
class Result:
    """What a check found: how many rows it looked at, how many differ, and the first of them in words."""

    rows: int
    differing: int = 0
    named: tuple[str, ...] = ()


#: Takes the order to look at alone, or ``None`` for everything.
Check = Callable[[int | None], Result]
_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Add a check; called from a feature's ``INIT``. The same name again replaces it."""
    _checks[name] = check


def names() -> list[str]:
    """Return the names of all checks in the order they run."""
    return list(_checks)


def run(order_id: int | None = None) -> Iterator[tuple[str, Result]]:
    """Run every check, one after the other; call inside ``snapshot()``, so that all look at one state."""
    for name, check in _checks.items():
        yield name, check(order_id)


def compare(counted: str, differing: str, **values: object) -> Result:
    """Run a check made of two statements: one counts rows, one gives a sentence per difference.

    :param counted: SQL of one number.
    :param differing: SQL of one text column.
    """
    rows = int(db.session.execute(text(counted), values).scalar_one() or 0)
    found = [str(row[0]) for row in db.session.execute(text(differing), values)]
    return result(rows, found)


def result(rows: int, found: Sequence[str]) -> Result:
    """Return what a check found, naming the first differences."""
    return Result(rows, len(found), tuple(found[:NAMED]))
