"""Many closing days at once, from a sheet: a division's code and its day in each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from orders.banking.closing import services
from orders.banking.closing.models import TreasuryClosingDay
from orders.banking.reading import tables
from orders.banking.reading.cells import Cell, plain, read_day
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.geo.models import Division
from shop.i18n import _

#: Bad rows that a refusal names.
_SHOWN = 50


class BadClosingRows(Invalid):
    """Rows of closing days cannot be read; ``rows`` names them, and nothing is imported."""

    code = "bad-closing-rows"


@dataclass(frozen=True)
class Imported:
    """How many days are new, moved, or were there as they are."""

    added: int
    changed: int
    same: int


def import_days(data: bytes, actor: Actor, at: datetime) -> Imported:
    """Take in a sheet of closing days: new ones are entered, those of the same year moved, none is taken away.

    :raises UnreadableStatement, UnsafeStatement, StatementTooLong: if the file is no sheet.
    :raises BadClosingRows: if a row cannot be read; nothing is changed.
    """
    days = _read(tables.read_rows(data))
    there = {
        (one.division_code, one.year): one
        for one in db.session.scalars(select(TreasuryClosingDay).order_by(TreasuryClosingDay.id).with_for_update())
    }
    added = changed = 0
    for code, last_on in days:
        found = there.get((code, last_on.year))
        if found is None:
            services.add(code, last_on, actor, at)
            added += 1
        elif found.last_on != last_on:
            services.change(found.public_id, last_on, actor, at)
            changed += 1
    return Imported(added, changed, len(days) - added - changed)


def _read(rows: Sequence[Sequence[Cell]]) -> list[tuple[str, date]]:
    codes = set(db.session.scalars(select(Division.code)))
    found: dict[tuple[str, int], date] = {}
    bad: list[dict[str, object]] = []
    for row_no, row in enumerate(rows, 1):
        cells = [plain(cell) for cell in row]
        if not any(cells) or (row_no == 1 and not cells[0][:1].isdecimal()):
            continue
        try:
            code, last_on = _read_row(row, cells, codes, found)
            found[code, last_on.year] = last_on
        except ValueError as error:
            bad.append({"row": row_no, "detail": str(error)})
    if bad:
        first = _("第 %(row)s 行：%(detail)s", row=bad[0]["row"], detail=bad[0]["detail"])
        detail = _("有 %(count)s 行读不出来，没有导入任何一行。%(first)s", count=len(bad), first=first)
        raise BadClosingRows(detail, rows=bad[:_SHOWN], count=len(bad))
    return [(code, last_on) for (code, _year), last_on in found.items()]


def _read_row(
    row: Sequence[Cell], cells: Sequence[str], codes: set[str], before: Mapping[tuple[str, int], date]
) -> tuple[str, date]:
    if cells[0] not in codes:
        raise ValueError(_("“%(text)s”不是行政区划代码。", text=cells[0][:40]))
    filled = [cell for cell, text in zip(row[1:], cells[1:], strict=True) if text]
    if not filled:
        raise ValueError(_("没有日期。"))
    last_on = read_day(filled[-1])
    if (cells[0], last_on.year) in before:
        raise ValueError(_("该财政部门这一年在文件中出现了两次。"))
    return cells[0], last_on
