"""Whose orders an actor may see, and taking their rows under lock in the one order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from orders.purchase.models import Order, OrderLine
from orders.purchase.parties import producers_of
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.identity.models import Organisation

Key = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]


def is_party(actor: Actor, buyer: Key, producer: Key, on: date) -> ColumnElement[bool]:
    """Return the condition that a row is the actor's: as buyer, as producer or its agent, or as operator."""
    if actor.organisation_kind == "operator":
        return true()
    return or_(buyer == actor.organisation_id, producer.in_(producers_of(actor, on)))


def get_order(public_id: UUID, actor: Actor, on: date) -> Order:
    """Return an order of the actor's.

    :raises NotFound: if there is none, or it is another's.
    """
    found = db.session.scalars(
        select(Order).where(Order.public_id == public_id, is_party(actor, Order.buyer_id, Order.producer_id, on))
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这个订单。"))
    return found


def get_producer_of(public_id: UUID, actor: Actor, on: date) -> UUID:
    """Return the producer of an order of the actor's, by its public key.

    :raises NotFound: if there is no such order, or it is another's.
    """
    order = get_order(public_id, actor, on)
    return db.session.get_one(Organisation, order.producer_id).public_id


def lock_orders(ids: Iterable[int]) -> dict[int, Order]:
    """Lock orders in ascending key and return them as they are now."""
    wanted = sorted(set(ids))
    rows = db.session.scalars(
        select(Order)
        .where(Order.id.in_(wanted))
        .order_by(Order.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {order.id: order for order in rows}


def lock_order(order_id: int) -> Order:
    """Lock one order and return it as it is now."""
    return lock_orders([order_id])[order_id]


def lines_of(order_id: int) -> list[OrderLine]:
    """Return an order's lines by position."""
    query = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
    return list(db.session.scalars(query))
