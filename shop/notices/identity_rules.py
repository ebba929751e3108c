"""Who is told what about organisations; of another account that is to be paid to all members, and the operator, who may agree."""

from __future__ import annotations

from shop.i18n import lazy
from shop.notices.rules import BUYERS, SELLERS, NoticeRule

#: A right that every role of buyers and sellers has.
_EVERYBODY = "orders:read"
_MEMBERS = (*BUYERS, *SELLERS)

RULES = (
    NoticeRule("identity.account_change_asked", "account_change_asked", _EVERYBODY,
               lazy("有人申请把本单位收款账户改为尾号 %(tail)s 的账户。如不知情，请立即联系管理员退回。"),
               _MEMBERS, "/organisation"),
    NoticeRule("identity.account_change_asked", "account_change_to_decide", "organisations:verify",
               lazy("%(name)s申请改用尾号 %(tail)s 的收款账户，请经另行核实后确认或退回。"),
               ("operator",), "/operator/account-changes"),
    NoticeRule("identity.account_changed", "account_changed", _EVERYBODY,
               lazy("本单位收款账户改为尾号 %(tail)s 的账户，自 %(used_from)s 起启用。如有异议，请在此之前联系平台。"),
               _MEMBERS, "/organisation"),
    NoticeRule("identity.account_change_refused", "account_change_refused", _EVERYBODY,
               lazy("改用尾号 %(tail)s 收款账户的申请已退回，收款账户不变。"), _MEMBERS, "/organisation"),
    NoticeRule("identity.bank_account_closed", "bank_account_closed", _EVERYBODY,
               lazy("本单位尾号 %(tail)s 的银行账户已停用。如有误，可在银行账户页恢复使用。"), _MEMBERS, "/organisation"),
    NoticeRule("identity.bank_account_reopened", "bank_account_reopened", _EVERYBODY,
               lazy("本单位尾号 %(tail)s 的银行账户已恢复使用。如不知情，请立即联系管理员停用。"), _MEMBERS, "/organisation"),
)  # fmt: skip
