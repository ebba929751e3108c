"""Receipts as lists show them, and the orders that a remark names; each in a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, or_, select
from sqlalchemy.orm import aliased

from orders.payments import access, transfer_queries
from orders.payments.models import Payment, PaymentAllocation
from orders.payments.receipts import PAYABLE_STATES
from orders.purchase import due
from orders.purchase.models import Order
from orders.purchase.numbers import find_references
from orders.purchase.party import is_party
from shop.auth import Actor
from shop.db import db
from shop.files.models import StoredFile
from shop.filters import searched_fen
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class AllocationRow:
    """How much of a receipt is for an order."""

    order: UUID
    number: str
    amount_fen: int
    #: What of the order is not paid now; a receipt that is only recorded has not lessened it.
    unpaid_fen: int
    #: To whose account the order is to be paid.
    clearing: str


@dataclass(frozen=True)
class SuggestedOrder:
    """An order whose reference code is in a receipt's remark, and what is still to be paid of it."""

    order: UUID
    number: str
    reference_code: str
    buyer: str
    unpaid_fen: int


@dataclass(frozen=True)
class PaymentRow:
    """A receipt as lists show it; ``left_fen`` is not allocated and does not go back."""

    key: int
    id: UUID
    rail: str
    clearing: str
    bank_serial: str
    payer_name: str
    payer_account: str
    remark: str
    payee: str
    payee_id: UUID
    buyer: str | None
    amount_fen: int
    left_fen: int
    returned_fen: int
    value_on: date
    status: str
    recorded_at: datetime
    recorded_by: int | None
    decided_at: datetime | None
    reason: str
    evidence_file: UUID | None
    version: int
    allocations: Sequence[AllocationRow]
    suggestions: Sequence[SuggestedOrder]
    #: What the whole transfer brought, where it was for several buyers, and these others' parts: for the payee's side.
    transfer_fen: int | None = None
    parts: Sequence[transfer_queries.PartRow] = ()

    @property
    def wrong_payee(self) -> bool:
        """Say whether it came to another account than its orders are to be paid to; it is theirs all the same."""
        return self.rail == "bank" and any(each.clearing != self.clearing for each in self.allocations)


def list_payments(
    actor: Actor,
    on: date,
    *,
    limit: int,
    cursor: str | None = None,
    statuses: Sequence[str] = (),
    order_id: int | None = None,
    clearing: str = "",
    q: str = "",
) -> Page[PaymentRow]:
    """Return a page of the actor's receipts, newest first; ``clearing`` is where the money came, empty: anywhere."""
    query = _payments(actor, on).order_by(Payment.id.desc()).limit(limit + 1)
    query = query.where(*_wanted(statuses, clearing, q))
    if order_id is not None:
        query = query.where(
            Payment.id.in_(select(PaymentAllocation.payment_id).where(PaymentAllocation.order_id == order_id))
        )
    if key := decode_cursor(cursor, int):
        query = query.where(Payment.id < key[0])
    return make_page(_payment_rows(query, actor, on), limit, lambda row: (row.key,))


def total_payments(
    actor: Actor, on: date, *, statuses: Sequence[str] = (), clearing: str = "", q: str = ""
) -> tuple[int, int, int]:
    """Return how many receipts a list of the same filter has, their sum, and what of it is not allocated."""
    left = Payment.amount_fen - Payment.allocated_fen - Payment.returned_fen
    sums = [cast(func.coalesce(func.sum(each), 0), BigInteger) for each in (Payment.amount_fen, left)]
    query = select(func.count(), *sums).where(
        is_party(actor, Payment.buyer_id, Payment.payee_id, on), *_wanted(statuses, clearing, q)
    )
    return tuple(db.session.execute(query).one())


def _wanted(statuses: Sequence[str], clearing: str, q: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if statuses:
        found.append(Payment.status.in_(statuses))
    if clearing:
        found.append(Payment.clearing == clearing)
    if q:
        found.append(_called(q))
    return found


def _called(q: str) -> ColumnElement[bool]:
    """Return which receipts a search means: part of the serial, payer or buyer, an order's number, or the exact sum."""
    of_order = (
        select(PaymentAllocation.payment_id)
        .join(Order, Order.id == PaymentAllocation.order_id)
        .where(Order.number.contains(q, autoescape=True))
    )
    named = select(Organisation.id).where(Organisation.name.contains(q, autoescape=True))
    found = [
        Payment.bank_serial.contains(q, autoescape=True), Payment.payer_name.contains(q, autoescape=True),
        Payment.buyer_id.in_(named), Payment.id.in_(of_order),
    ]  # fmt: skip
    return or_(*found, *(Payment.amount_fen == fen for fen in searched_fen(q)))


def get_payment(public_id: UUID, actor: Actor, on: date) -> PaymentRow:
    """Return one receipt as lists show it.

    :raises NotFound: if there is none, or it is another's.
    """
    payment = access.get_payment(public_id, actor, on)
    return _payment_rows(_payments(actor, on).where(Payment.id == payment.id), actor, on)[0]


def count_waiting(actor: Actor, on: date) -> int:
    """Return how many receipts wait for a second person."""
    found = db.session.scalar(
        select(func.count())
        .select_from(Payment)
        .where(Payment.status == "recorded", is_party(actor, Payment.buyer_id, Payment.payee_id, on))
    )
    return found or 0


def payee_of_remark(remark: str, actor: Actor, on: date) -> UUID | None:
    """Return the producer of the orders whose codes are in a remark, if it is one."""
    producers = set(
        db.session.scalars(
            select(Organisation.public_id)
            .join(Order, Order.producer_id == Organisation.id)
            .where(
                Order.reference_code.in_(find_references(remark)),
                is_party(actor, Order.buyer_id, Order.producer_id, on),
            )
        )
    )
    return producers.pop() if len(producers) == 1 else None


def _suggested(order: Order, buyer: str) -> SuggestedOrder:
    return SuggestedOrder(order.public_id, order.number, order.reference_code, buyer, due.unpaid_fen(order))


def _payments(actor: Actor, on: date) -> Select[*tuple[Any, ...]]:
    payee, buyer = aliased(Organisation), aliased(Organisation)
    return (
        select(Payment, payee.name, payee.public_id, buyer.name, StoredFile.public_id)
        .join(payee, payee.id == Payment.payee_id)
        .outerjoin(buyer, buyer.id == Payment.buyer_id)
        .outerjoin(StoredFile, StoredFile.id == Payment.evidence_file_id)
        .where(is_party(actor, Payment.buyer_id, Payment.payee_id, on))
    )


def _payment_rows(query: Select[*tuple[Any, ...]], actor: Actor, on: date) -> list[PaymentRow]:
    rows = db.session.execute(query).all()
    allocations = _allocations([row[0].id for row in rows])
    parts = {} if actor.organisation_kind == "institution" else transfer_queries.parts_of([row[0] for row in rows])
    suggestions = _suggestions([row[0] for row in rows if row[0].status == "recorded"], actor, on)
    return [
        PaymentRow(
            payment.id,
            payment.public_id,
            payment.rail,
            payment.clearing,
            payment.bank_serial,
            payment.payer_name,
            payment.payer_account,
            payment.remark,
            payee,
            payee_id,
            buyer,
            payment.amount_fen,
            payment.left_fen,
            payment.returned_fen,
            payment.value_on,
            payment.status,
            payment.recorded_at,
            payment.recorded_by,
            payment.decided_at,
            payment.reason,
            file,
            payment.version,
            allocations.get(payment.id, []),
            suggestions.get(payment.id, []),
            payment.transfer_fen if payment.id in parts else None,
            parts.get(payment.id, []),
        )
        for payment, payee, payee_id, buyer, file in rows
    ]


def _allocations(payment_ids: list[int]) -> dict[int, list[AllocationRow]]:
    """Return the receipts' shares by order, those that moved away left out."""
    total = cast(func.sum(PaymentAllocation.amount_fen), BigInteger)
    found: dict[int, list[AllocationRow]] = {}
    rows = db.session.execute(
        select(PaymentAllocation.payment_id, Order, total)
        .join(Order, Order.id == PaymentAllocation.order_id)
        .where(PaymentAllocation.payment_id.in_(payment_ids))
        .group_by(PaymentAllocation.payment_id, Order.id)
        .having(total != 0)
        .order_by(PaymentAllocation.payment_id, Order.id)
    )
    for payment_id, order, fen in rows:
        share = AllocationRow(order.public_id, order.number, fen, due.unpaid_fen(order), order.clearing)
        found.setdefault(payment_id, []).append(share)
    return found


def _suggestions(payments: list[Payment], actor: Actor, on: date) -> dict[int, list[SuggestedOrder]]:
    """Return for receipts with something left the payee's orders named in their remarks, in one statement.

    A remark may name other buyers' orders: nobody is shown them who may not see them, nor any buyer, who allocates nothing.
    """
    if actor.organisation_kind == "institution":
        return {}
    codes = {payment.id: find_references(payment.remark) for payment in payments}
    wanted = {code for found in codes.values() for code in found}
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Order, Organisation.name)
        .join(Organisation, Organisation.id == Order.buyer_id)
        .where(
            Order.reference_code.in_(wanted),
            Order.status.in_(PAYABLE_STATES),
            is_party(actor, Order.buyer_id, Order.producer_id, on),
        )
    )
    orders = {order.reference_code: (order, buyer) for order, buyer in rows}
    return {
        payment.id: [
            _suggested(*orders[code])
            for code in codes[payment.id]
            if code in orders and orders[code][0].producer_id == payment.payee_id
        ]
        for payment in payments
        if payment.left_fen
    }
