"""Words for payouts, rules, accounts and what moves them."""

from __future__ import annotations

from orders.payments.exception_labels import account_label
from shop.i18n import lazy

RAILS = {"bank": lazy("银行转账"), "stripe": lazy("在线转账")}
PAYOUT_STATES = {
    "prepared": lazy("待复核放款"), "released": lazy("已放款，待发送银行"), "sent": lazy("付款中"),
    "failing": lazy("登记未付成，待复核"), "paid": lazy("已付"), "failed": lazy("未付成，款项退回应付"), "cancelled": lazy("已撤销"), "returned": lazy("银行退汇，款项退回应付"),
}  # fmt: skip
PAYOUT_KINDS = {
    "prepared": "wait", "released": "wait", "sent": "wait", "failing": "bad", "paid": "good", "failed": "bad",
    "cancelled": "", "returned": "bad",
}  # fmt: skip
#: What happens next to an order's money, and its colour.
ORDER_STATES = {
    "due": (lazy("已到期，随下一批付款"), "wait"), "coming": (lazy("未到期"), "info"), "held": (lazy("暂缓结算"), "bad"),
    "moving": (lazy("付款中"), "wait"), "unpaid": (lazy("等采购单位付款"), "info"), "owed": (lazy("多付，从下次付款扣回"), "bad"),
}  # fmt: skip
RULE_KINDS = {
    "fee": lazy("平台服务费"), "days": lazy("结算账期"), "clearing": lazy("收款方式"),
    "unpaid": lazy("发送银行后无流水的报警天数"), "aging": lazy("异常款每日催办的起始天数"),
}  # fmt: skip
RULE_STATES = {"proposed": lazy("待第二人复核"), "confirmed": lazy("已生效"), "refused": lazy("已拒绝")}
FORMATS = {
    "csv": lazy("网银批量付款 CSV(UTF-8)"), "csv_gbk": lazy("网银批量付款 CSV(GBK)"),
    "pain001": lazy("ISO 20022 XML(pain.001.001.09)"),
}  # fmt: skip
SPLIT_STATES = {
    "prepared": lazy("待复核"), "released": lazy("已复核，待发送银行"), "sent": lazy("划拨中"), "done": lazy("已到子账户"),
    "failed": lazy("未划成，可重新划拨"), "cancelled": lazy("已撤销"),
}  # fmt: skip
SPLIT_KINDS = {"prepared": "wait", "released": "wait", "sent": "wait", "done": "good", "failed": "bad", "cancelled": ""}
_CASH = frozenset({"bank_supervised", "stripe_cash", "paid_direct"})
_ACCOUNTS = {
    "producer_payable": lazy("应得货款"), "bank_supervised": lazy("监管账户中本单位货款"),
    "bank_moving": lazy("监管主账户划往子账户的在途货款"),
    "stripe_cash": lazy("支付机构中本单位货款"), "stripe_disputed": lazy("支付争议冻结"), "paid_direct": lazy("直接收款（尚未验收部分）"),
}  # fmt: skip
#: (account, counter account) -> words for a rise and for a fall of the balance.
_MOVEMENTS = {
    ("producer_payable", "buyer_receivable"): (lazy("验收货款"), lazy("折让退货")),
    ("producer_payable", "paid_direct"): (lazy("直接收款冲回"), lazy("已直接收款")),
    ("producer_payable", "fees"): (lazy("退回平台服务费"), lazy("平台服务费")),
    ("stripe_cash", "stripe_disputed"): (lazy("争议胜诉，款项退回"), lazy("支付争议冻结")),
    ("stripe_disputed", "stripe_cash"): (lazy("支付争议冻结"), lazy("争议胜诉，款项退回")),
    ("paid_direct", "producer_payable"): (lazy("冲回已计应得"), lazy("计入应得")),
    ("bank_supervised", "bank_moving"): (lazy("划拨到账"), lazy("从主账户划出")),
    ("bank_moving", "bank_supervised"): (lazy("从主账户划出"), lazy("划拨到账")),
}
#: (account, fact) -> the same.
_FACTS = {
    ("producer_payable", "payout_paid"): (lazy("多付款扣回"), lazy("结算付款")),
    ("producer_payable", "transfer_reversed"): (lazy("追回多付款"), lazy("追回多付款")),
    ("producer_payable", "debt_repaid"): (lazy("退还多付款"), lazy("退还多付款")),
    ("bank_supervised", "debt_repaid"): (lazy("退还多付款"), lazy("退还多付款")),
    ("stripe_cash", "debt_card_moved"): (lazy("退还多付款"), lazy("退还多付款")),
    ("producer_payable", "payout_returned"): (lazy("银行退汇"), lazy("银行退汇")),
    ("bank_supervised", "payout_returned"): (lazy("银行退汇"), lazy("银行退汇")),
    ("bank_supervised", "payout_bank_moved"): (lazy("由在线货款抵扣"), lazy("由在线货款抵扣")),
    ("stripe_cash", "payout_card_moved"): (lazy("银行退汇，在线货款转回"), lazy("在线货款由监管账户付出")),
}
#: Counter account of cash -> the same.
_CASH_MOVEMENTS = {
    "buyer_credit": (lazy("采购单位付款"), lazy("采购单位付款冲回")), "refund_payable": (lazy("退款被退回"), lazy("退款")),
    "producer_payable": (lazy("追回或扣回"), lazy("结算付款")),
}  # fmt: skip


def account_word(kind: str) -> str:
    """Return what an account is called on a producer's statement."""
    return str(_ACCOUNTS.get(kind, account_label(kind)))


def movement_word(account: str, counter: str, fact: str, fen: int) -> str:
    """Return what moved an account, for the producer whose it is."""
    found = _MOVEMENTS.get((account, counter)) or _FACTS.get((account, fact))
    if found is None and counter in (account, "operator_bank"):
        found = (lazy("服务费划回"), lazy("服务费划转平台"))
    if found is None and account in _CASH:
        found = _CASH_MOVEMENTS.get(counter)
    return str(found[0 if fen > 0 else 1]) if found else account_label(counter)


def words() -> dict[str, object]:
    """Return the words under the names that the pages use."""
    return {
        "rails": dict(RAILS), "payout_states": dict(PAYOUT_STATES), "payout_kinds": PAYOUT_KINDS,
        "split_states": SPLIT_STATES, "split_kinds": SPLIT_KINDS, "order_states": ORDER_STATES, "rule_kinds": dict(RULE_KINDS), "rule_states": dict(RULE_STATES), "formats": dict(FORMATS),
    }  # fmt: skip
