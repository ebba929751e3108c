"""Every list as a workbook: the same address with ``format=xlsx``, so the same filters, all its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from flask import Response, request

from shop import clock, sheets
from shop.db import snapshot
from shop.i18n import _
from shop.paging import Page
from shop.sheets import Cell, Fen

T = TypeVar("T")
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Rows of one workbook; it says so where there are more.
MOST_ROWS = 20_000
#: Rows read at a time.
STEP = 500

#: A column's title, and what it shows of a row.
Column = tuple[str, Callable[[Any], Cell]]


def is_sheet_wanted() -> bool:
    """Say whether the request asks for the list as a workbook."""
    return request.args.get("format") == "xlsx"


def answer_sheet(
    sheet: str, name: str, columns: Sequence[Column], fetch: Callable[[int, str | None], Page[T]]
) -> Response:
    """Answer a list as a workbook with a sum under each column of money, and a sheet that says what it is.

    :param sheet: what the list is called.
    :param name: the file's name without its ending.
    :param fetch: returns a page of at most so many rows from a cursor on; called in one snapshot.
    """
    with snapshot():
        # Read as cells at once: rows of the database are gone with the snapshot.
        cells = [[show(row) for _title, show in columns] for row in islice(_rows(fetch), MOST_ROWS + 1)]
    is_cut, cells = len(cells) > MOST_ROWS, cells[:MOST_ROWS]
    book = sheets.write_xlsx(
        [title for title, _show in columns], cells, sheet=sheet, about=_about(len(cells), is_cut=is_cut),
        total=_total(cells),
    )  # fmt: skip
    response = Response(book, content_type=XLSX_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


def _rows(fetch: Callable[[int, str | None], Page[T]]) -> Iterator[T]:
    cursor = None
    while True:
        page = fetch(STEP, cursor)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _total(cells: Sequence[Sequence[Cell]]) -> list[Cell]:
    """Return the last row: a sum under each column that holds money, none if no column does."""
    if not cells or not any(isinstance(cell, Fen) for cell in cells[0]):
        return []
    sums: list[Cell] = [
        Fen(sum(row[place] for row in cells if isinstance(row[place], Fen))) if isinstance(cell, Fen) else ""  # type: ignore[misc]
        for place, cell in enumerate(cells[0])
    ]
    return [_("合计"), *sums[1:]]


def _about(rows: int, *, is_cut: bool) -> list[tuple[str, Cell]]:
    asked = "; ".join(f"{key}={value}" for key, value in request.args.items(multi=True) if value and key != "format")
    found: list[tuple[str, Cell]] = [
        (_("生成时间"), f"{clock.now().astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}"), (_("筛选条件"), asked or _("全部")),
        (_("行数"), rows),
    ]  # fmt: skip
    if is_cut:
        found.append((_("注意"), _("最多 %(most)s 行，其余未列出，请缩小筛选范围。", most=MOST_ROWS)))
    return found
