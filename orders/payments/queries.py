"""An order's money on one panel, what is due when, and buyers' credit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, or_, select
from sqlalchemy.orm import aliased

from orders.contracts.payee import Payee, payee_of
from orders.invoices.models import Invoice, InvoiceOrder
from orders.payments.credit import excess_fen
from orders.payments.models import Payment
from orders.purchase import counting, due, dues
from orders.purchase.due import Part
from orders.purchase.models import Order, OrderDue
from orders.purchase.party import is_party
from shop.auth import Actor
from shop.db import db
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page

#: States in which an order waits for its money.
OWING = ("confirmed", "part_shipped", "shipped", "closed_short")
_FAR = date(9999, 12, 31)


@dataclass(frozen=True)
class OrderMoney:
    """All about an order's money on a day; see docs/books.md for what each sum is."""

    state: str
    total_fen: int
    goods_payable_fen: int
    freight_fen: int
    due_fen: int
    accepted_fen: int
    received_fen: int
    refunded_fen: int
    refunding_fen: int
    held_fen: int
    unpaid_fen: int
    credit_fen: int
    counted_fen: int
    invoiced_fen: int
    pay_due_on: date | None
    days_left: int | None
    #: What should have been paid before the day.
    overdue_fen: int
    late_interest_fen: int
    #: What falls due when, as far as it is known.
    parts: list[Part]
    reference_code: str
    payee: Payee | None


@dataclass(frozen=True)
class DueRow:
    """An order that waits for money, with the days left (negative: late)."""

    key: int
    id: UUID
    number: str
    reference_code: str
    buyer: str
    payee: str
    payment_mode: str
    state: str
    due_fen: int
    unpaid_fen: int
    pay_due_on: date | None
    days_left: int | None
    overdue_fen: int
    late_interest_fen: int


@dataclass(frozen=True)
class CreditRow:
    """What a buyer has at a producer beyond what it owes there: in receipts, and in orders paid too much."""

    buyer_id: UUID
    buyer: str
    payee_id: UUID
    payee: str
    unallocated_fen: int
    overpaid_fen: int

    @property
    def credit_fen(self) -> int:
        """Return both together."""
        return self.unallocated_fen + self.overpaid_fen


def money_of(order: Order, on: date) -> OrderMoney:
    """Return all about an order's money; the caller has checked that it may be seen."""
    goal = counting.current_targets(order)
    unpaid = due.unpaid_fen(order)
    parts = dues.parts_of([order.id]).get(order.id, [])
    payable = sum(line.payable for line in goal.lines)
    return OrderMoney(
        state=due.payment_state_of(order), total_fen=order.total_fen, goods_payable_fen=payable,
        freight_fen=order.due_fen - payable, due_fen=order.due_fen, accepted_fen=goal.earned,
        received_fen=order.received_fen, refunded_fen=order.refunded_fen, refunding_fen=order.refunding_fen,
        held_fen=order.held_fen, unpaid_fen=unpaid, credit_fen=excess_fen(order),
        counted_fen=sum(line.counted for line in goal.lines), invoiced_fen=_invoiced_fen(order.id),
        pay_due_on=order.pay_due_on,
        days_left=due.days_left(order.pay_due_on, on) if order.pay_due_on and unpaid else None,
        overdue_fen=due.overdue_fen(parts, on), late_interest_fen=due.interest_of(parts, on), parts=parts,
        reference_code=order.reference_code, payee=payee_of(order, on),
    )  # fmt: skip


def list_due(actor: Actor, on: date, *, limit: int, cursor: str | None = None) -> Page[DueRow]:
    """Return a page of the actor's orders that wait for money, the most urgent first, those without a day last."""
    buyer, payee = aliased(Organisation), aliased(Organisation)
    day = func.coalesce(Order.pay_due_on, _FAR)
    query = (
        select(Order, buyer.name, payee.name)
        .join(buyer, buyer.id == Order.buyer_id)
        .join(payee, payee.id == Order.producer_id)
        .where(is_party(actor, Order.buyer_id, Order.producer_id, on), is_owing())
        .order_by(day, Order.id)
        .limit(limit + 1)
    )
    if key := decode_cursor(cursor, date.fromisoformat, int):
        query = query.where(or_(day > key[0], and_(day == key[0], Order.id > key[1])))
    found = db.session.execute(query).all()
    parts = dues.parts_of([order.id for order, _buyer, _payee in found])
    rows = [_due_row(order, names, parts.get(order.id, []), on) for order, *names in found]
    return make_page(rows, limit, lambda row: (row.pay_due_on or _FAR, row.key))


def is_owing() -> ColumnElement[bool]:
    """Return the condition that an order waits for money."""
    net = Order.received_fen - Order.refunded_fen - Order.held_fen
    return and_(Order.status.in_(OWING), net < Order.due_fen)


def owed_fen(actor: Actor, on: date) -> tuple[int, int]:
    """Return what all the actor's orders wait for, and how much of it is late."""
    unpaid = Order.due_fen - Order.received_fen + Order.refunded_fen + Order.held_fen
    of_actor = and_(is_party(actor, Order.buyer_id, Order.producer_id, on), is_owing())
    total = db.session.scalar(select(cast(func.coalesce(func.sum(unpaid), 0), BigInteger)).where(of_actor))
    late = db.session.scalar(
        select(cast(func.coalesce(func.sum(OrderDue.open_fen), 0), BigInteger))
        .join(Order, Order.id == OrderDue.order_id)
        .where(of_actor, OrderDue.open_fen > 0, OrderDue.due_on < on)
    )
    return total or 0, late or 0


def list_credit(actor: Actor, on: date) -> list[CreditRow]:
    """Return the credit between the actor and each other party, largest names first by their key; zeros left out."""
    left = Payment.amount_fen - Payment.allocated_fen - Payment.returned_fen
    unallocated = (
        select(Payment.buyer_id, Payment.payee_id, cast(func.sum(left), BigInteger))
        .where(
            Payment.status == "confirmed", Payment.allocated_fen < Payment.amount_fen, left > 0,
            is_party(actor, Payment.buyer_id, Payment.payee_id, on),
        )
        .group_by(Payment.buyer_id, Payment.payee_id)
    )  # fmt: skip
    excess = Order.received_fen - Order.refunded_fen - Order.refunding_fen - Order.held_fen - Order.due_fen
    overpaid = (
        select(Order.buyer_id, Order.producer_id, cast(func.sum(excess), BigInteger))
        .where(excess > 0, is_party(actor, Order.buyer_id, Order.producer_id, on))
        .group_by(Order.buyer_id, Order.producer_id)
    )
    sums: dict[tuple[int, int], list[int]] = {}
    for place, query in enumerate((unallocated, overpaid)):
        for buyer_id, payee_id, fen in db.session.execute(query):
            sums.setdefault((buyer_id or 0, payee_id), [0, 0])[place] = fen
    keys = {key for pair in sums for key in pair}
    names = {o.id: o for o in db.session.scalars(select(Organisation).where(Organisation.id.in_(keys)))}
    return [
        CreditRow(names[b].public_id, names[b].name, names[p].public_id, names[p].name, *sums[b, p])
        for b, p in sorted(sums)
    ]


def _due_row(order: Order, names: Sequence[str], parts: list[Part], on: date) -> DueRow:
    buyer, payee = names
    return DueRow(
        order.id, order.public_id, order.number, order.reference_code, buyer, payee, order.payment_mode,
        due.payment_state_of(order), order.due_fen, due.unpaid_fen(order), order.pay_due_on,
        due.days_left(order.pay_due_on, on) if order.pay_due_on else None,
        due.overdue_fen(parts, on), due.interest_of(parts, on),
    )  # fmt: skip


def _invoiced_fen(order_id: int) -> int:
    found = db.session.scalar(
        select(cast(func.coalesce(func.sum(InvoiceOrder.amount_fen), 0), BigInteger))
        .join(Invoice, Invoice.id == InvoiceOrder.invoice_id)
        .where(InvoiceOrder.order_id == order_id, Invoice.status == "checked")
    )
    return found or 0
