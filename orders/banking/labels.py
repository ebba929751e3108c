"""Words for lines, rules, reasons and rows, and the colour that goes with each state."""

from __future__ import annotations

from shop.i18n import lazy

LINE_STATES = {
    "unmatched": lazy("未匹配"), "suggested": lazy("待选择"), "matched": lazy("已匹配"), "claimed": lazy("认领待确认"),
    "returned": lazy("已退回"), "ignored": lazy("非货款"),
}  # fmt: skip
RULES = {
    "serial": lazy("与已登记的到账流水号相同"), "code": lazy("附言中的付款识别码"), "announcement": lazy("付款预告"),
    "payer": lazy("付款人和金额"), "invoice": lazy("附言中的发票号"), "amount": lazy("金额相同"), "hand": lazy("人工选择"),
    "claim": lazy("认领"), "refund": lazy("退款"), "refund_serial": lazy("退款流水号"), "refund_payer": lazy("退款金额和收款人"),
    "return": lazy("错款退回"), "provider_payout": lazy("支付机构提现"), "payout": lazy("付供应商"),
    "payout_return": lazy("付供应商后退汇"), "refund_file": lazy("退款文件"), "repayment": lazy("供应商退还多付款"),
    "split": lazy("主账户划拨子账户"), "split_return": lazy("划拨退回"),
}  # fmt: skip
REASONS = {
    "payer_unknown": lazy("没有付款识别码，也不认识付款人"), "payer_of_several": lazy("几个采购单位用过这个付款人名称"),
    "treasury_without_remark": lazy("国库集中支付，附言中没有识别码"), "no_code_no_amount": lazy("付款人已知，但没有这个金额的未付订单"),
    "nothing_open": lazy("付款人已知，但没有未付订单"), "amount_matches_several": lazy("金额与几个订单都相符"),
    "announced_several": lazy("几份付款预告都相符"), "several_buyers": lazy("识别码属于几个采购单位"),
    "several_payees": lazy("识别码中有其他供应商的订单"), "unclear_split": lazy("付给几个供应商，金额不等于合计"),
    "rules_disagree": lazy("金额与发票号指向不同订单"), "paid_already": lazy("订单已付清或已有到账待确认"),
    "order_not_payable": lazy("订单还没有确认，或已取消"), "wrong_payee": lazy("付错收款人：应原路退回"),
    "duplicate": lazy("流水号已登记过，金额不同或已用于另一笔"), "below_zero": lazy("冲正"), "transfer_returned": lazy("银行退汇"),
    "refund_likely": lazy("可能是退款或错款退回"), "outgoing_unknown": lazy("支出，没有对应的退款"),
    "receipt_refused": lazy("到账登记被退回"), "receipt_reversed": lazy("到账已冲正"), "claim_refused": lazy("认领被退回"),
    "claim_withdrawn": lazy("认领已撤回"), "refund_refused": lazy("退款登记被退回"),
    "refund_elsewhere": lazy("登记的退款付给了别人，不是原付款人"),
    "mark_taken_off": lazy("错款标记已撤销，待重新匹配"),
}  # fmt: skip
OUTCOMES = {
    "added": lazy("新导入"), "known": lazy("已有"), "unreadable": lazy("读不出来"), "other_facts": lazy("流水号重复但内容不同"),
}  # fmt: skip
CLAIM_STATES = {
    "claimed": lazy("待收款方确认"),
    "confirmed": lazy("已确认"),
    "refused": lazy("已退回"),
    "withdrawn": lazy("已撤回"),
}
ENTRY_STATES = {"entered": lazy("待第二人确认"), "confirmed": lazy("已确认"), "refused": lazy("已退回")}
FACTS = {
    "day": lazy("日期列"), "credit": lazy("收入（贷方）列"), "debit": lazy("支出（借方）列"), "amount": lazy("金额列"),
    "flag": lazy("借贷标志列"), "serial": lazy("流水号列"), "name": lazy("对方户名列"), "account": lazy("对方账号列"),
    "payer_name": lazy("付款人名称列"), "payer_account": lazy("付款人账号列"), "payee_name": lazy("收款人名称列"),
    "payee_account": lazy("收款人账号列"), "balance": lazy("余额列"),
}  # fmt: skip
KINDS = {
    "unmatched": "bad", "suggested": "wait", "matched": "good", "claimed": "wait", "returned": "info", "ignored": "",
    "confirmed": "good", "refused": "bad", "entered": "wait",
}  # fmt: skip


def words() -> dict[str, dict[str, object]]:
    """Return the words under the names that the pages use."""
    return {
        "line_states": dict(LINE_STATES), "rules": dict(RULES), "reasons": dict(REASONS), "outcomes": dict(OUTCOMES),
        "claim_states": dict(CLAIM_STATES), "entry_states": dict(ENTRY_STATES), "kinds": dict(KINDS),
    }  # fmt: skip
