"""Words for complaints: what is wrong, how they stand, what was done."""

from __future__ import annotations

from shop.i18n import lazy

KINDS = {
    "mislabelled": lazy("与标签不符"),
    "quality": lazy("质量问题"),
    "expired": lazy("已过保质期"),
    "forged": lazy("疑似假冒"),
    "other": lazy("其他"),
}
STATES = {
    "received": lazy("已收到"),
    "investigating": lazy("正在核查"),
    "answered": lazy("已答复"),
    "closed": lazy("已办结"),
}
STATE_KINDS = {"received": "bad", "investigating": "wait", "answered": "good", "closed": ""}
EVENTS = {
    "received": lazy("收到投诉"),
    "taken": lazy("开始核查"),
    "responded": lazy("供应商说明"),
    "answered": lazy("答复"),
    "closed": lazy("办结"),
    "contact_erased": lazy("删除联系方式"),
}
WORDS = {"kinds": KINDS, "states": STATES, "state_kinds": STATE_KINDS, "events": EVENTS}
