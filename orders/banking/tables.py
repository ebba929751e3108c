"""Lines of bank statements as a table for a workbook: the columns of the page, and their sums."""

from __future__ import annotations

from collections.abc import Sequence

from orders.banking.labels import LINE_STATES, REASONS
from orders.banking.queries import LineRow
from shop.i18n import _
from shop.sheets import Cell, Fen

#: Rows of one workbook.
MOST_ROWS = 20_000


def lines_table(rows: Sequence[LineRow]) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, a row for each line, and the sums of what came in and went out."""
    titles = [
        _("流水号"), _("账户"), _("日期"), _("已等待（天）"), _("收入（元）"), _("支出（元）"), _("对方户名"), _("对方账号"), _("附言"),
        _("状态"), _("原因"), _("建议的订单"),
    ]  # fmt: skip
    cells: list[list[Cell]] = [
        [
            row.serial, row.account, row.value_on, row.age_days, _side(row, "in"), _side(row, "out"), row.name,
            row.counterparty_account, row.remark, str(LINE_STATES[row.state]), str(REASONS.get(row.reason, row.reason)),
            " ".join(one.number for one in row.orders),
        ]
        for row in rows
    ]  # fmt: skip
    sums = [Fen(sum(row.amount_fen for row in rows if row.direction == way)) for way in ("in", "out")]
    return titles, cells, [_("合计"), _("%(count)s 笔", count=len(rows)), "", "", *sums, *[""] * (len(titles) - 6)]


def _side(row: LineRow, way: str) -> Cell:
    return Fen(row.amount_fen) if row.direction == way else None
