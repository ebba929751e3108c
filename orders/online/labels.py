"""Words for payments by card, disputes and accounts."""

from __future__ import annotations

from typing import Any

from shop.i18n import lazy, mark

MODES = {
    "element": lazy("在本页付款"),
    "checkout": lazy("到支付页面付款"),
    "invoice": lazy("按支付机构账单付款"),
}
STATES = {
    "creating": lazy("正在准备"), "open": lazy("待付款"), "processing": lazy("处理中"), "succeeded": lazy("已付款"),
    "cancelled": lazy("已放弃"), "failed": lazy("未能发起"),
}  # fmt: skip
ACCOUNT_STATES = {
    "creating": lazy("正在开通"), "onboarding": lazy("待补充资料"), "active": lazy("可以收款"),
    "restricted": lazy("收款受限"),
}  # fmt: skip
DISPUTE_STATES = {"open": lazy("争议中"), "won": lazy("已胜诉"), "lost": lazy("已败诉")}
KINDS = {
    "creating": "wait", "open": "wait", "processing": "wait", "succeeded": "good", "cancelled": "", "failed": "bad",
    "onboarding": "wait", "active": "good", "restricted": "bad", "won": "good", "lost": "bad",
    "pending": "wait", "done": "good",
}  # fmt: skip
#: Why a payer's bank takes money back, by the provider's words.
DISPUTE_REASONS = {
    "fraudulent": lazy("非本人交易"), "product_not_received": lazy("没有收到货"), "product_unacceptable": lazy("货不对板或质量不符"),
    "duplicate": lazy("重复扣款"), "credit_not_processed": lazy("没有退款"), "unrecognized": lazy("不认得这笔交易"),
    "subscription_canceled": lazy("订阅已取消"), "insufficient_funds": lazy("余额不足"), "general": lazy("其他原因"),
    "bank_cannot_process": lazy("银行无法处理"), "debit_not_authorized": lazy("扣款未经授权"),
    "customer_initiated": lazy("付款人撤回"), "incorrect_account_details": lazy("账户资料有误"),
}  # fmt: skip
CALL_STATES = {"pending": lazy("等待中"), "failed": lazy("被拒绝")}
OUTCOMES = {
    "": lazy("未处理"), "applied": lazy("已入账"), "nothing_new": lazy("无变化"), "fetch": lazy("已去查询"),
    "unknown_type": lazy("不处理的类型"), "unknown_object": lazy("不是本平台的"),
    "other_account": lazy("供应商自己账户的"),
}  # fmt: skip
#: What the provider asks for, by the words that its names of it contain; the first that is found.
REQUIREMENTS = {
    "registered_name": lazy("公司注册名称"), "id_number": lazy("公司注册号或证件号码"), "registration": lazy("公司注册资料"),
    "address": lazy("地址"), "phone": lazy("电话"), "email": lazy("邮箱"), "representative": lazy("法定代表人资料"),
    "person": lazy("相关人员资料"), "owner": lazy("股东资料"), "director": lazy("董事资料"), "document": lazy("证明文件"),
    "outbound_destination": lazy("收款银行账户"), "external_account": lazy("收款银行账户"), "attestation": lazy("声明确认"),
    "tos_acceptance": lazy("同意服务条款"),
}  # fmt: skip


def requirement_label(name: str) -> str:
    """Return what the provider asks for in words, with its own name of it, which its support understands."""
    found = next((label for part, label in REQUIREMENTS.items() if part in name), None)
    return f"{found}{mark('(')}{name}{mark(')')}" if found else name


def words() -> dict[str, Any]:
    """Return what the templates say."""
    return {
        "modes": MODES, "states": STATES, "account_states": ACCOUNT_STATES, "dispute_states": DISPUTE_STATES,
        "kinds": KINDS, "call_states": CALL_STATES, "outcomes": OUTCOMES, "requirement_label": requirement_label,
        "dispute_reasons": DISPUTE_REASONS,
    }  # fmt: skip
