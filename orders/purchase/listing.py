"""Lists of procurements and orders, by keyset, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, text, true

from orders.purchase.access import visible_orders
from orders.purchase.answers import OrderAnswer, order_answers
from orders.purchase.models import Order, Procurement
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page
from shop.typed import fold

#: What an order can wait for; ``done``: for nothing any more. Which orders do, the desks know.
STAGES = ("to_confirm", "to_sign", "to_ship", "to_accept", "to_invoice", "to_pay", "done")
#: Where a submitted procurement stands.
APPROVALS = ("pending", "approved", "rejected")


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders to list; days are the Shanghai days of placing, both inclusive."""

    statuses: Sequence[str] = ()
    number: str | None = None
    placed_from: date | None = None
    placed_to: date | None = None
    #: Part of the name of the buyer or the producer.
    party: str = ""
    #: A further condition on orders, of whoever knows more of them.
    also: ColumnElement[bool] | None = None


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
    if wanted.also is not None:
        query = query.where(wanted.also)
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
    #: Of those that wait for approval or were decided: ``pending``, ``approved``, ``rejected``.
    approvals: Sequence[str] = ()
    #: Only those that this person may decide on at their level: not drawn up, asked for or passed before by it.
    decided_by: int | None = None


_MINE = text("""
    NOT EXISTS (SELECT FROM moves m WHERE m.machine = 'approval' AND m.subject_id = procurements.id
                AND m.event IN ('request', 'pass') AND m.user_id = :me
                AND m.id >= (SELECT max(r.id) FROM moves r WHERE r.machine = 'approval'
                             AND r.subject_id = procurements.id AND r.event = 'request'))
    AND NOT EXISTS (SELECT FROM approval_steps s WHERE s.procurement_id = procurements.id
        AND EXISTS (SELECT FROM approval_people p WHERE (p.rule_id, p.level) = (s.rule_id, s.level))
        AND NOT EXISTS (SELECT FROM approval_people p JOIN memberships m ON m.id = p.membership_id
                        WHERE (p.rule_id, p.level) = (s.rule_id, s.level) AND m.user_id = :me))""")

#: Every procurement.
ANY = ProcurementFilter()


def list_procurements(
    actor: Actor, wanted: ProcurementFilter = ANY, *, limit: int, cursor: str | None
) -> Page[Procurement]:
    """Return a page of the actor's organisation's procurements.

    :raises BadCursor: if the cursor was not made by this list.
    """
    query = (
        select(Procurement).where(*procurements_where(actor, wanted)).order_by(Procurement.id.desc()).limit(limit + 1)
    )
    after = decode_cursor(cursor, int)
    if after:
        query = query.where(Procurement.id < after[0])
    return make_page(db.session.scalars(query).all(), limit, lambda row: (row.id,))


def procurements_where(actor: Actor, wanted: ProcurementFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of the actor's organisation's procurements that a filter asks for."""
    found = [Procurement.organisation_id == actor.organisation_id]
    if wanted.statuses:
        found.append(Procurement.status.in_(wanted.statuses))
    if wanted.approvals:
        found += [Procurement.status == "submitted", Procurement.approval.in_(wanted.approvals)]
    if wanted.decided_by is not None:
        found += [Procurement.created_by != wanted.decided_by, and_(true(), _MINE.bindparams(me=wanted.decided_by))]
    if wanted.created_from:
        found.append(Procurement.created_at >= clock.start_of_day(wanted.created_from))
    if wanted.created_to:
        found.append(Procurement.created_at < clock.start_of_day(wanted.created_to + timedelta(days=1)))
    if wanted.party.strip():
        theirs = exists().where(Order.procurement_id == Procurement.id, Order.producer_id.in_(_named(wanted.party)))
        found.append(theirs)
    return found
