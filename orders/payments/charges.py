"""Charges that the card provider has taken: each becomes a receipt of every producer whose orders it pays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from orders.payments import receipts
from orders.payments.models import Charge, Payment, PaymentAllocation, Refund
from orders.purchase import machine, party
from orders.purchase.models import Order
from shop import audit, clock, money
from shop.db import db


@dataclass(frozen=True, kw_only=True)
class ChargeFacts:
    """What the provider says it has taken, and for which procurement."""

    charge_ref: str
    procurement_id: int
    buyer_id: int
    amount_fen: int
    method: str
    succeeded_at: datetime


def take(facts: ChargeFacts, shares: Mapping[int, int], at: datetime) -> list[Payment]:
    """Take in a charge once, however often it is told: each producer's part is a confirmed receipt that pays its orders.

    The caller holds the procurement's lock. Nobody records or confirms it: the provider's word, signed or fetched, is
    the evidence.

    :param shares: fen by the order's key, as the payer was asked for; another sum is spread in proportion.
    :return: the receipts; none if the charge was known.
    """
    locked = party.lock_orders(shares)
    charge_id = db.session.scalar(
        insert(Charge)
        .values(
            public_id=uuid7(), charge_ref=facts.charge_ref, procurement_id=facts.procurement_id,
            buyer_id=facts.buyer_id, amount_fen=facts.amount_fen, method=facts.method,
            succeeded_at=facts.succeeded_at, value_on=clock.business_day(facts.succeeded_at),
        )
        .on_conflict_do_nothing(index_elements=["charge_ref"])
        .returning(Charge.id)
    )  # fmt: skip
    if charge_id is None:
        return []
    keys = sorted(shares)
    parts = dict(zip(keys, money.split(facts.amount_fen, [shares[key] for key in keys]), strict=True))
    by_producer: dict[int, dict[int, int]] = {}
    for key, fen in parts.items():
        if fen:
            by_producer.setdefault(locked[key].producer_id, {})[key] = fen
    return [
        _receive(facts, charge_id, producer_id, by_producer[producer_id], locked=locked, at=at)
        for producer_id in sorted(by_producer)
    ]


def _receive(
    facts: ChargeFacts, charge_id: int, producer_id: int, parts: dict[int, int], *, locked: Mapping[int, Order],
    at: datetime,
) -> Payment:  # fmt: skip
    total = sum(parts.values())
    payment = Payment(
        rail="stripe", clearing="stripe", bank_serial=facts.charge_ref, charge_id=charge_id, payer_name="",
        payee_id=producer_id, buyer_id=facts.buyer_id, amount_fen=total, allocated_fen=total,
        value_on=clock.business_day(facts.succeeded_at), status="confirmed", recorded_at=at, decided_at=at,
    )  # fmt: skip
    db.session.add(payment)
    db.session.flush()  # obtains the receipt's key, which names the fact in the books
    machine.record_start("receipt", payment, "take", actor=None, at=at)
    for order_id, fen in parts.items():
        day = receipts.paid_on(payment, locked[order_id])
        db.session.add(
            PaymentAllocation(
                payment_id=payment.id, order_id=order_id, amount_fen=fen, effective_on=day, allocated_at=at
            )
        )
    receipts.enter(payment, parts, {key: locked[key] for key in parts}, actor=None, at=at)
    audit.record(None, "payments.charge_taken", "payment", payment.id, amount_fen=[None, total])
    return payment


def lock_charges(ids: Iterable[int]) -> dict[int, Charge]:
    """Lock charges in ascending key, after their orders, and return them as they are now."""
    rows = db.session.scalars(
        select(Charge)
        .where(Charge.id.in_(sorted(set(ids))))
        .order_by(Charge.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {charge.id: charge for charge in rows}


def get_charge(charge_ref: str) -> Charge | None:
    """Return a charge by the provider's name of it."""
    return db.session.scalars(select(Charge).where(Charge.charge_ref == charge_ref)).one_or_none()


def shares_of_charge(charge_id: int) -> dict[int, int]:
    """Return how much of a charge is for each order now, less what went back of it from there."""
    given: dict[int, int] = {}
    for order_id, fen in db.session.execute(
        select(PaymentAllocation.order_id, func.sum(PaymentAllocation.amount_fen))
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(Payment.charge_id == charge_id)
        .group_by(PaymentAllocation.order_id)
    ):
        given[order_id] = int(fen)
    for order_id, fen in db.session.execute(
        select(Refund.order_id, func.sum(Refund.amount_fen))
        .where(Refund.charge_id == charge_id, Refund.status != "refused")
        .group_by(Refund.order_id)
    ):
        given[order_id] = given.get(order_id, 0) - int(fen)
    return {order_id: fen for order_id, fen in sorted(given.items()) if fen > 0}


def charges_of_order(order_id: int) -> list[int]:
    """Return the charges that an order has money of, oldest first."""
    return list(
        db.session.scalars(
            select(Payment.charge_id)
            .join(PaymentAllocation, PaymentAllocation.payment_id == Payment.id)
            .where(PaymentAllocation.order_id == order_id, Payment.charge_id.is_not(None))
            .group_by(Payment.charge_id)
            .order_by(Payment.charge_id)
        )
    )
