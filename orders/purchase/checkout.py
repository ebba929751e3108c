"""Placing a procurement: a draft that may be, or everything in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from uuid6 import uuid7

from orders.purchase import machine, numbers
from orders.purchase.buyers import Buyer, NoCountingRule, ask_for_buyer, get_buyer_and_keys
from orders.purchase.freezing import PlacedOrder, Placing
from orders.purchase.models import Procurement
from orders.purchase.placing import CONFIRM_WITHIN, move_row, place_orders, refuse_lines
from orders.purchase.pricing import PricedLine, Wanted, price_lines
from orders.purchase.procurements import (
    HEAD_COLUMNS,
    ProcurementHead,
    is_above_approved,
    lock_procurement,
    look_at,
    total_of,
)
from shop import clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.identity.models import User


class AboveApproved(Conflict):
    """The procurement costs more today than was approved; ``approved`` and ``today`` name both. Submit it again."""

    code = "above-approved"


@dataclass(frozen=True, slots=True)
class Placed:
    """A procurement that was just placed, as it was frozen."""

    procurement_id: int
    public_id: UUID
    number: str
    head: ProcurementHead
    buyer: Buyer
    placed_at: datetime
    orders: Sequence[PlacedOrder]
    approval: str = "none"
    approved_fen: int | None = None
    version: int = 1
    created_at: datetime | None = None
    #: Who drew it up, where that is another than who places it.
    created_by: str = ""


def create_and_place(
    head: ProcurementHead,
    lines: Sequence[Wanted],
    *,
    actor: Actor,
    at: datetime,
    confirm_within: timedelta = CONFIRM_WITHIN,
) -> Placed:
    """Place a procurement in one step: no draft is kept, everything is written at once or not at all.

    :raises WrongState: if the organisation has approvers; then submit it instead.
    :raises BudgetMissing: if it must say whose budget and which fund pays.
    :raises LinesRefused, OutOfStock: as :func:`~orders.purchase.placing.place_orders`.
    """
    actor.require("procurements:create")
    on = clock.business_day(at)
    asked = ask_for_buyer(actor, on, unit=head.unit_id, lines=len(lines), new_procurement=True)
    priced = price_lines(lines, on, check_stock=False)
    buyer, keys = asked.answer()
    draft = Procurement(status="draft", approval="none", organisation_id=actor.organisation_id)
    machine.check("procurement", draft, "place", actor=actor, at=at, context={"needs_approval": buyer.needs_approval})
    buyer.require_budget(head.fund_source)
    _refuse(priced, buyer)
    key = int(keys.procurement or 0)
    what = Placing(key, numbers.make_number("DK", on, key), uuid7(), head.fund_source, head.payment_mode, "shop")
    rows = _rows(head, what, priced)
    orders = place_orders(what, priced, buyer, keys=keys, actor=actor, at=at, confirm_within=confirm_within, rows=rows)
    return Placed(key, what.public_id, what.number, head, buyer, at, orders)


def _rows(head: ProcurementHead, what: Placing, priced: Sequence[PricedLine]) -> dict[str, Sequence[dict[str, Any]]]:
    """Return what a procurement that is placed at once is written with: itself, what was wanted, its two moves."""
    row = {name: getattr(head, name) for name in HEAD_COLUMNS} | {
        "id": what.procurement_id, "public_id": what.public_id, "number": what.number,
    }  # fmt: skip
    return {
        "procurements": [row],
        "wanted": [
            {"listing_id": line.offer.listing_id, "position": n, "quantity": line.wanted.quantity}
            for n, line in enumerate(priced, 1)
            if line.offer
        ],
        "moves": [
            move_row("procurement", what.procurement_id, "draft", "draft"),
            move_row("procurement", what.procurement_id, "place", "placed", from_state="draft"),
        ],
    }


def place_procurement(
    public_id: UUID, *, actor: Actor, at: datetime, confirm_within: timedelta = CONFIRM_WITHIN
) -> Placed:
    """Place an approved procurement, or a draft where nobody approves; prices and eligibility are today's.

    :raises WrongState: if it is not approved.
    :raises AboveApproved: if it has become dearer than what was approved.
    :raises BudgetMissing, LinesRefused, OutOfStock: and nothing has changed.
    """
    procurement = lock_procurement(public_id, actor)
    buyer, priced = look_at(procurement, actor, at, check_stock=False)
    context = {"needs_approval": buyer.needs_approval}
    machine.move("procurement", procurement, "place", actor=actor, at=at, context=context)
    buyer.require_budget(procurement.fund_source)
    _refuse(priced, buyer)
    _refuse_above_approved(procurement, total_of(priced))
    procurement.placed_at = at
    db.session.flush()  # its new state is written before its orders are
    what = Placing(
        procurement.id, procurement.number, procurement.public_id, procurement.fund_source, procurement.payment_mode,
        procurement.channel,
    )  # fmt: skip
    keys = get_buyer_and_keys(actor, clock.business_day(at), lines=len(priced))[1]
    orders = place_orders(what, priced, buyer, keys=keys, actor=actor, at=at, confirm_within=confirm_within)
    head = ProcurementHead(unit_id=buyer.unit_public_id, **{name: getattr(procurement, name) for name in HEAD_COLUMNS})
    creator = db.session.get(User, procurement.created_by)
    return Placed(
        procurement.id,
        procurement.public_id,
        procurement.number,
        head,
        buyer,
        at,
        orders,
        approval=procurement.approval,
        approved_fen=procurement.approved_fen,
        version=procurement.version,
        created_at=procurement.created_at,
        created_by=creator.name if creator else "",
    )


def _refuse_above_approved(procurement: Procurement, today: int) -> None:
    approved = procurement.approved_fen
    if approved is not None and is_above_approved(procurement, today):
        detail = _(
            "今日合计 %(today)s 元，高于审批通过的 %(approved)s 元，请重新提交审批。",
            today=money.show_yuan(today), approved=money.show_yuan(approved),
        )  # fmt: skip
        raise AboveApproved(detail, approved=money.as_json(approved), today=money.as_json(today))


def _refuse(priced: Sequence[PricedLine], buyer: Buyer) -> None:
    refuse_lines(priced)
    if buyer.rule_version is None:
        raise NoCountingRule(_("今日没有生效的计算规则，不能下单。"))
