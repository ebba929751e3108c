"""Who is told what about organisations."""

from __future__ import annotations

from shop.i18n import lazy
from shop.notices.rules import NoticeRule

RULES = (
    NoticeRule(
        "identity.organisation_corrected",
        "organisation_corrected",
        "organisation:manage",
        lazy("平台运营更正了贵单位的名称、信用代码或所在地:%(why)s。请核对。"),
        ("institution", "producer", "agent", "authority", "operator"),
        "/organisation",
    ),
)
