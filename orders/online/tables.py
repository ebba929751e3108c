"""Disputes as a table for a workbook: the columns of the page, and their sums."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orders.online.labels import DISPUTE_STATES
from orders.online.queries import DisputeRow
from shop import clock
from shop.i18n import _
from shop.sheets import Cell, Fen

#: Rows of one workbook.
MOST_ROWS = 20_000


def disputes_table(rows: Sequence[DisputeRow]) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, a row for each dispute, and the sums."""
    titles = [
        _("采购单"), _("争议编号"), _("付款编号"), _("争议金额（元）"), _("暂扣（元）"), _("原因"), _("提出日期"), _("举证期限"), _("举证日期"),
        _("状态"), _("结案日期"),
    ]  # fmt: skip

    def day(at: datetime | None) -> Cell:
        return clock.business_day(at) if at else None

    cells: list[list[Cell]] = [
        [
            row.procurement, row.reference, row.charge, Fen(row.amount_fen), Fen(row.held_fen), row.reason,
            day(row.opened_at), day(row.evidence_due_at), day(row.submitted_at), str(DISPUTE_STATES[row.status]),
            day(row.closed_at),
        ]
        for row in rows
    ]  # fmt: skip
    sums = Fen(sum(row.amount_fen for row in rows)), Fen(sum(row.held_fen for row in rows))
    return titles, cells, [_("合计"), _("%(count)s 笔", count=len(rows)), "", *sums, *[""] * (len(titles) - 5)]
