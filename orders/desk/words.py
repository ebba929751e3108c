"""What templates of the desks need beside their own values: names of states, codes and kinds."""

from __future__ import annotations

from typing import Any

from catalog.shopfront import labels as labels_of_papers
from orders.desk.steps import STAGES, stage_of
from orders.purchase import labels
from orders.purchase.listing import APPROVALS
from shop.auth import Actor
from shop.i18n import lazy

#: How a state looks: ``good``, ``wait``, ``bad`` or ``info``.
KINDS = {
    "draft": "info", "submitted": "wait", "placed": "info", "completed": "good", "cancelled": "bad",
    "awaiting_confirmation": "wait", "confirmed": "info", "part_shipped": "wait", "shipped": "info", "declined": "bad",
    "lapsed": "bad", "closed_short": "info", "offered": "wait", "signed_by_producer": "wait", "signed": "good",
    "pending": "wait", "approved": "good", "rejected": "bad", "void": "bad", "none": "info", "recorded": "wait",
    "checked": "good", "refused": "bad", "requested": "wait",
}  # fmt: skip
PAYMENT_STATES = {
    "unpaid": lazy("未付款"),
    "part_paid": lazy("部分付款"),
    "paid": lazy("已付清"),
    "overpaid": lazy("多付"),
    "part_refunded": lazy("部分退款"),
    "refunded": lazy("已退款"),
}
SIDES = {"buyer": lazy("采购单位"), "producer": lazy("供应商")}
SCHEMES = {**labels_of_papers.SCHEMES, **labels_of_papers.CERTIFICATES}
PAPERS = {
    "licence": lazy("证照"),
    "origin": lazy("承诺达标合格证或产地证明"),
    "test": lazy("检测报告"),
    "quarantine": lazy("动物检疫合格证明"),
    "meat_quality": lazy("肉品品质检验合格证"),
    "delivery_note": lazy("送货单"),
    "invoice": lazy("发票"),
    "photo": lazy("照片"),
    "other": lazy("其他"),
}
REASONS = {"buyer_not_verified": lazy("采购单位未认证")}


def words() -> dict[str, Any]:
    """Return the names for a template."""
    return {
        "STATES": labels.STATES, "KINDS": KINDS, "UNITS": labels_of_papers.UNITS, "FUNDS": labels.FUND_SOURCES,
        "MODES": labels.MODES, "PAYMENT_MODES": labels.PAYMENT_MODES, "PARTNERS": labels.PARTNER_LEVELS,
        "TAX": labels.TAX_RATES, "PAYMENT_STATES": PAYMENT_STATES, "SIDES": SIDES, "SCHEMES": SCHEMES,
        "PAPERS": PAPERS, "REASONS": REASONS, "STAGES": STAGES, "stage_of": stage_of,
    }  # fmt: skip


def procurement_states(actor: Actor) -> list[tuple[str, Any]]:
    """Return what the list of procurements can be narrowed to; those to approve without the reader's own."""
    states, own = labels.STATES, [("to_approve", lazy("待我审批"))] if actor.may("procurements:approve") else []
    decided = [(code, states["approval"][code]) for code in APPROVALS]
    rest = [(code, text) for code, text in states["procurement"].items() if code not in ("draft", "submitted")]
    return [("draft", states["procurement"]["draft"]), *own, *decided, *rest]
