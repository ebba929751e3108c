"""When a producer's money of an order is due: so many days after the last acceptance, by the rule of that day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from orders.fulfilment.models import Acceptance
from orders.purchase import party
from orders.purchase.models import Order
from orders.settlement.models import OrderSettlement, SettlementRule
from shop import clock
from shop.db import db

#: What an installation without any rule waits.
DEFAULT_DAYS = 7


def days_on(producer_id: int, on: date) -> int:
    """Return the days of the rule in force on a day; the producer's own goes before the one for all."""
    found = db.session.scalar(
        select(SettlementRule.days)
        .where(
            or_(SettlementRule.producer_id == producer_id, SettlementRule.producer_id.is_(None)),
            SettlementRule.valid_from <= on,
            or_(SettlementRule.valid_to.is_(None), SettlementRule.valid_to >= on),
        )
        .order_by(SettlementRule.producer_id.nulls_last())
        .limit(1)
    )
    return DEFAULT_DAYS if found is None else found


def set_due(order: Order, accepted_on: date) -> date:
    """Say, under the order's lock, from when it may be paid out, by the day of its last acceptance; return that day."""
    due_on = accepted_on + timedelta(days=days_on(order.producer_id, accepted_on))
    db.session.execute(
        insert(OrderSettlement)
        .values(order_id=order.id, due_on=due_on)
        .on_conflict_do_update(
            index_elements=["order_id"], set_={"due_on": due_on}, where=OrderSettlement.due_on != due_on
        )
    )
    return due_on


def follow_acceptance(order_id: int) -> date | None:
    """Set the due day of an order from its last acceptance, whichever event told of it."""
    order = party.lock_order(order_id)
    last: datetime | None = db.session.scalar(
        select(func.max(Acceptance.accepted_at)).where(Acceptance.order_id == order_id)
    )
    return None if last is None else set_due(order, clock.business_day(last))


_UNKNOWN = text("""
    SELECT o.id FROM orders o LEFT JOIN order_settlements s ON s.order_id = o.id
    WHERE o.earned_fen > 0 AND s.order_id IS NULL AND EXISTS (SELECT FROM acceptances a WHERE a.order_id = o.id)
    ORDER BY o.id LIMIT :limit""")


def list_unknown(limit: int) -> list[int]:
    """Return accepted orders whose due day nobody has set: they are older than the rule, or their event was lost."""
    return list(db.session.scalars(_UNKNOWN, {"limit": limit}))
