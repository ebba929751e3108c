"""Exceptions and the desk as tables for CSV and XLSX: the same figures as on the pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orders.ledger.sheets import Cell, Fen
from orders.payments import exception_labels as labels
from orders.reconciliation.exception_queries import ExceptionRow, Queue
from shop.i18n import _


def exceptions_table(
    rows: Sequence[ExceptionRow], queue: Queue, now: datetime
) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, a row for each exception, and the sums of what came in and went out."""
    titles = [
        _("发生日期"), _("渠道"), _("原因"), _("事项"), _("说明"), _("供应商"), _("订单"), _("收(元)"), _("付(元)"), _("状态"),
        _("已等待(天)"), _("处理方式"), _("处理说明"), _("借方"), _("贷方"), _("入账(元)"),
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
