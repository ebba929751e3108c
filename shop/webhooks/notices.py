"""Who is told what about webhooks."""

from __future__ import annotations

from shop.i18n import lazy
from shop.notices.rules import NoticeRule

RULES = (
    NoticeRule(
        "webhooks.endpoint_disabled",
        "webhook_disabled",
        "webhooks:manage",
        lazy("推送地址 %(url)s 已自动停用，请检查后重新启用。"),
        ("institution", "producer", "agent", "authority", "operator"),
        "/account/webhooks/{endpoint_id}",
    ),
)
