"""Ordering again: what a placed or cancelled procurement asked for goes into the basket, as far as it is on sale today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from catalog.products.models import Listing
from orders.purchase.basket import MAX_LINES, BasketFull
from orders.purchase.models import BasketLine, Order, Procurement, ProcurementLine
from orders.purchase.pricing import PricedLine, Wanted, price_lines
from orders.purchase.procurements import NoSuchProcurement
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.i18n import _

#: Procurements offered on the first screen.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished procurement: what it was for, how many kinds of goods it had and what they came to."""

    id: UUID
    number: str
    title: str
    placed_at: datetime
    kinds: int
    total_fen: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that cannot be ordered today, and why."""

    title: str
    quantity: Decimal
    why: str


@dataclass(frozen=True, slots=True)
class Refill:
    """What came of ordering again: how many lines were put into the basket, were in it already, or cannot be had."""

    number: str
    added: int
    kept: int
    left_out: tuple[LeftOut, ...]


def list_finished(actor: Actor) -> list[Finished]:
    """Return the last finished procurements of the actor's organisation, the newest first."""
    kinds = select(func.count()).where(ProcurementLine.procurement_id == Procurement.id).scalar_subquery()
    total = select(func.sum(Order.total_fen)).where(Order.procurement_id == Procurement.id).scalar_subquery()
    rows = db.session.execute(
        select(Procurement.public_id, Procurement.number, Procurement.title, Procurement.placed_at, kinds, total)
        .where(Procurement.organisation_id == actor.organisation_id, Procurement.status == "completed")
        .order_by(Procurement.id.desc())
        .limit(SHOWN)
    )
    return [
        Finished(public_id, number, title, placed_at, kinds_of, int(total_fen or 0))
        for public_id, number, title, placed_at, kinds_of, total_fen in rows
        if placed_at
    ]


def order_again(public_id: UUID, *, actor: Actor, at: datetime) -> Refill:
    """Put what a placed or cancelled procurement asked for into the actor's basket, at the quantities of then.

    What lies in the basket already stays as it is, so that a second time changes nothing.

    :raises NoSuchProcurement: if the organisation has placed or cancelled none such.
    :raises BasketFull: above 200 listings.
    """
    number, lines, titles = _look_at(public_id, actor, at)
    rows = [
        {"organisation_id": actor.organisation_id, "user_id": actor.user_id, "listing_id": line.offer.listing_id,
         "quantity": line.wanted.quantity, "added_at": at}
        for line in lines
        if line.offer and not line.problems
    ]  # fmt: skip
    added = 0
    if rows:
        put = insert(BasketLine).values(rows).on_conflict_do_nothing().returning(BasketLine.listing_id)
        added = len(db.session.scalars(put).all())
        own = (BasketLine.organisation_id == actor.organisation_id, BasketLine.user_id == actor.user_id)
        if (db.session.scalar(select(func.count()).select_from(BasketLine).where(*own)) or 0) > MAX_LINES:
            raise BasketFull(_("采购清单最多 %(n)s 种商品。", n=MAX_LINES))
    return Refill(number, added, len(rows) - added, _left_out(lines, titles))


def left_out(public_id: UUID, *, actor: Actor, at: datetime) -> Refill:
    """Say which lines of such a procurement cannot be ordered today, and why; changes nothing.

    :raises NoSuchProcurement: if the organisation has placed or cancelled none such.
    """
    number, lines, titles = _look_at(public_id, actor, at)
    return Refill(number, 0, 0, _left_out(lines, titles))


def _look_at(public_id: UUID, actor: Actor, at: datetime) -> tuple[str, Sequence[PricedLine], dict[UUID, str]]:
    found = db.session.scalars(
        select(Procurement).where(
            Procurement.public_id == public_id,
            Procurement.organisation_id == actor.organisation_id,
            or_(Procurement.placed_at.is_not(None), Procurement.status == "cancelled"),
        )
    ).one_or_none()
    if found is None:
        raise NoSuchProcurement(_("没有这张采购单。"))
    rows = db.session.execute(
        select(Listing.public_id, Listing.title, ProcurementLine.quantity)
        .join(Listing, Listing.id == ProcurementLine.listing_id)
        .where(ProcurementLine.procurement_id == found.id)
        .order_by(ProcurementLine.position)
    ).all()
    lines = price_lines([Wanted(row.public_id, row.quantity) for row in rows], clock.business_day(at))
    return found.number, lines, {row.public_id: row.title for row in rows}


def _left_out(lines: Sequence[PricedLine], titles: dict[UUID, str]) -> tuple[LeftOut, ...]:
    return tuple(
        LeftOut(titles[line.wanted.listing_id], line.wanted.quantity, line.problems[0].detail)
        for line in lines
        if line.problems
    )
