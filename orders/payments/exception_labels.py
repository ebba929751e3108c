"""Words for exceptions: why they are here, on which rail, how they stand, and between which accounts they are posted."""

from __future__ import annotations

from shop.i18n import lazy

#: Why an exception is here; one that is not in the table is shown by its name.
KINDS = {
    "other_currency": lazy("不是人民币结算"),
    "unknown_source": lazy("支付机构有、账上没有"),
    "unknown_charge": lazy("找不到对应的在线支付"),
    "amount_differs": lazy("金额与账上不符"),
    "reversal_failed": lazy("从供应商追回款项失败"),
    "transfer_failed": lazy("转给供应商失败"),
    "payout_failed": lazy("付供应商失败"),
    "payout_not_executed": lazy("已发送银行，多日没有流水"),
    "payout_paid_twice": lazy("登记未付成的付款又付出，重复付款"),
    "refund_failed": lazy("原路退款失败"),
    "provider_payout_failed": lazy("支付机构提现失败"),
    "payout_not_arrived": lazy("支付机构提现未到监管账户"),
    "not_at_provider": lazy("账上有、对方没有"),
    "not_in_books": lazy("对方有、账上没有"),
    "line_unmatched": lazy("银行流水没有对应的账"),
    "dispute_not_held": lazy("争议金额已退还，无款可扣"),
    "dispute_turned": lazy("争议结案后又有变化"),
    "unknown_refund": lazy("支付机构退了款，账上没有申请"),
    "unknown_transfer": lazy("支付机构转了款，账上没有记录"),
    "split_not_arrived": lazy("划拨已划出，子账户未到账"),
}
RAILS = {"bank": lazy("银行"), "stripe": lazy("在线支付"), "direct": lazy("供应商直收")}
STATES = {"open": lazy("待处理"), "proposed": lazy("待第二人复核"), "closed": lazy("已办结")}
STATE_KINDS = {"open": "bad", "proposed": "wait", "closed": "good"}
RESOLUTIONS = {
    "note": lazy("说明，不入账"),
    "posting": lazy("入账"),
    "refund": lazy("认定为订单退款"),
    "settled": lazy("自行补齐"),
}
ACCOUNTS = {
    "buyer_receivable": lazy("应收采购单位"), "bank_supervised": lazy("监管账户存款"), "stripe_cash": lazy("支付机构存款"),
    "stripe_disputed": lazy("争议冻结款"), "stripe_payout": lazy("支付机构提现在途"), "operator_bank": lazy("平台自有存款"),
    "paid_direct": lazy("供应商直收"), "producer_payable": lazy("应付供应商"), "refund_payable": lazy("应付退款"),
    "fees": lazy("手续费"), "dispute_hold": lazy("争议暂扣"), "buyer_credit": lazy("采购单位余额"), "fx": lazy("外币待折算"),
    "bank_moving": lazy("监管账户间划拨在途"),
}  # fmt: skip


def kind_label(kind: str) -> str:
    """Return why an exception is here, in words."""
    return str(KINDS.get(kind, kind))


def account_label(kind: str) -> str:
    """Return what an account is called."""
    return str(ACCOUNTS.get(kind, kind))
