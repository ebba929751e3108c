"""Who is told of a recall: who got the goods, whose goods they are, who watches over them."""

from __future__ import annotations

from typing import Any

from shop.i18n import lazy
from shop.notices.rules import BUYERS, SELLERS, NoticeRule

_ANNOUNCED = lazy("%(producer)s 的“%(product)s”批次 %(code)s 被召回：%(reason)s。请查看通知和处理情况。")
_OVERDUE = lazy(
    "“%(product)s”批次 %(code)s 的召回期限 %(due_on)s 已过，还有 %(consignees)s 家单位的货物没有退回或处理完毕。"
)
_LIFTED = lazy("“%(product)s”批次 %(code)s 的召回已撤回：%(reason)s。")


def _for(topic: str, kind: str, sentence: Any, audience: tuple[str, ...], desk: str, **more: str) -> NoticeRule:
    permission = {"desk": "goods:accept", "producer": "lots:recall"}.get(desk, "trace:read")
    return NoticeRule(
        f"traceability.{topic}", kind, permission, sentence, audience, f"/{desk}/recalls/{{recall_id}}", **more
    )


RULES = (
    _for("recall_reached", "recall_reached",
         lazy("请立即停用：订单 %(number)s 收到的“%(product)s”批次 %(code)s 被召回，原因：%(reason)s。请单独存放并登记数量。"),
         BUYERS, "desk"),
    _for("recall_announced", "recall_announced_seller", _ANNOUNCED, SELLERS, "producer", once_per="recall_id", but="by"),
    _for("recall_announced", "recall_announced_official", _ANNOUNCED, ("authority",), "official", once_per="recall_id"),
    _for("recall_announced", "recall_announced_operator", _ANNOUNCED, ("operator",), "operator", once_per="recall_id", but="by"),
    _for("recall_lifted", "recall_lifted_buyer", _LIFTED, BUYERS, "desk"),
    _for("recall_lifted", "recall_lifted_seller", _LIFTED, SELLERS, "producer"),
    _for("recall_lifted", "recall_lifted_official", _LIFTED, ("authority",), "official"),
    _for("recall_lifted", "recall_lifted_operator", _LIFTED, ("operator",), "operator"),
    _for("recall_answered", "recall_answered", lazy("%(consignee)s 已登记召回批次 %(codes)s 的处理数量。"), SELLERS, "producer"),
    _for("recall_unanswered", "recall_unanswered",
         lazy("“%(product)s”批次 %(code)s 的召回还没有登记处理数量，货物须在 %(due_on)s 前退回或处理完毕。"), BUYERS, "desk"),
    _for("recall_overdue", "recall_overdue_seller", _OVERDUE, SELLERS, "producer"),
    _for("recall_overdue", "recall_overdue_operator", _OVERDUE, ("operator",), "operator"),
)  # fmt: skip
