"""While a loader tells of the past, jobs that follow the business clock stand aside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from shop.db import db

#: The advisory lock that the loader holds, and that goes with its connection if it dies.
_KEY = 8322020


@contextmanager
def telling() -> Iterator[None]:
    """Hold the lock for the block, on a connection of its own."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()  # closed at the end, not kept: the pool may have been emptied meanwhile
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _KEY})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _KEY})


def is_being_told() -> bool:
    """Say whether a loader is at work: what is overdue by today's clock is not so in its story. Needs a transaction."""
    free = db.session.execute(text("SELECT pg_try_advisory_xact_lock_shared(:key)"), {"key": _KEY}).scalar_one()
    return not free
