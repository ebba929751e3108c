"""Payouts as a table for a workbook: the columns of the page, and their sum."""

from __future__ import annotations

from collections.abc import Sequence

from orders.settlement.labels import PAYOUT_STATES, RAILS
from orders.settlement.queries import PayoutRow
from shop.i18n import _
from shop.sheets import Cell, Fen

#: Rows of one workbook.
MOST_ROWS = 20_000


def payouts_table(rows: Sequence[PayoutRow]) -> tuple[list[str], list[list[Cell]], list[Cell]]:
    """Return titles, a row for each payout, and the sum of those that were paid or are on their way."""
    titles = [
        _("付款编号"), _("供应商"), _("方式"), _("金额（元）"), _("其中在线支付款（元）"), _("收款户名"), _("收款银行"), _("收款账号"),
        _("付款日"), _("银行流水号"), _("状态"), _("未付成或退汇原因"),
    ]  # fmt: skip
    cells: list[list[Cell]] = [
        [
            row.number, row.producer, str(RAILS[row.rail]), Fen(row.amount_fen), Fen(row.card_fen), row.account_holder,
            row.account_bank, row.account_number, row.value_on, row.bank_serial or "", str(PAYOUT_STATES[row.status]),
            row.failure,
        ]
        for row in rows
    ]  # fmt: skip
    live = [row for row in rows if row.status not in ("failed", "cancelled", "returned")]
    sums = Fen(sum(row.amount_fen for row in live)), Fen(sum(row.card_fen for row in live))
    note = _("不含未付成、已撤销和退汇的")
    return titles, cells, [_("合计"), _("%(count)s 笔", count=len(live)), note, *sums, *[""] * (len(titles) - 5)]
