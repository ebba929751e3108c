"""Indexes that a failed ``CREATE INDEX CONCURRENTLY`` left behind: kept up to date by every write, used by no query."""

from __future__ import annotations

from sqlalchemy import Connection, text

from shop.runtime.schema import INVALID_INDEXES

#: What a failed ``REINDEX CONCURRENTLY`` leaves beside the index it was rebuilding.
_COPY = ("_ccnew", "_ccold")


def rebuild_invalid(connection: Connection) -> list[str]:
    """Rebuild the invalid indexes of our schema beside what is going on, and drop half-made copies; return their names.

    A migration that failed while it made an index is run again, finds the name taken and goes on, so that only
    this makes the index usable.
    """
    done = connection.execution_options(isolation_level="AUTOCOMMIT")
    found = [str(name) for name in done.execute(text(INVALID_INDEXES)).scalars()]
    for name in found:
        quoted = connection.dialect.identifier_preparer.quote(name)
        is_copy = name.rstrip("0123456789").endswith(_COPY)
        done.execute(text(f"{'DROP' if is_copy else 'REINDEX'} INDEX CONCURRENTLY {quoted}"))
    return found
