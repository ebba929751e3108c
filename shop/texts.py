"""Text tables of strangers, read row by row: a file of millions of rows or endless lines is given up, not kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

#: A line of a table has some hundred characters; the longest remarks of banks some thousand.
LONGEST_LINE = 20_000


class TooManyRows(Exception):
    """The text has more rows than the reader asked for."""


class NoTable(Exception):
    """Quotes that are never closed, or a line longer than any table's."""


def first_lines(text: str, most: int) -> list[str]:
    """Return the first ``most`` lines without their ends, each cut at :data:`LONGEST_LINE` characters."""
    return [line.rstrip("\r\n")[:LONGEST_LINE] for line in islice(io.StringIO(text, newline=""), most)]


def read_rows(text: str, delimiter: str, *, most: int) -> list[list[str]]:
    """Return the rows of a text as cells, at most ``most``.

    :raises TooManyRows: from the row after the last on; what follows is not read.
    :raises NoTable: if it is no table.
    """
    rows: list[list[str]] = []
    try:
        for row in csv.reader(_lines(text), delimiter=delimiter):
            if len(rows) == most:
                raise TooManyRows
            rows.append(row)
    except csv.Error as error:
        raise NoTable from error
    return rows


def _lines(text: str) -> Iterator[str]:
    for line in io.StringIO(text, newline=""):
        if len(line) > LONGEST_LINE:
            raise NoTable
        yield line
