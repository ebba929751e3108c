"""Who of the buyer's side may sign a contract: not alone who asked for the approval, where it became dearer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from orders.contracts.differences import goods_today_fen
from orders.purchase.buyers import find_submitter
from orders.purchase.models import Order, Procurement
from shop import money
from shop.auth import Actor
from shop.db import db
from shop.errors import Forbidden
from shop.i18n import _
from shop.identity.holders import list_holders


class DearerThanApproved(Forbidden):
    """Who asked for the approval does not sign for more than was approved; ``approved`` and ``today`` name both sums."""

    code = "dearer-than-approved"


def find_dearer(order: Order, actor: Actor) -> DearerThanApproved | None:
    """Return why the actor, of the buyer's side, does not sign this order's contract alone; ``None`` if they may."""
    procurement = db.session.get_one(Procurement, order.procurement_id)
    approved = procurement.approved_fen
    if approved is None or actor.user_id not in (procurement.created_by, find_submitter(procurement.id)):
        return None
    today = goods_today_fen(procurement.id)
    if today <= approved:
        return None
    detail = _(
        "供应商确认后商品合计 %(today)s 元，高于审批通过的 %(approved)s 元，请由提交人以外的同事签署。",
        today=money.show_yuan(today), approved=money.show_yuan(approved),
    )  # fmt: skip
    return DearerThanApproved(detail, approved=money.as_json(approved), today=money.as_json(today))


def who_signs(order: Order, actor: Actor, on: date) -> tuple[DearerThanApproved | None, Sequence[str]]:
    """Return why the actor does not sign alone, and the names of the colleagues who can on a day; ``None``: they may."""
    dearer = find_dearer(order, actor)
    if dearer is None:
        return None, ()
    procurement = db.session.get_one(Procurement, order.procurement_id)
    asked = (procurement.created_by, find_submitter(procurement.id))
    return dearer, list_holders(actor.organisation_id, "contracts:sign", on, but=asked)
