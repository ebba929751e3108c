"""Lists of procurements and orders, by keyset, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from orders.purchase.access import visible_orders
from orders.purchase.answers import OrderAnswer, order_answers
from orders.purchase.models import Order, Procurement
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page
from shop.typed import fold

#: Where a delivered order stands, finer than its state: to be accepted, to be paid, done.
STAGES = ("to_accept", "to_pay", "done")


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders to list; days are the Shanghai days of placing, both inclusive."""

    statuses: Sequence[str] = ()
    number: str | None = None
    placed_from: date | None = None
    placed_to: date | None = None
    #: Part of the name of the buyer or the producer.
    party: str = ""
    #: One of :data:`STAGES`, or empty.
    stage: str = ""


def list_orders(
    actor: Actor, wanted: OrderFilter, *, at: datetime, limit: int, cursor: str | None
) -> Page[OrderAnswer]:
    """Return a page of the orders that the actor may see, without their lines.

    :raises BadCursor: if the cursor was not made by this list.
    """
    query = select(Order.id).where(visible_orders(actor, at)).order_by(Order.id.desc()).limit(limit + 1)
    if wanted.statuses:
        query = query.where(Order.status.in_(wanted.statuses))
    if wanted.number:
        tidy = fold(wanted.number).strip().upper()
        query = query.where(or_(Order.number.startswith(tidy, autoescape=True), Order.reference_code == tidy))
    if wanted.placed_from:
        query = query.where(Order.placed_at >= clock.start_of_day(wanted.placed_from))
    if wanted.placed_to:
        query = query.where(Order.placed_at < clock.start_of_day(wanted.placed_to + timedelta(days=1)))
    if wanted.party.strip():
        query = query.where(or_(Order.buyer_id.in_(_named(wanted.party)), Order.producer_id.in_(_named(wanted.party))))
    if wanted.stage:
        query = query.where(_stage(wanted.stage))
    after = decode_cursor(cursor, int)
    if after:
        query = query.where(Order.id < after[0])
    page = make_page(db.session.scalars(query).all(), limit, lambda key: (key,))
    return Page(order_answers(page.items, with_lines=False), page.next)


def find_last_placed(actor: Actor) -> Procurement | None:
    """Return what the actor itself ordered last for its organisation, or ``None``."""
    return db.session.scalar(
        select(Procurement)
        .where(
            Procurement.organisation_id == actor.organisation_id,
            Procurement.created_by == actor.user_id,
            Procurement.placed_at.is_not(None),
        )
        .order_by(Procurement.id.desc())
        .limit(1)
    )


def _stage(stage: str) -> ColumnElement[bool]:
    """Return which orders stand at a stage of :data:`STAGES`."""
    delivered = Order.status.in_(("shipped", "closed_short"))
    paid = Order.received_fen - Order.refunded_fen - Order.held_fen >= Order.due_fen
    first = and_(Order.status == "confirmed", Order.payment_mode == "pay_first", ~paid)
    return {
        "to_accept": and_(delivered, Order.accepted_at.is_(None)),
        "to_pay": or_(and_(delivered, Order.accepted_at.is_not(None), ~paid), first),
        "done": and_(delivered, Order.accepted_at.is_not(None), paid),
    }[stage]


def _named(party: str) -> Select[int]:
    return select(Organisation.id).where(Organisation.name.contains(party.strip(), autoescape=True))


@dataclass(frozen=True, slots=True)
class ProcurementFilter:
    """Which procurements to list; days are the Shanghai days of drawing up, both inclusive."""

    statuses: Sequence[str] = ()
    created_from: date | None = None
    created_to: date | None = None
    #: Part of the name of a producer of whom something was ordered.
    party: str = ""


#: Every procurement.
ANY = ProcurementFilter()


def list_procurements(
    actor: Actor, wanted: ProcurementFilter = ANY, *, limit: int, cursor: str | None
) -> Page[Procurement]:
    """Return a page of the actor's organisation's procurements.

    :raises BadCursor: if the cursor was not made by this list.
    """
    query = (
        select(Procurement)
        .where(Procurement.organisation_id == actor.organisation_id)
        .order_by(Procurement.id.desc())
        .limit(limit + 1)
    )
    if wanted.statuses:
        query = query.where(Procurement.status.in_(wanted.statuses))
    if wanted.created_from:
        query = query.where(Procurement.created_at >= clock.start_of_day(wanted.created_from))
    if wanted.created_to:
        query = query.where(Procurement.created_at < clock.start_of_day(wanted.created_to + timedelta(days=1)))
    if wanted.party.strip():
        theirs = exists().where(Order.procurement_id == Procurement.id, Order.producer_id.in_(_named(wanted.party)))
        query = query.where(theirs)
    after = decode_cursor(cursor, int)
    if after:
        query = query.where(Procurement.id < after[0])
    return make_page(db.session.scalars(query).all(), limit, lambda row: (row.id,))
