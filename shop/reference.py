"""Reference data: each package names its loader; this runs them and writes rows so that twice changes nothing."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import Table, or_
from sqlalchemy.dialects.postgresql import insert

from shop.db import db

#: Writes its rows in the open transaction; returns ``(what, how many, how many changed)`` for people.
Loader = Callable[[], list["Loaded"]]
Loaded = tuple[str, int, int]


def load_all() -> list[Loaded]:
    """Run every mounted package's loader, lowest package first, in the open transaction."""
    loaders: list[Loader] = current_app.extensions["reference"]
    return [loaded for loader in loaders for loaded in loader()]


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a shipped file, by column."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def upsert(table: Any, rows: Sequence[dict[str, Any]], *, kept: Sequence[str] = ()) -> int:
    """Insert rows or bring those there are up to date by primary key; returns how many were written.

    A row that is right already is not touched.

    :param kept: columns that people may have edited: given to new rows only.
    """
    target: Table = getattr(table, "__table__", table)
    if not rows:
        return 0
    keys = [column.name for column in target.primary_key]
    statement = insert(target)
    changing = [name for name in rows[0] if name not in keys and name not in kept]
    if changing:
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=keys,
            set_={name: new[name] for name in changing},
            where=or_(*(target.c[name].is_distinct_from(new[name]) for name in changing)),
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    written = db.session.execute(statement.returning(target.c[keys[0]]), list(rows))
    return len(written.all())
