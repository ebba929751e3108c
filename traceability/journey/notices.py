"""Who is told that a recall reaches goods of others."""

from __future__ import annotations

from shop.i18n import lazy
from shop.notices.rules import NoticeRule

RULES = (
    NoticeRule(
        "traceability.recall_reaches_others", "recall_reaches_others", "lots:recall",
        lazy("批次 %(code)s 已召回，其他生产者有 %(count)s 个批次由它制成，请核对后一并召回。"), ("operator",),
        "/operator/lots/{lot_id}/recipients", once_per="reach",
    ),
)  # fmt: skip
