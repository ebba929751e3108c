"""What an exception means to a producer or a buyer whose order it is about, in plain words."""

from __future__ import annotations

from shop.i18n import lazy

#: Why the platform looks into it, and what it means for the producer's money.
FOR_PRODUCERS = {
    "other_currency": lazy("这笔在线支付不是以人民币结算的，平台正在核对折算后的货款。"),
    "reversal_failed": lazy("退款后应从您的支付账户收回的款项没有收回，将从下次付款中扣回。"),
    "transfer_failed": lazy("转给您的货款没有成功，款项仍属于您，平台查明后再付。"),
    "payout_failed": lazy("付给您的货款没有成功，款项仍属于您，请核对收款账户。"),
    "payout_not_executed": lazy("付给您的货款已发送银行，还没有看到银行付出，平台正在向银行查询。"),
    "payout_paid_twice": lazy("同一笔货款付了两次，多付的部分将从下次付款中扣回，也可以主动退还。"),
    "refund_failed": lazy("退给采购单位的款项没有退成，平台正在重新办理。"),
    "unknown_refund": lazy("支付机构退了一笔款，平台正在核对是哪张订单的退款。"),
    "dispute_not_held": lazy("付款人提出争议的款项已经退还，平台正在与支付机构核对。"),
    "dispute_turned": lazy("已结案的付款争议又有变化，平台正在核对。"),
}
#: The same for who paid the order.
FOR_BUYERS = {
    "other_currency": lazy("您的在线支付不是以人民币结算的，平台正在核对金额。"),
    "refund_failed": lazy("退给您的款项没有退成，款项仍为您保留，平台正在重新办理。"),
    "unknown_refund": lazy("支付机构退给您一笔款，平台正在核对是哪张订单的退款。"),
    "unknown_charge": lazy("支付机构收到一笔付款，平台正在核对是哪张订单的付款。"),
    "dispute_not_held": lazy("您提出争议的款项已经退还，平台正在与支付机构核对。"),
    "dispute_turned": lazy("已结案的付款争议又有变化，平台正在核对。"),
    "amount_differs": lazy("这笔款项的金额与账上不同，平台正在核对。"),
    "not_in_books": lazy("银行或支付机构有一笔款项账上没有，平台正在核对。"),
    "not_at_provider": lazy("账上有一笔款项银行或支付机构还没有，平台正在核对。"),
}
_OTHERWISE = lazy("这笔款项与平台账上还对不上，平台正在核对。")
STATES = {"open": lazy("平台核对中"), "proposed": lazy("平台复核中"), "closed": lazy("已办结")}
#: How it ended.
ENDS = {
    "note": lazy("已查明，账目不变"), "posting": lazy("已查明并入账"), "refund": lazy("已认定为订单退款"),
    "settled": lazy("已对上"),
}  # fmt: skip


def meaning(kind: str, *, is_buyer: bool) -> str:
    """Return what an exception of a kind means to a buyer, or to a producer."""
    return str((FOR_BUYERS if is_buyer else FOR_PRODUCERS).get(kind, _OTHERWISE))
