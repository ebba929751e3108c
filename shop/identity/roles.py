"""Roles and what each may do when an installation is new; afterwards the table decides, edited by the operator."""

from __future__ import annotations

#: Permissions of identity itself, for the operator's page.
PERMISSIONS = {
    "organisation:read": "See the own organisation: profile, units, bank accounts and their changes",
    "organisation:manage": "Edit the own organisation: profile, units and their placements, bank accounts",
    "members:manage": "Invite and end members of the own organisation, grant and end their roles",
    "tokens:manage": "Issue and revoke API tokens of one's own membership",
    "organisations:verify": "See all organisations, register, verify and suspend them, appoint their first administrator",
    "permissions:edit": "Decide which role holds which permission",
}

#: What every member may: tokens need it as a scope.
_MEMBER = frozenset({"organisation:read", "notices:read", "files:read", "files:store"})
_DESK = {"organisation:manage", "members:manage", "tokens:manage", "webhooks:manage"}

_REQUESTER = {
    "basket:edit", "procurements:read", "procurements:create", "procurements:submit", "orders:read", "orders:cancel",
    "trace:read",
}  # fmt: skip
_APPROVER = {"procurements:read", "procurements:approve", "orders:read", "contracts:sign"}
_RECEIVER = {"orders:read", "goods:accept", "trace:capture", "trace:read"}
_BUYER_FINANCE = {
    "procurements:read", "orders:read", "invoices:check", "payments:read", "payments:announce", "payments:pay",
    "refunds:request", "totals:read", "filings:read",
}  # fmt: skip
_CLERK = {
    "catalogue:edit", "lots:edit", "papers:submit", "orders:read", "orders:confirm", "orders:cancel", "contracts:sign",
    "goods:ship", "filings:enter", "filings:read", "trace:capture", "trace:read", "complaints:read", "complaints:respond",
    "lots:recall",
}  # fmt: skip
_SELLER_FINANCE = {
    "orders:read", "invoices:record", "payments:read", "payments:record", "payments:confirm", "refunds:request",
    "refunds:record", "refunds:confirm", "payouts:read", "totals:read", "filings:read", "accounts:connect",
}  # fmt: skip
_VIEWER = {"totals:read", "orders:inspect", "filings:read", "trace:read", "complaints:read"}

_ROLES: tuple[tuple[str, str, str, str, frozenset[str]], ...] = (
    ("institution_requester", "institution", "采购经办", "Requester", frozenset(_REQUESTER)),
    ("institution_approver", "institution", "采购审批", "Approver", frozenset(_APPROVER)),
    ("institution_receiver", "institution", "验收", "Receiver", frozenset(_RECEIVER)),
    ("institution_finance", "institution", "财务", "Finance", frozenset(_BUYER_FINANCE)),
    (
        "institution_admin", "institution", "单位管理员", "Administrator",
        frozenset(_REQUESTER | _APPROVER | _RECEIVER | _BUYER_FINANCE | _DESK),
    ),
    ("producer_clerk", "producer", "业务经办", "Clerk", frozenset(_CLERK)),
    ("producer_finance", "producer", "财务", "Finance", frozenset(_SELLER_FINANCE)),
    ("producer_admin", "producer", "企业管理员", "Administrator", frozenset(_CLERK | _SELLER_FINANCE | _DESK)),
    ("agent_clerk", "agent", "业务经办", "Clerk", frozenset(_CLERK)),
    ("agent_finance", "agent", "财务", "Finance", frozenset(_SELLER_FINANCE)),
    ("agent_admin", "agent", "企业管理员", "Administrator", frozenset(_CLERK | _SELLER_FINANCE | _DESK)),
    ("authority_viewer", "authority", "查询", "Viewer", frozenset(_VIEWER)),
    ("authority_reviewer", "authority", "经办", "Reviewer", frozenset(_VIEWER | {"filings:enter", "papers:review", "complaints:handle"})),
    (
        "authority_confirmer", "authority", "确认", "Confirmer",
        frozenset(_VIEWER | _DESK | {"filings:confirm", "papers:decide", "complaints:handle"}),
    ),
    (
        "operator_reviewer", "operator", "审核", "Reviewer",
        frozenset({
            "papers:review", "orders:inspect", "totals:read", "filings:read", "organisations:verify", "outbox:manage",
            "provider:manage", "trace:read", "complaints:read", "complaints:handle", "lots:recall",
        }),
    ),
    (
        "operator_finance", "operator", "财务", "Finance",
        frozenset({
            "payments:read", "payments:record", "refunds:request", "refunds:record", "orders:inspect", "totals:read",
            "filings:read", "exceptions:read", "exceptions:propose", "banking:manage", "provider:manage", "disputes:answer",
            "payouts:read", "payouts:prepare", "fees:edit", "taxes:read", "taxes:report",
        }),
    ),
    (
        "operator_confirmer", "operator", "复核", "Confirmer",
        frozenset({
            "payments:read", "payments:confirm", "refunds:confirm", "papers:decide", "filings:confirm", "filings:read",
            "permissions:edit", "organisations:verify", "orders:inspect", "totals:read", "exceptions:read",
            "exceptions:agree", "banking:manage", "payouts:read", "payouts:release", "fees:confirm", "taxes:read", "trace:read",
            "complaints:read", "complaints:handle", "lots:recall", *_DESK,
        }),
    ),
    (
        "operator_auditor", "operator", "审计", "Auditor",
        frozenset({
            "audit:read", "orders:inspect", "totals:read", "filings:read", "payments:read", "exceptions:read", "payouts:read",
            "taxes:read", "trace:read", "complaints:read",
        }),
    ),
)  # fmt: skip

#: (code, kind of organisation, Chinese name, English name, permissions)
ROLES = tuple((*names, held | _MEMBER) for *names, held in _ROLES)

#: The role that may do all in each kind; the first member of an organisation gets it.
ADMIN_ROLE = {
    "institution": "institution_admin",
    "producer": "producer_admin",
    "agent": "agent_admin",
    "authority": "authority_confirmer",
    "operator": "operator_confirmer",
}
