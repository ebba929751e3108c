"""Conditions of moves beyond state and side: each returns why not, or ``None``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shop.i18n import _

Context = Mapping[str, Any]


def has_lines(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001  one signature for all guards
    """Ask for a line, and for somebody in the organisation who approves."""
    if not context.get("lines", 1):
        return _("采购单还没有商品，请先添加。")
    if not context.get("needs_approval", True):
        return _("本单位没有设审批人，可以直接下单。")
    return None


def needs_no_approval(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask that nobody in the organisation approves."""
    if context.get("needs_approval"):
        return _("本单位设有审批人，请先提交审批。")
    return None


def is_approved(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for an approval that stands."""
    return None if subject.approval == "approved" else _("还没有审批通过。")


def another_person_asked(subject: Any, actor: Any, context: Context) -> str | None:
    """Ask for another person than who made or submitted it."""
    if actor is not None and actor.user_id in (subject.created_by, context.get("submitted_by")):
        return _("提交人不能审批自己的采购单，请由另一位审批人办理。")
    return None


def may_decide(subject: Any, actor: Any, context: Context) -> str | None:
    """Ask for another person than who made or submitted it, or passed it at a level before; at a level with persons, one of these."""
    if actor is not None and actor.user_id in context.get("passed_by", ()):
        return _("您已在前一级审批，本级须由另一位审批人办理。")
    people = context.get("level_people")
    if actor is not None and people and actor.user_id not in people:
        return _("本级由 %(names)s 审批。", names="、".join(people.values()))
    return another_person_asked(subject, actor, context)


def all_resolved(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask that every order has ended and every shipped quantity is decided."""
    return None if context.get("all_resolved") else _("还有订单没有办完。")


def in_time(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask that the time to confirm is not over."""
    at: datetime = context["at"]
    return None if at < subject.confirm_by else _("确认期限已过，订单已失效。")


def out_of_time(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask that the time to confirm is over."""
    at: datetime = context["at"]
    return None if at >= subject.confirm_by else _("确认期限还没有到。")


def in_time_to_sign(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask that the time to sign is not over."""
    at: datetime = context["at"]
    return None if at < subject.sign_by else _("签署期限已过，合同已失效。")


def may_extend(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for pay-first, not yet paid, not extended before."""
    if subject.payment_mode != "pay_first" or subject.pay_extended or subject.pay_due_on is None:
        return _("只有先款后货的订单可以延期付款，且只能延期一次。")
    return _("订单已付清。") if _paid(subject) else None


def may_ship(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for a contract signed by both; for pay-first: paid in full."""
    if context.get("contract") != "signed":
        return _("合同双方签署后才能发货。")
    if subject.payment_mode == "pay_first" and not _paid(subject):
        return _("先款后货的订单付清后才能发货。")
    return None


def another_person_recorded(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for another person than who recorded it."""
    if actor is not None and actor.user_id == subject.recorded_by:
        return _("登记人不能确认自己登记的内容，请由另一位同事办理。")
    return None


def same_person_recorded(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for who recorded it."""
    if actor is None or actor.user_id != subject.recorded_by:
        return _("只有登记人可以撤回自己的登记；其他人请退回。")
    return None


def same_person_asked(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for who asked for it."""
    if actor is None or actor.user_id != subject.requested_by:
        return _("只有申请人可以撤回自己的申请。")
    return None


def payees_other_person(subject: Any, actor: Any, context: Context) -> str | None:
    """Ask for another person than who recorded it; of the producer's side where it is about the producer's own account."""
    clearing = context.get("clearing", getattr(subject, "clearing", ""))
    if actor is not None and actor.organisation_kind == "operator" and clearing == "direct":
        return _("直接付到供应商账户的款项由供应商确认。")
    return another_person_recorded(subject, actor, context)


def another_person_prepared(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for another person than who prepared it."""
    if actor is not None and actor.user_id == subject.prepared_by:
        return _("制单人不能复核放款，请由另一位同事办理。")
    return None


def another_person_doubted(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for another person than who said that the bank had not paid."""
    if actor is not None and actor.user_id == subject.doubted_by:
        return _("登记未付成的人不能自己复核，请由另一位同事办理。")
    return None


def another_person_proposed(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for another person than who proposed it."""
    if actor is not None and actor.user_id == subject.proposed_by:
        return _("提出处理意见的人不能自己复核，请由另一位同事办理。")
    return None


def another_person_entered(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for another person than who entered it."""
    if actor is not None and actor.user_id == subject.entered_by:
        return _("登记账户的人不能确认，请由另一位同事办理。")
    return None


def another_person_claimed(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for another person than who claimed it."""
    if actor is not None and actor.user_id == subject.claimed_by:
        return _("认领的人不能自己确认，请由另一位同事办理。")
    return None


def payees_other_proposer(subject: Any, actor: Any, context: Context) -> str | None:
    """Ask for another person than who proposed it; of the producer's side where it is about the producer's own account."""
    if actor is not None and actor.organisation_kind == "operator" and context.get("clearing") == "direct":
        return _("直接付到供应商账户的款项由供应商确认。")
    return another_person_proposed(subject, actor, context)


def same_person_proposed(subject: Any, actor: Any, context: Context) -> str | None:  # noqa: ARG001
    """Ask for who proposed it."""
    if actor is None or actor.user_id != subject.proposed_by:
        return _("只有提出人可以撤回自己的更正；其他人请退回。")
    return None


def _paid(subject: Any) -> bool:
    return bool(subject.received_fen - subject.refunded_fen - subject.held_fen >= subject.due_fen)
