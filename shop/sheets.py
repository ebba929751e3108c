"""Rows as CSV and XLSX that office programs open right: a BOM, no formulas from text, numbers as numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter

from shop import money
from shop.i18n import _

#: Text that begins so would be run as a formula, in full width too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SHEET_ROWS = 1_000_000


class Fen(int):
    """An amount in fen, shown in yuan: a plain number in CSV, a formatted one in XLSX."""


Cell = str | int | Decimal | date | None


def neutral(value: str) -> str:
    """Return text that no office program takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def write_csv(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a CSV document in UTF-8 with a byte order mark."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([neutral(title) for title in titles])
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return "\ufeff".encode() + text.getvalue().encode()


def _plain(cell: Cell) -> str:
    if isinstance(cell, Fen):
        return money.format_yuan(cell)
    if cell is None:
        return ""
    return neutral(cell) if isinstance(cell, str) else str(cell)


def write_xlsx(
    titles: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    sheet: str,
    about: Sequence[tuple[str, Cell]] = (),
    total: Sequence[Cell] = (),
) -> bytes:
    """Return a workbook: the rows, and a sheet saying what they are; longer lists go on in further sheets.

    :param total: a last row under all others, set off by a line.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True}),
        "fen": book.add_format({"num_format": "#,##0.00"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "total": book.add_format({"bold": True, "top": 1}),
        "total_fen": book.add_format({"bold": True, "top": 1, "num_format": "#,##0.00"}),
    }
    _write_rows(book, formats, titles, rows, sheet=sheet, total=total)
    if about:
        page = book.add_worksheet(_("说明"))
        page.set_column(0, 0, 18)
        page.set_column(1, 1, 48)
        for number, (name, cell) in enumerate(about):
            page.write_string(number, 0, name, formats["head"])
            _write_cell(page, formats, number, 1, cell)
    book.close()
    return out.getvalue()


def _write_rows(
    book: Any,
    formats: dict[str, Any],
    titles: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    sheet: str,
    total: Sequence[Cell],
) -> None:
    page, line = None, 0
    for row in rows:
        if page is None or line > _SHEET_ROWS:
            page, line = _start_sheet(book, formats, titles, sheet, first=row), 1
        for column, cell in enumerate(row):
            _write_cell(page, formats, line, column, cell)
        line += 1
    if page is None:
        page, line = _start_sheet(book, formats, titles, sheet, first=total), 1
    in_total = {**formats, "fen": formats["total_fen"], "text": formats["total"]}
    for column, cell in enumerate(total):
        _write_cell(page, in_total, line, column, cell)


def _start_sheet(
    book: Any, formats: dict[str, Any], titles: Sequence[str], sheet: str, *, first: Sequence[Cell] = ()
) -> Any:
    number = len(book.worksheets())
    page = book.add_worksheet(sheet if not number else f"{sheet} {number + 1}")
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(9)
    page.repeat_rows(0)
    page.fit_to_pages(1, 0)
    page.set_footer("&L&A&R&P / &N")
    for column, title in enumerate(titles):
        page.set_column(column, column, _width(title, first[column] if column < len(first) else None))
        page.write_string(0, column, title, formats["head"])
    return page


def _width(title: str, cell: Cell) -> int:
    """Return how wide a column is, by its title and its first cell; Chinese takes two places a character."""
    shown = _plain(cell)
    wide = max(len(text) + sum(character > "\u2e80" for character in text) for text in (title, shown))
    return min(max(wide + 2, 14 if isinstance(cell, Fen) else 6), 30)


def _write_cell(page: Any, formats: dict[str, Any], line: int, column: int, cell: Cell) -> None:
    if isinstance(cell, Fen):
        page.write_number(line, column, cell / 100, formats["fen"])
    elif isinstance(cell, int | Decimal):
        page.write_number(line, column, cell)
    elif isinstance(cell, date):
        page.write_datetime(line, column, cell, formats["day"])
    elif cell or "text" in formats:
        page.write_string(line, column, neutral(cell or ""), formats.get("text"))
