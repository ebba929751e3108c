"""What states, moves and codes are called, for people."""

from __future__ import annotations

from shop.i18n import lazy

STATES = {
    "procurement": {
        "draft": lazy("草稿"),
        "submitted": lazy("待审批"),
        "placed": lazy("已下单"),
        "completed": lazy("已办结"),
        "cancelled": lazy("已取消"),
    },
    "approval": {
        "none": lazy("未提交"),
        "pending": lazy("待审批"),
        "approved": lazy("已通过"),
        "rejected": lazy("已退回"),
        "void": lazy("已失效（内容有改动）"),
    },
    "order": {
        "awaiting_confirmation": lazy("待供应商确认"),
        "confirmed": lazy("供应商已确认"),
        "part_shipped": lazy("部分发货"),
        "shipped": lazy("已发货"),
        "declined": lazy("供应商已谢绝"),
        "lapsed": lazy("逾期未确认，已失效"),
        "cancelled": lazy("已取消"),
        "closed_short": lazy("少发结单"),
    },
    "contract": {
        "offered": lazy("待供应商签署"),
        "signed_by_producer": lazy("待采购单位签署"),
        "signed": lazy("双方已签署"),
        "declined": lazy("已拒签"),
        "lapsed": lazy("已失效"),
    },
    "invoice": {"recorded": lazy("待验票"), "checked": lazy("已验票"), "refused": lazy("已退票")},
    "receipt": {
        "recorded": lazy("待确认"),
        "confirmed": lazy("已确认"),
        "refused": lazy("已退回"),
        "reversed": lazy("已冲正"),
    },
    "receipt_correction": {
        "proposed": lazy("待第二人复核"),
        "confirmed": lazy("已更正"),
        "refused": lazy("已退回"),
        "withdrawn": lazy("已撤回"),
    },
    "refund": {
        "requested": lazy("待退款"),
        "recorded": lazy("已登记退款，待确认"),
        "sent": lazy("原路退回中"),
        "confirmed": lazy("已退款"),
        "refused": lazy("不予退款"),
    },
    "credit_refund": {
        "requested": lazy("待退款"),
        "recorded": lazy("已登记退款，待确认"),
        "confirmed": lazy("已退款"),
        "refused": lazy("不予退款"),
    },
    "goods_return": {
        "requested": lazy("待供应商同意退货"),
        "offered": lazy("待采购单位同意退货"),
        "agreed": lazy("已同意，待寄回"),
        "sent": lazy("退货途中，待供应商收货"),
        "received": lazy("退货已收到"),
        "refused": lazy("不予退货"),
    },
    "payout": {
        "prepared": lazy("待复核放款"),
        "released": lazy("已复核，待付款"),
        "sent": lazy("付款中"),
        "paid": lazy("已付款"),
        "failed": lazy("付款失败"),
        "cancelled": lazy("已作废"),
        "returned": lazy("已退汇"),
    },
    "payout_return": {"recorded": lazy("待确认"), "confirmed": lazy("已确认"), "refused": lazy("不是退汇")},
    "split": {
        "prepared": lazy("待复核"),
        "released": lazy("已复核，待发送银行"),
        "sent": lazy("划拨中"),
        "done": lazy("已到子账户"),
        "failed": lazy("未划成"),
        "cancelled": lazy("已撤销"),
    },
    "exception": {"open": lazy("待处理"), "proposed": lazy("待第二人复核"), "closed": lazy("已办结")},
}

EVENTS = {
    ("procurement", "draft"): lazy("建立采购单"),
    ("procurement", "submit"): lazy("提交审批"),
    ("procurement", "place"): lazy("下单"),
    ("procurement", "reopen"): lazy("退回修改"),
    ("procurement", "cancel"): lazy("取消采购单"),
    ("procurement", "complete"): lazy("办结"),
    ("approval", "request"): lazy("提交审批"),
    ("approval", "pass"): lazy("本级审批通过"),
    ("approval", "approve"): lazy("同意采购"),
    ("approval", "reject"): lazy("退回采购单"),
    ("approval", "void"): lazy("审批失效"),
    ("order", "place"): lazy("下单"),
    ("order", "confirm"): lazy("确认订单"),
    ("order", "decline"): lazy("谢绝订单"),
    ("order", "lapse"): lazy("逾期失效"),
    ("order", "cancel"): lazy("取消订单"),
    ("order", "extend_payment"): lazy("延期付款"),
    ("order", "ship_part"): lazy("部分发货"),
    ("order", "ship_all"): lazy("发货"),
    ("order", "close_short"): lazy("少发结单"),
    ("contract", "offer"): lazy("拟定合同"),
    ("contract", "sign"): lazy("签署合同"),
    ("contract", "decline"): lazy("拒签合同"),
    ("contract", "lapse"): lazy("合同失效"),
    ("invoice", "record"): lazy("登记发票"),
    ("invoice", "check"): lazy("验票通过"),
    ("invoice", "refuse"): lazy("退票"),
    ("invoice", "withdraw"): lazy("撤回发票登记"),
    ("receipt", "record"): lazy("登记到账"),
    ("receipt", "take"): lazy("在线支付到账"),
    ("receipt", "confirm"): lazy("确认到账"),
    ("receipt", "refuse"): lazy("退回到账登记"),
    ("receipt", "withdraw"): lazy("撤回到账登记"),
    ("refund", "request"): lazy("申请退款"),
    ("refund", "record"): lazy("登记退款"),
    ("refund", "confirm"): lazy("确认退款"),
    ("refund", "refuse"): lazy("不予退款"),
    ("refund", "withdraw"): lazy("撤回退款申请"),
    ("credit_refund", "request"): lazy("申请退回余额"),
    ("credit_refund", "record"): lazy("登记退款"),
    ("credit_refund", "withdraw"): lazy("撤回退回申请"),
    ("credit_refund", "confirm"): lazy("确认退款"),
    ("credit_refund", "refuse"): lazy("不予退款"),
    ("refund", "lose"): lazy("支付争议败诉"),
    ("refund", "send"): lazy("原路退回"),
    ("refund", "fail"): lazy("原路退回失败"),
    ("refund", "bounce"): lazy("退款被退回"),
    ("refund", "attribute"): lazy("认定为手工退款"),
    ("goods_return", "request"): lazy("申请退货"),
    ("goods_return", "offer"): lazy("提出收回货物"),
    ("goods_return", "recall"): lazy("退回被召回的货物"),
    ("goods_return", "agree"): lazy("同意退货"),
    ("goods_return", "refuse"): lazy("不予退货"),
    ("goods_return", "withdraw"): lazy("撤回退货"),
    ("goods_return", "send"): lazy("寄回货物"),
    ("goods_return", "receive"): lazy("收到退货"),
    ("payout", "prepare"): lazy("制单"),
    ("payout", "release"): lazy("复核放款"),
    ("payout", "cancel"): lazy("作废"),
    ("payout", "send"): lazy("付款"),
    ("payout", "pay"): lazy("确认付款"),
    ("payout", "fail"): lazy("付款失败"),
    ("payout", "return"): lazy("银行退汇"),
    ("payout_return", "record"): lazy("登记退汇"),
    ("payout_return", "confirm"): lazy("确认退汇"),
    ("payout_return", "refuse"): lazy("退回退汇登记"),
    ("split", "prepare"): lazy("制单"),
    ("split", "release"): lazy("复核划拨"),
    ("split", "cancel"): lazy("撤销划拨"),
    ("split", "send"): lazy("发送银行"),
    ("split", "settle"): lazy("到子账户"),
    ("split", "fail"): lazy("未划成"),
    ("receipt", "reverse"): lazy("冲正"),
    ("receipt_correction", "propose"): lazy("提出更正"),
    ("receipt_correction", "agree"): lazy("复核同意"),
    ("receipt_correction", "refuse"): lazy("退回更正"),
    ("receipt_correction", "withdraw"): lazy("撤回更正"),
    ("exception", "open"): lazy("发现异常"),
    ("exception", "propose"): lazy("提出处理意见"),
    ("exception", "agree"): lazy("复核同意"),
    ("exception", "send_back"): lazy("退回处理意见"),
    ("exception", "restate"): lazy("差额有变化，重新处理"),
    ("exception", "settle"): lazy("自行补齐"),
}

PAYMENT_MODES = {"goods_first": lazy("先货后款"), "pay_first": lazy("先款后货")}
FUND_SOURCES = {
    "canteen": lazy("食堂"),
    "union": lazy("工会"),
    "personal": lazy("个人"),
    "other": lazy("其他"),
}
MODES = {"direct": lazy("直接采购"), "helped": lazy("帮助销售")}
PARTNER_LEVELS = {
    "own": lazy("本地对口县"),
    "province": lazy("本省对口地区"),
    "other_east": lazy("其他东部对口地区"),
    "elsewhere": lazy("其他脱贫县"),
}
TAX_RATES = {"exempt": lazy("免税"), "1": "1%", "3": "3%", "9": "9%", "13": "13%"}


def state_label(machine: str, state: str) -> str:
    """Return what a state is called."""
    return str(STATES.get(machine, {}).get(state, state))


def event_label(machine: str, event: str) -> str:
    """Return what a move is called, as a button says it."""
    return str(EVENTS.get((machine, event), event))
