"""Words for the states of money, and the colour that goes with each word."""

from __future__ import annotations

from shop.i18n import lazy

PAYMENT_STATES = {
    "unpaid": lazy("未付款"), "part_paid": lazy("部分付款"), "paid": lazy("已付清"), "overpaid": lazy("多付"),
    "part_refunded": lazy("部分退款"), "refunded": lazy("已退款"),
}  # fmt: skip
RECEIPT_STATES = {
    "recorded": lazy("待确认"),
    "confirmed": lazy("已确认"),
    "refused": lazy("已退回"),
    "reversed": lazy("已冲正"),
}
REFUND_STATES = {
    "requested": lazy("待退款"), "recorded": lazy("待确认"), "sent": lazy("原路退回中"), "in_file": lazy("银行文件办理中"),
    "confirmed": lazy("已退款"), "refused": lazy("已拒绝"),
}  # fmt: skip
CORRECTION_STATES = {
    "proposed": lazy("待第二人复核"), "confirmed": lazy("已更正"), "refused": lazy("已退回"), "withdrawn": lazy("已撤回"),
}  # fmt: skip
REFUND_CAUSES = {
    "rejected": lazy("拒收或退回商品"), "cancelled": lazy("取消订单"), "overpaid": lazy("多付"), "agreed": lazy("协商"),
    "dispute": lazy("支付争议败诉"),
}  # fmt: skip
CLEARINGS = {"direct": lazy("直付供应商"), "supervised": lazy("监管账户"), "stripe": lazy("在线支付")}
KINDS = {
    "recorded": "wait", "requested": "wait", "sent": "wait", "in_file": "wait", "confirmed": "good", "refused": "bad",
    "reversed": "bad", "proposed": "wait", "withdrawn": "", "unpaid": "wait", "part_paid": "wait",
    "paid": "good", "overpaid": "info", "part_refunded": "info", "refunded": "info",
}  # fmt: skip


def words() -> dict[str, dict[str, object]]:
    """Return the words under the names that the pages use."""
    return {
        "payment_states": dict(PAYMENT_STATES),
        "receipt_states": dict(RECEIPT_STATES),
        "refund_states": dict(REFUND_STATES),
        "correction_states": dict(CORRECTION_STATES),
        "causes": dict(REFUND_CAUSES),
        "clearings": dict(CLEARINGS),
        "kinds": dict(KINDS),
    }


def known_clearing(asked: str | None) -> str:
    """Return where money is asked for by a list's filter; ``""`` for anywhere."""
    return asked if asked in CLEARINGS else ""
