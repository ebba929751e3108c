"""Thousands of rows in one statement: sent as one JSON value, so that neither driver nor planner meets a placeholder each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql

from shop.db import Base, db

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def table_of(model: type[Base]) -> Table:
    """Return a model's table."""
    return cast("Table", model.__table__)


def insert_rows(
    table: Table, rows: Sequence[Mapping[str, Any]], *, returning: Sequence[str] = (), on_conflict: str = ""
) -> list[tuple[Any, ...]]:
    """Insert rows that have the same columns; return the columns asked for, in no particular order.

    :param on_conflict: what follows ``ON CONFLICT``, of our own code.
    """
    if not rows:
        return []
    names = list(rows[0])
    kinds = ", ".join(f"{name} {table.c[name].type.compile(_DIALECT)}" for name in names)
    listed = ", ".join(names)
    ending = f" ON CONFLICT {on_conflict}" if on_conflict else ""
    ending += f" RETURNING {', '.join(returning)}" if returning else ""
    statement = text(f"""
        INSERT INTO {table.name} ({listed})
        SELECT {listed} FROM jsonb_to_recordset(cast(:given AS jsonb)) AS given({kinds}){ending}""")
    given = json.dumps([dict(row) for row in rows], default=str, ensure_ascii=False)
    found = db.session.execute(statement, {"given": given})
    return [tuple(row) for row in found] if returning else []
