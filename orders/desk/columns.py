"""What workbooks of orders and procurements show of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from orders.payments.labels import PAYMENT_STATES
from orders.purchase import labels
from orders.purchase.models import Procurement
from shop import clock
from shop.downloads import Column
from shop.i18n import _
from shop.sheets import Cell, Fen


def orders() -> list[Column]:
    """Return the columns of a list of orders."""
    return [
        (_("订单"), lambda row: row.number),
        (_("采购单"), lambda row: row.procurement_number),
        (_("采购单位"), lambda row: row.buyer.name),
        (_("所属预算单位"), lambda row: row.unit.name if row.unit else ""),
        (_("资金来源"), lambda row: str(labels.FUND_SOURCES[row.fund_source]) if row.fund_source else ""),
        (_("供应商"), lambda row: row.producer.name),
        (_("下单日期"), lambda row: day(row.placed_at)),
        (_("订单状态"), lambda row: str(labels.STATES["order"][row.status])),
        (_("付款状态"), lambda row: str(PAYMENT_STATES[row.payment_state])),
        (_("付款方式"), lambda row: str(labels.PAYMENT_MODES[row.payment_mode])),
        (_("付款识别码"), lambda row: row.reference_code),
        (_("验收完成"), lambda row: day(row.accepted_at)),
        (_("付款期限"), lambda row: row.pay_due_on),
        *_sums(),
    ]


def _sums() -> list[Column]:
    def of(title: str, name: str) -> Column:
        return title, lambda row: Fen(getattr(row, name))

    return [
        of(_("货款（元）"), "goods_fen"), of(_("运费（元）"), "freight_fen"), of(_("应付（元）"), "due_fen"),
        of(_("已收（元）"), "received_fen"), of(_("已退（元）"), "refunded_fen"), of(_("未付（元）"), "unpaid_fen"),
    ]  # fmt: skip


def procurements(sums: Mapping[int, int]) -> list[Column]:
    """Return the columns of a list of procurements.

    :param sums: what each costs in fen, by key; filled while the list is read.
    """

    def state(row: Procurement) -> str:
        word = (
            labels.STATES["approval"][row.approval]
            if row.status == "submitted"
            else labels.STATES["procurement"][row.status]
        )
        return str(word)

    return [
        (_("编号"), lambda row: row.number),
        (_("事由"), lambda row: row.title),
        (_("状态"), state),
        (_("付款方式"), lambda row: str(labels.PAYMENT_MODES[row.payment_mode])),
        (_("资金来源"), lambda row: str(labels.FUND_SOURCES[row.fund_source]) if row.fund_source else ""),
        (_("建立日期"), lambda row: day(row.created_at)),
        (_("下单日期"), lambda row: day(row.placed_at)),
        (_("金额（元）"), lambda row: Fen(sums.get(row.id, 0))),
    ]


def day(at: datetime | None) -> Cell:
    """Return the Shanghai day of an instant, an empty cell of none."""
    return clock.business_day(at) if at else None
