"""Words of the desk: its rails, their accounts, and how the two sides of a thing stand to each other."""

from __future__ import annotations

from shop.i18n import lazy

RAILS = {"stripe": lazy("在线支付"), "supervised": lazy("监管账户"), "direct": lazy("供应商直收")}
THEIRS = {"stripe": lazy("支付机构"), "supervised": lazy("银行对账单"), "direct": lazy("银行对账单")}
STATES = {
    "equal": lazy("相符"), "differs": lazy("金额不符"), "missing_here": lazy("账上没有"),
    "missing_there": lazy("对方没有"),
}  # fmt: skip
STATE_KINDS = {"equal": "good", "differs": "bad", "missing_here": "bad", "missing_there": "bad"}
#: What our postings are called; one that is not in the table is shown by its name.
FACTS = {
    "receipt_confirmed": lazy("到账"), "charge_taken": lazy("在线支付到账"), "refund_confirmed": lazy("退款"),
    "receipt_reversed": lazy("到账冲正"), "credit_refund_confirmed": lazy("退回余额"),
    "refund_bounced": lazy("退款被退回"), "dispute_held": lazy("争议冻结"), "dispute_won": lazy("争议胜诉"),
    "dispute_lost": lazy("争议败诉"), "payout_paid": lazy("付供应商"), "debt_repaid": lazy("供应商退还多付款"), "payout_returned": lazy("银行退汇"),
    "payout_card_moved": lazy("在线货款由监管账户付出"), "transfer_reversed": lazy("从供应商追回"),
    "payout_bank_moved": lazy("由在线货款抵扣"),
    "provider_fee": lazy("手续费"), "provider_payout": lazy("提现"), "provider_payout_arrived": lazy("提现到监管账户"),
    "provider_fx": lazy("转外币待折算"),
    "exception_posted": lazy("异常款入账"), "split_left": lazy("主账户划出"), "split_arrived": lazy("子账户到账"),
    "split_returned": lazy("划拨退回"),
}  # fmt: skip
#: What of ours a thing is whose name is a key.
KEY_KINDS = {"payout": lazy("付供应商"), "refund": lazy("退款")}
#: What the provider calls its lines.
LINE_TYPES = {
    "charge": lazy("收款"), "payment": lazy("收款"), "refund": lazy("退款"), "payment_refund": lazy("退款"),
    "refund_failure": lazy("退款被退回"), "adjustment": lazy("争议"), "transfer": lazy("划转供应商"),
    "transfer_refund": lazy("划转退回"), "stripe_fee": lazy("手续费"), "stripe_fx_fee": lazy("换汇手续费"),
    "tax_fee": lazy("手续费税"), "payout": lazy("提现"), "payout_cancel": lazy("提现撤销"), "payout_failure": lazy("提现失败"),
}  # fmt: skip


def type_label(rail: str, what: str) -> str:
    """Return what the other side calls a line: a type of the provider's in words, a remark of the bank's as it is."""
    return str(LINE_TYPES.get(what, what)) if rail == "stripe" else what


def fact_label(fact: str) -> str:
    """Return what a posting is called."""
    return str(FACTS.get(fact, fact))
