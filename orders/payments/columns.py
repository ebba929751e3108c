"""What workbooks of receipts and refunds show of each."""

from __future__ import annotations

from orders.payments import labels
from shop import clock
from shop.downloads import Column
from shop.i18n import _
from shop.sheets import Fen


def receipts() -> list[Column]:
    """Return the columns of a list of receipts."""
    return [
        (_("银行流水号"), lambda row: row.bank_serial),
        (_("付款人"), lambda row: row.payer_name or _("在线支付")),
        (_("付款账号"), lambda row: row.payer_account),
        (_("采购单位"), lambda row: row.buyer or ""),
        (_("收款单位"), lambda row: row.payee),
        (_("收款方式"), lambda row: str(labels.CLEARINGS[row.clearing])),
        (_("附言"), lambda row: row.remark),
        (_("起息日"), lambda row: row.value_on),
        (_("登记日期"), lambda row: clock.business_day(row.recorded_at)),
        (_("状态"), lambda row: str(labels.RECEIPT_STATES[row.status])),
        (_("订单"), lambda row: " ".join(each.number for each in row.allocations)),
        (_("金额（元）"), lambda row: Fen(row.amount_fen)),
        (_("未分配（元）"), lambda row: Fen(row.left_fen)),
    ]


def refunds() -> list[Column]:
    """Return the columns of a list of refunds."""
    return [
        (_("订单"), lambda row: row.number),
        (_("采购单位"), lambda row: row.buyer),
        (_("退款单位"), lambda row: row.payee),
        (_("缘由"), lambda row: str(labels.REFUND_CAUSES[row.cause])),
        (_("说明"), lambda row: row.reason),
        (_("申请日期"), lambda row: clock.business_day(row.requested_at)),
        (_("退款方式"), lambda row: str(labels.CLEARINGS[row.clearing]) if row.clearing else ""),
        (_("银行流水号"), lambda row: row.bank_serial or ""),
        (_("退款日"), lambda row: row.value_on),
        (_("状态"), lambda row: str(labels.REFUND_STATES[row.status])),
        (_("拒绝原因"), lambda row: row.refusal),
        (_("金额（元）"), lambda row: Fen(row.amount_fen)),
    ]
