"""What is told about a procurement: its head, its lines at today's prices, its orders, the moves that are possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from orders.purchase import approval_steps, machine
from orders.purchase.answers import Named, OrderAnswer, order_answers, placed_answers
from orders.purchase.approval_steps import Step
from orders.purchase.buyers import Buyer, find_rejection, get_buyer
from orders.purchase.checkout import Placed
from orders.purchase.models import Order, Procurement
from orders.purchase.pricing import PricedLine, price_lines
from orders.purchase.procurements import NoSuchProcurement, is_above_approved, total_of, wanted_lines
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.i18n import _
from shop.identity.models import User


@dataclass(frozen=True, slots=True)
class ProcurementAnswer:
    """A procurement; ``lines`` until it is placed and when it was cancelled, ``orders`` afterwards."""

    id: UUID
    number: str
    status: str
    approval: str
    payment_mode: str
    unit: Named | None
    fund_source: str | None
    title: str
    note: str
    consignee: str
    consignee_phone: str
    delivery_address: str
    deliver_by: date | None
    created_by: str
    created_at: datetime
    placed_at: datetime | None
    version: int
    total_fen: int
    #: The most that may be placed while the approval stands.
    approved_fen: int | None
    #: It has become dearer than that: it must be submitted again.
    is_above_approved: bool
    lines: Sequence[PricedLine]
    orders: Sequence[OrderAnswer]
    #: Events of the machines ``procurement`` and ``approval`` that this actor can make now.
    possible: Sequence[str]
    needs_approval: bool
    #: Who sent it back last and why, until it is submitted again.
    rejection: tuple[str, str] | None = None
    #: The levels that it goes through while it waits, where the institution has levels.
    approval_steps: Sequence[Step] = ()


def placed_procurement(placed: Placed, actor: Actor) -> ProcurementAnswer:
    """Return a procurement that was just placed, from memory."""
    head, orders = placed.head, placed_answers(placed)
    return ProcurementAnswer(
        id=placed.public_id,
        number=placed.number,
        status="placed",
        approval=placed.approval,
        payment_mode=head.payment_mode,
        unit=_unit(placed.buyer),
        fund_source=head.fund_source,
        title=head.title,
        note=head.note,
        consignee=head.consignee,
        consignee_phone=head.consignee_phone,
        delivery_address=head.delivery_address,
        deliver_by=head.deliver_by,
        created_by=placed.created_by or actor.user_name,
        created_at=placed.created_at or placed.placed_at,
        placed_at=placed.placed_at,
        version=placed.version,
        total_fen=sum(order.total_fen for order in orders),
        approved_fen=placed.approved_fen,
        is_above_approved=False,
        lines=(),
        orders=orders,
        possible=(),
        needs_approval=placed.buyer.needs_approval,
    )


def get_procurement(public_id: UUID, actor: Actor, at: datetime) -> ProcurementAnswer:
    """Return a procurement of the actor's organisation.

    :raises NoSuchProcurement: if there is none.
    """
    found = db.session.scalars(
        select(Procurement).where(
            Procurement.public_id == public_id, Procurement.organisation_id == actor.organisation_id
        )
    ).one_or_none()
    if found is None:
        raise NoSuchProcurement(_("没有这张采购单。"))
    return procurement_answer(found, actor, at)


def procurement_answer(procurement: Procurement, actor: Actor, at: datetime) -> ProcurementAnswer:
    """Return what is told about a procurement: its lines at the day's prices, or its orders."""
    db.session.flush()  # its version and what was just changed
    on = clock.business_day(at)
    buyer = get_buyer(actor, on, unit_key=procurement.unit_id)
    is_open = procurement.status in ("draft", "submitted")
    has_lines = is_open or procurement.status == "cancelled"
    lines = price_lines(wanted_lines(procurement.id), on, check_stock=is_open) if has_lines else []
    orders = [] if has_lines else order_answers(_order_keys(procurement.id))
    creator = db.session.get(User, procurement.created_by)
    today = total_of(lines) if has_lines else sum(order.total_fen for order in orders)
    return ProcurementAnswer(
        id=procurement.public_id,
        number=procurement.number,
        status=procurement.status,
        approval=procurement.approval,
        payment_mode=procurement.payment_mode,
        unit=_unit(buyer),
        fund_source=procurement.fund_source,
        title=procurement.title,
        note=procurement.note,
        consignee=procurement.consignee,
        consignee_phone=procurement.consignee_phone,
        delivery_address=procurement.delivery_address,
        deliver_by=procurement.deliver_by,
        created_by=creator.name if creator else "",
        created_at=procurement.created_at,
        placed_at=procurement.placed_at,
        version=procurement.version,
        total_fen=today,
        approved_fen=procurement.approved_fen,
        is_above_approved=is_open and is_above_approved(procurement, today),
        lines=lines,
        orders=orders,
        possible=possible_events(procurement, buyer, actor, at=at, lines=lines),
        needs_approval=buyer.needs_approval,
        rejection=find_rejection(procurement.id) if procurement.approval in ("rejected", "void") and is_open else None,
        approval_steps=approval_steps.steps_of(procurement, today, on),
    )


def possible_events(
    procurement: Procurement, buyer: Buyer, actor: Actor, *, at: datetime, lines: Sequence[PricedLine]
) -> list[str]:
    """Return what the actor can do with a procurement now, by the table; ``reopen`` and ``void`` are an edit's."""
    decided = approval_steps.context_of(procurement, clock.business_day(at))
    context = {"needs_approval": buyer.needs_approval, "lines": len(lines), **decided}
    found = machine.possible_moves("procurement", procurement, actor, at=at, context=context)
    if procurement.status == "submitted":
        found += machine.possible_moves("approval", procurement, actor, at=at, context=context)
    events = [move.event for move in found if move.event not in ("reopen", "void", "request", "pass")]
    if procurement.status == "submitted" and is_above_approved(procurement, total_of(lines)):
        again = actor.may("procurements:create") and actor.may("procurements:submit")
        events = ["submit" if event == "place" else event for event in events if event != "place" or again]
    can_edit = procurement.status in ("draft", "submitted") and actor.may("procurements:create")
    return [*events, "edit"] if can_edit else events


def _order_keys(procurement_id: int) -> Sequence[int]:
    return db.session.scalars(select(Order.id).where(Order.procurement_id == procurement_id).order_by(Order.id)).all()


def _unit(buyer: Buyer) -> Named | None:
    return Named(buyer.unit_public_id, buyer.unit_name or "") if buyer.unit_public_id else None
