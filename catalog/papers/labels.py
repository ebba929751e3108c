"""What pages call states of papers, and what comes next."""

from __future__ import annotations

from shop.i18n import lazy

#: State on a day -> (word, what happens next, kind for the page).
PAPER_WORDS = {
    "pending": (lazy("待审核"), lazy("等待主管部门或平台审核"), "wait"),
    "in_force": (lazy("有效"), "", "good"),
    "not_yet": (lazy("尚未生效"), "", "wait"),
    "expired": (lazy("已到期"), lazy("请提交新的材料"), "bad"),
    "refused": (lazy("已退回"), lazy("请按原因修改后重新提交"), "bad"),
    "revoked": (lazy("已撤销"), "", "bad"),
    "annulled": (lazy("自始无效"), "", "bad"),
    "withdrawn": (lazy("已撤回"), "", ""),
}
KIND_WORDS = {"eligibility": lazy("帮扶产品认定"), "certificate": lazy("质量认证")}
STATUS_WORDS = {
    "pending": lazy("待审核"), "in_force": lazy("已通过"), "refused": lazy("已退回"), "revoked": lazy("已撤销"),
    "annulled": lazy("自始无效"), "withdrawn": lazy("已撤回"),
}  # fmt: skip
