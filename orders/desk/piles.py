"""What orders wait for: the conditions by which first screens count and lists filter, one and the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_

from orders.contracts.models import UNSIGNED, Contract
from orders.invoices import queries as invoices
from orders.purchase.models import UNDECIDED_LINE, UNPAID_LINE, Order, OrderDue, OrderLine
from shop import clock
from shop.auth import Actor

#: What was accepted longer ago and never invoiced is no longer something to do today.
_INVOICE_WITHIN_DAYS = 365
_LEFT = ("part_shipped", "shipped", "closed_short")
_PAID = Order.received_fen - Order.refunded_fen - Order.held_fen >= Order.due_fen


def _to_confirm(_actor: Actor, _at: datetime) -> ColumnElement[bool]:
    return Order.status == "awaiting_confirmation"


def _to_sign(actor: Actor, _at: datetime) -> ColumnElement[bool]:
    """Return those whose contract waits for the actor's side; for who only looks on, for any."""
    sides = {"institution": ("signed_by_producer",), "producer": ("offered",), "agent": ("offered",)}
    return and_(Order.status == "confirmed", _contract_is(*sides.get(actor.organisation_kind, UNSIGNED)))


def _to_ship(_actor: Actor, _at: datetime) -> ColumnElement[bool]:
    return and_(
        Order.status.in_(("confirmed", "part_shipped")),
        _contract_is("signed"),
        or_(Order.payment_mode == "goods_first", _PAID),
    )


def _to_accept(_actor: Actor, _at: datetime) -> ColumnElement[bool]:
    """Return those of which something that left is not decided, also while other goods are still to come."""
    return and_(Order.status.in_(_LEFT), exists().where(OrderLine.order_id == Order.id, UNDECIDED_LINE))


def _to_invoice(_actor: Actor, at: datetime) -> ColumnElement[bool]:
    recent = Order.accepted_at >= at - timedelta(days=_INVOICE_WITHIN_DAYS)
    return and_(recent, invoices.earned_fen() > invoices.invoiced_fen())


def _to_pay(_actor: Actor, at: datetime) -> ColumnElement[bool]:
    """Return those of which something accepted is not paid, a part is overdue though undecided, or money comes first."""
    late = exists().where(
        OrderDue.order_id == Order.id, OrderDue.open_fen > 0, OrderDue.due_on < clock.business_day(at)
    )
    unpaid = exists().where(OrderLine.order_id == Order.id, UNPAID_LINE)
    first = and_(Order.status == "confirmed", Order.payment_mode == "pay_first", ~_PAID)
    return or_(and_(Order.status.in_(_LEFT), or_(unpaid, late)), first)


def _done(_actor: Actor, _at: datetime) -> ColumnElement[bool]:
    return and_(Order.status.in_(("shipped", "closed_short")), Order.accepted_at.is_not(None), _PAID)


def _contract_is(*statuses: str) -> ColumnElement[bool]:
    return exists().where(Contract.order_id == Order.id, Contract.status.in_(statuses))


_CONDITIONS: dict[str, Callable[[Actor, datetime], ColumnElement[bool]]] = {
    "to_confirm": _to_confirm, "to_sign": _to_sign, "to_ship": _to_ship, "to_accept": _to_accept,
    "to_invoice": _to_invoice, "to_pay": _to_pay, "done": _done,
}  # fmt: skip


def waiting_for(stage: str, actor: Actor, at: datetime) -> ColumnElement[bool]:
    """Return which orders stand at one of :data:`orders.purchase.listing.STAGES`, as the actor's side sees it."""
    return _CONDITIONS[stage](actor, at)
