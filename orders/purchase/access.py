"""Which orders an actor may see and which it may lock to change; not yours is not there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, and_, bindparam, cast, exists, func, or_, select, text, true

from orders.ledger import questions
from orders.ledger.models import LedgerDimension
from orders.purchase.models import Order, OrderLine
from orders.purchase.parties import producers_of
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Forbidden, NotFound
from shop.i18n import _
from shop.identity.queries import scope_condition

# Made once: every fact of an order runs these.
_LOCK = select(Order).where(Order.id == bindparam("order")).with_for_update().execution_options(populate_existing=True)
_LINES = (
    select(OrderLine)
    .where(OrderLine.order_id == bindparam("order"))
    .order_by(OrderLine.position)
    .execution_options(populate_existing=True)
)


class NoSuchOrder(NotFound):
    """There is no order with that identifier that the actor may see."""

    code = "no-such-order"


def visible_orders(actor: Actor, at: datetime) -> ColumnElement[bool]:
    """Return the condition on ``orders`` of those that an actor may see.

    Buyer and producer see their own (an agent those of its mandates); officials and the operator, with
    ``orders:inspect``, those within their scope.

    :raises Forbidden: with neither ``orders:read`` nor ``orders:inspect``.
    """
    if actor.organisation_kind in ("authority", "operator"):
        actor.require("orders:inspect")
        if actor.scope.kind == "all":
            return Order.id.is_not(None)
        day = cast(func.timezone("Asia/Shanghai", Order.placed_at), Date)
        inside = scope_condition(
            actor,
            county=LedgerDimension.county_code,
            buyer_division=LedgerDimension.buyer_division_code,
            unit=LedgerDimension.unit_id,
            on=day,
        )
        visible = exists().where(LedgerDimension.order_id == Order.id, inside)
        return or_(visible, _in_totals_of(actor)) if actor.scope.kind == "budget" else visible
    actor.require("orders:read")
    return own_orders(actor, at)


def _in_totals_of(actor: Actor) -> ColumnElement[bool]:
    """Return the condition of what was counted for a budget later than on the placing day: its unit may have moved."""
    values: dict[str, Any] = {}
    posted = text(f"""EXISTS (SELECT FROM ledger_dimensions d JOIN postings p ON p.dimension_id = d.id
        WHERE d.order_id = orders.id AND {questions.seen_by(actor, values)})""")
    return and_(true(), posted.bindparams(**values))


def own_orders(actor: Actor, at: datetime) -> ColumnElement[bool]:
    """Return the condition on ``orders`` of those that the actor's organisation buys or sells."""
    if actor.organisation_kind == "institution":
        return Order.buyer_id == actor.organisation_id
    return Order.producer_id.in_(producers_of(actor, clock.business_day(at)))


def get_order(public_id: UUID, actor: Actor, at: datetime) -> Order:
    """Return an order that the actor may see, unlocked.

    :raises NoSuchOrder: if there is none.
    """
    found = db.session.scalars(
        select(Order).where(Order.public_id == public_id, visible_orders(actor, at))
    ).one_or_none()
    if found is None:
        raise NoSuchOrder(_("没有这张订单。"))
    return found


def lock_order(public_id: UUID, actor: Actor, at: datetime) -> Order:
    """Lock and return an order that the actor's organisation buys or sells.

    :raises NoSuchOrder: if it has none such.
    :raises Forbidden: for who may only look at it.
    """
    condition = or_(Order.buyer_id == actor.organisation_id, own_orders(actor, at))
    found = db.session.scalars(
        select(Order)
        .where(Order.public_id == public_id, condition)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is not None:
        return found
    if actor.may("orders:inspect"):
        get_order(public_id, actor, at)
        raise Forbidden(_("只能查看，不能办理。"))
    raise NoSuchOrder(_("没有这张订单。"))


def lock_order_by_key(order_id: int) -> Order:
    """Lock and return an order by its key, for what follows from something that was checked already."""
    return db.session.scalars(_LOCK, {"order": order_id}).one()


def lines_of(order: Order) -> Sequence[OrderLine]:
    """Return an order's lines in their order, as the database has them."""
    return db.session.scalars(_LINES, {"order": order.id}).all()
