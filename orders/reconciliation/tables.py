"""Exceptions and the desk as tables for CSV and XLSX: the same figures as on the pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest

from orders.payments import exception_labels as labels
from orders.reconciliation import desk_labels
from orders.reconciliation.desk_queries import Month, Thing
from orders.reconciliation.exception_queries import ExceptionRow, Queue
from shop.i18n import _
from shop.sheets import Cell, Fen


def exceptions_table(
    rows: Sequence[ExceptionRow], queue: Queue, now: datetime
) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, a row for each exception, and the sums of what came in and went out."""
    titles = [
        _("发生日期"), _("渠道"), _("原因"), _("事项"), _("说明"), _("供应商"), _("订单"), _("收（元）"), _("付（元）"), _("状态"),
        _("已等待（天）"), _("处理方式"), _("处理说明"), _("借方"), _("贷方"), _("入账（元）"),
    ]  # fmt: skip
    total: list[Cell] = [
        _("合计"),
        "",
        "",
        _("%(count)s 笔", count=queue.count),
        "",
        "",
        "",
        Fen(queue.in_fen),
        Fen(queue.out_fen),
    ]
    return titles, [_cells(row, now) for row in rows], [*total, *[""] * (len(titles) - len(total))]


def _cells(row: ExceptionRow, now: datetime) -> list[Cell]:
    return [
        row.occurred_on, str(labels.RAILS[row.rail]), labels.kind_label(row.kind), row.subject, row.detail,
        row.producer or "", row.number or "", Fen(row.amount_fen) if row.amount_fen > 0 else None,
        Fen(-row.amount_fen) if row.amount_fen < 0 else None, str(labels.STATES[row.status]),
        (now - row.opened_at).days if row.status != "closed" else None,
        str(labels.RESOLUTIONS[row.resolution]) if row.resolution else "", row.note, _account(row.debit),
        _account(row.credit), Fen(row.posted_fen) if row.posted_fen else None,
    ]  # fmt: skip


def _account(written: str | None) -> str:
    return labels.account_label(written.partition(" ")[0]) if written else ""


def month_table(month: Month) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, a row for each day, and the sums."""
    theirs = str(desk_labels.THEIRS[month.rail])
    titles = [
        _("日期"), f"{theirs}{_('（元）')}", _("账上（元）"), _("差额（元）"), _("未办结异常（笔）"),
        f"{theirs}{_('余额（元）')}", _("账上余额（元）"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            day.day, Fen(day.theirs_fen), Fen(day.ours_fen), Fen(day.difference_fen), day.waiting,
            None if day.their_balance_fen is None else Fen(day.their_balance_fen), Fen(day.our_balance_fen),
        ]
        for day in month.days
    ]  # fmt: skip
    sums = Fen(month.theirs_fen), Fen(month.ours_fen), Fen(month.difference_fen)
    return titles, rows, [_("合计"), *sums, month.waiting, "", ""]


def day_table(things: Sequence[Thing]) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, a row for each line of both sides with what it is about, and the sums."""
    titles = [_("事项"), _("核对结果"), _("对方流水"), _("对方金额（元）"), _("账上分录"), _("账上金额（元）")]
    rows: list[list[Cell]] = []
    for thing in things:
        head: list[Cell] = [thing.name, str(desk_labels.STATES[thing.state])]
        for theirs, ours in zip_longest(thing.theirs, thing.ours):
            rows.append(
                [
                    *head,
                    *((f"{theirs.name} {theirs.what}", Fen(theirs.fen)) if theirs else ("", None)),
                    *((f"{ours.name} {desk_labels.fact_label(ours.what)}", Fen(ours.fen)) if ours else ("", None)),
                ]
            )
    theirs_fen, ours_fen = sum(one.theirs_fen for one in things), sum(one.ours_fen for one in things)
    return titles, rows, [_("合计"), "", "", Fen(theirs_fen), "", Fen(ours_fen)]
