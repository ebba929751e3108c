"""Complaints as a workbook, without how to reach anybody."""

from __future__ import annotations

from collections.abc import Sequence

from shop.clock import business_day
from shop.i18n import _
from shop.sheets import Cell
from traceability.complaints.labels import KINDS, STATES
from traceability.complaints.queries import ComplaintRow, Queue

MOST_ROWS = 20_000


def table(rows: Sequence[ComplaintRow], queue: Queue) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, rows and a total row."""
    titles = [
        _("编号"), _("收到"), _("问题"), _("具体情况"), _("产品"), _("规格"), _("批号"), _("序列号"), _("供应商"), _("县"),
        _("状态"), _("答复"), _("答复日期"), _("办结日期"),
    ]  # fmt: skip
    return titles, [_cells(row) for row in rows], [_("合计"), queue.count, *([""] * (len(titles) - 2))]


def _cells(row: ComplaintRow) -> list[Cell]:
    one = row.complaint
    return [
        one.number, business_day(one.received_at), str(KINDS[one.kind]), one.words, row.product, row.pack_spec, one.lot_number,
        one.serial, row.producer, row.county, str(STATES[one.status]), one.answer,
        business_day(one.answered_at) if one.answered_at else None, business_day(one.closed_at) if one.closed_at else None,
    ]  # fmt: skip
