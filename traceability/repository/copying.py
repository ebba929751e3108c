"""Rows by COPY on the session's own connection, in its transaction: for tables of many rows a document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from shop.db import db, land
from shop.pipelining import as_dbapi_error

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NULL = r"\N"


def escaped(text: str | None) -> str:
    r"""Return a text as COPY reads it; ``\N`` for none."""
    return NULL if text is None else text.translate(_ESCAPES)


def copy_rows(table: str, columns: str, lines: Iterable[str]) -> None:
    """Add rows to a table of our own; ``lines`` hold the columns divided by tabs, without line ends.

    :raises DBAPIError: as any statement of the session does.
    """
    text = "\n".join(lines)
    if not text:
        return
    land()
    raw: Any = db.session.connection().connection.driver_connection
    try:
        with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            copy.write(text + "\n")
    except psycopg.Error as error:
        raise as_dbapi_error(error) from error
