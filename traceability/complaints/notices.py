"""Who is told that somebody complained."""

from __future__ import annotations

from shop.i18n import lazy
from shop.notices.rules import SELLERS, NoticeRule

RULES = (
    NoticeRule(
        "traceability.complaint_received", "complaint_received", "complaints:read",
        lazy("有消费者投诉批次 %(lot)s，请查看并说明情况。"), SELLERS, "/producer/complaints/{complaint_id}",
    ),
)  # fmt: skip
