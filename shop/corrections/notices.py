"""Who is told of corrections."""

from __future__ import annotations

from shop.i18n import lazy
from shop.notices.rules import NoticeRule

_LIST = "/operator/organisation-corrections"

RULES = (
    NoticeRule(
        "identity.organisation_corrected", "organisation_corrected", "organisation:manage",
        lazy("平台运营更正了贵单位的登记信息：%(why)s。请核对。"),
        ("institution", "producer", "agent", "authority", "operator"), "/organisation/corrections",
    ),
    NoticeRule(
        "identity.correction_proposed", "correction_proposed", "organisations:verify",
        lazy("有人提出更正“%(name)s”的登记信息，请核对凭证后确认或退回。"), ("operator",), _LIST, but="by",
    ),
    NoticeRule(
        "identity.correction_refused", "correction_refused", "organisations:verify",
        lazy("“%(name)s”登记信息的更正已退回：%(why)s。"), ("operator",), f"{_LIST}?status=refused", but="by",
    ),
)  # fmt: skip
