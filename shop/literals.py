"""How values are written for PostgreSQL, as text: what goes straight through libpq passes no driver's adapters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import psycopg


def as_text(value: Any) -> bytes | None:
    """Return a value as the server reads it."""
    kind: type = type(value)
    return _writer_of(kind)(value)


@cache
def _writer_of(kind: type) -> Callable[[Any], bytes | None]:
    for base in kind.__mro__:
        if base in _WRITERS:
            return _WRITERS[base]
    message = f"{kind.__name__} is no value of a statement."
    raise TypeError(message)


def _write(value: Any) -> bytes:
    return str(value).encode()


def _write_text(value: str) -> bytes:
    if "\0" in value:
        message = "PostgreSQL text cannot hold NUL."
        raise psycopg.DataError(message)
    return value.encode()


def _write_array(values: Sequence[Any]) -> bytes:
    if len(values) > _LONG and set(map(type, values)) == {str}:
        # All at once: a character that is in none of them stands for what divides them.
        joined = _DIVIDER.join(values)
        if joined.count(_DIVIDER) == len(values) - 1:
            shown = joined.replace("\\", "\\\\").replace('"', '\\"').replace(_DIVIDER, '","')
            return _write_text('{"' + shown + '"}')
    return _write_text("{" + ",".join(map(_show_element, values)) + "}")


#: From here on writing the texts of an array one by one costs more than looking whether they can be joined.
_LONG, _DIVIDER = 8, "\x1f"


def _show_element(value: Any) -> str:
    if value is None:
        return "NULL"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else str(value)


_WRITERS: dict[type, Callable[[Any], bytes | None]] = {
    type(None): lambda _none: None,
    str: _write_text,
    bytes: lambda value: b"\\x" + value.hex().encode(),
    list: _write_array,
    tuple: _write_array,
    **dict.fromkeys((bool, int, Decimal, UUID, date, datetime), _write),
}
