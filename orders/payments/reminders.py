"""Payments that fall due, are late, or never come: who is told once of each, and pay-first orders that end unpaid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, select, text

from orders.contracts import services as contracts
from orders.payments.models import Payment, PaymentAllocation, TransferAnnouncement
from orders.purchase import changes
from orders.purchase.models import Order
from shop import clock, money
from shop.db import db
from shop.i18n import _

#: Parts of orders that fall due from one day to another, of which nobody has been told in that way.
_NEW = text("""
    INSERT INTO due_reminders (order_id, due_on, kind, sent_at)
    SELECT d.order_id, d.due_on, :kind, :at FROM order_dues d JOIN orders o ON o.id = d.order_id
    WHERE d.open_fen > 0 AND d.due_on BETWEEN :first AND :last AND o.status NOT IN ('cancelled', 'lapsed', 'declined')
      AND NOT EXISTS (SELECT FROM due_reminders r
                      WHERE (r.order_id, r.due_on, r.kind) = (d.order_id, d.due_on, cast(:kind AS text)))
    ORDER BY d.due_on, d.order_id LIMIT :limit
    ON CONFLICT DO NOTHING RETURNING order_id, due_on""")
_OPEN = text("SELECT open_fen FROM order_dues WHERE order_id = :order AND due_on = :due_on")
#: No one is told of what is late since longer than this, as after a long standstill.
_LATE_WITHIN = timedelta(days=365)


#: Conditions on :class:`Order` that say that its money is on its way; of packages above.
_expected: list[Callable[[datetime], ColumnElement[bool]]] = []


def expect(condition: Callable[[datetime], ColumnElement[bool]]) -> None:
    """Let a package above say, as of an instant, of which orders money is on its way: none of them ends unpaid."""
    if condition not in _expected:
        _expected.append(condition)


def remind(at: datetime, *, before_days: int, limit: int = 200) -> int:
    """Tell once of each payment that falls due within some days, and once of each that is late; returns how many."""
    on = clock.business_day(at)
    soon = _tell("soon", "orders.payment_due_soon", on, on + timedelta(days=before_days), at=at, limit=limit)
    late = _tell("late", "orders.payment_overdue", on - _LATE_WITHIN, on - timedelta(days=1), at=at, limit=limit)
    return soon + late


def _tell(kind: str, topic: str, first: date, last: date, *, at: datetime, limit: int) -> int:
    rows = db.session.execute(_NEW, {"kind": kind, "first": first, "last": last, "at": at, "limit": limit}).all()
    for order_id, due_on in rows:
        open_fen = db.session.scalar(_OPEN, {"order": order_id, "due_on": due_on}) or 0
        order = db.session.get_one(Order, order_id)
        changes.tell(topic, order, due_on=due_on.isoformat(), open=money.as_json(open_fen))
    return len(rows)


def unpaid_in_advance(at: datetime, *, after_days: int, limit: int = 200) -> Sequence[int]:
    """Return the keys of pay-first orders that are late by more than some days and of which nothing has come."""
    return db.session.scalars(
        select(Order.id)
        .where(*_never_paid(at, after_days))
        .order_by(Order.pay_due_on, Order.id)
        .limit(limit)
    ).all()  # fmt: skip


def cancel_if_unpaid(order: Order, *, at: datetime, after_days: int) -> bool:
    """Cancel a locked pay-first order that nobody has paid in time; its stock is free again, both sides are told."""
    if db.session.scalar(select(Order.id).where(Order.id == order.id, *_never_paid(at, after_days))) is None:
        return False
    contracts.end_locked(order, "cancel", actor=None, at=at, why=_("先款后货，逾期未付款"))
    return True


def _never_paid(at: datetime, after_days: int) -> tuple[ColumnElement[bool], ...]:
    """Return what is asked of such an order: no money, none recorded, announced for today or later, or on its way."""
    on = clock.business_day(at)
    recorded = exists().where(
        PaymentAllocation.order_id == Order.id,
        Payment.id == PaymentAllocation.payment_id,
        Payment.status == "recorded",
    )
    announced = exists().where(
        TransferAnnouncement.order_id == Order.id,
        TransferAnnouncement.withdrawn_at.is_(None),
        TransferAnnouncement.planned_on >= on,
    )
    return (
        Order.status == "confirmed", Order.payment_mode == "pay_first", Order.received_fen == 0,
        Order.pay_due_on < on - timedelta(days=after_days), ~recorded, ~announced,
        *(~condition(at) for condition in _expected),
    )  # fmt: skip
