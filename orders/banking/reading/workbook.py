"""Reading a workbook in a process of its own, whose memory and time are limited.

A workbook of a few kilobytes may name a cell a million rows down and sixteen thousand columns across; its reader makes room
for all that lies between, and ends the process when there is none. That must not be the server's.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

#: Bytes and seconds that reading one file may take; 50,000 rows of twenty columns take a quarter of it.
MEMORY, SECONDS = 1 << 30, 60
_UNREADABLE, _EMPTY = 3, 4
Rows = list[list[Any]]


class TooMuch(Exception):
    """The file asked for more memory or time than a statement needs."""


class Unreadable(Exception):
    """The file is no workbook, or has no cell with anything in it; the argument says which: ``unreadable``, ``empty``."""


def read(data: bytes) -> Rows:
    """Return the rows of the first sheet that has any.

    :raises TooMuch: if it takes too much memory or time.
    :raises Unreadable: if it cannot be read, or is empty.
    """
    command = [sys.executable, "-I", __file__]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=2 * SECONDS, check=False)  # noqa: S603  our own
    except subprocess.TimeoutExpired as error:
        raise TooMuch from error
    if done.returncode in (_UNREADABLE, _EMPTY):
        raise Unreadable("empty" if done.returncode == _EMPTY else "unreadable")
    if done.returncode != 0:
        raise TooMuch
    return [[_read_cell(cell) for cell in row] for row in json.loads(done.stdout)]


def _read_cell(cell: Any) -> Any:
    if isinstance(cell, list):
        kind, text = cell
        return datetime.fromisoformat(text) if kind == "instant" else date.fromisoformat(text)
    return cell


def _written(cell: object) -> Any:
    """Return a cell as JSON has it: a day or an instant with its kind, anything else that it has no form for as text."""
    if isinstance(cell, datetime):
        return ["instant", cell.isoformat()]
    if isinstance(cell, date):
        return ["day", cell.isoformat()]
    return cell if isinstance(cell, str | int | float | bool) or cell is None else str(cell)


def _rows(data: bytes) -> Rows:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        if any(any(cell not in ("", None) for cell in row) for row in rows):
            return [[_written(cell) for cell in row] for row in rows]
    return []


def main() -> int:
    """Read a workbook from the standard input, and write its rows as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        rows = _rows(sys.stdin.buffer.read())
    except CalamineError:
        return _UNREADABLE
    if not rows:
        return _EMPTY
    json.dump(rows, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
