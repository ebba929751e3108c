"""Disputes: what they hold of which order, and how they end; one outcome in whatever order it is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from orders.online import snapshots
from orders.online.applying import APPLIED, NOTHING_NEW, UNKNOWN
from orders.online.gateway_stripe import CURRENCY
from orders.online.models import Dispute, DisputeHold
from orders.payments import charges, holds
from orders.payments.exceptions import open_exception
from orders.payments.models import Charge, PaymentAllocation
from orders.payments.models import Payment as Receipt
from orders.purchase import party
from orders.purchase.models import Order
from shop import audit, clock, money
from shop.db import db
from shop.outbox.services import publish

#: How the provider's states of a dispute end with us; an inquiry that is closed takes nothing.
_ENDS = {"won": "won", "lost": "lost", "warning_closed": "won", "prevented": "won"}
#: States in which the provider takes the money; an inquiry (``warning_…``) does not.
_TAKEN = frozenset({"needs_response", "under_review", "won", "lost"})


def apply_dispute(told: snapshots.Dispute, at: datetime) -> str:
    """Take in what is said of a dispute: it holds the orders' money, gives it back when won, is a refund when lost."""
    charge = charges.get_charge(told.charge_ref)
    if charge is None:
        return UNKNOWN
    if told.currency != CURRENCY:
        _open(told, "other_currency", told.amount_fen, at)
        return APPLIED
    orders = party.lock_orders(_orders_of(charge.id))
    charge = charges.lock_charges([charge.id])[charge.id]
    dispute = _known(told, charge)
    was = (dispute.status, dispute.held_at)
    end = _ENDS.get(told.status, "open")
    if dispute.held_at is None and (told.is_withdrawn or end == "lost") and told.status in _TAKEN:
        _hold(dispute, charge, orders, at)
    if dispute.status == "open" and end != "open":
        _end(dispute, charge, orders, end=end, at=at)
    elif {dispute.status, end} == {"won", "lost"}:
        _open(told, "dispute_turned", told.amount_fen, at)
    dispute.evidence_due_at = dispute.evidence_due_at or told.evidence_due_at
    return NOTHING_NEW if was == (dispute.status, dispute.held_at) else APPLIED


def _known(told: snapshots.Dispute, charge: Charge) -> Dispute:
    """Return the dispute, locked; it is written down when it is first told of."""
    made = db.session.scalar(
        insert(Dispute)
        .values(
            public_id=uuid7(), dispute_ref=told.ref, charge_id=charge.id, amount_fen=told.amount_fen,
            reason=told.reason, status="open", opened_at=told.created_at, evidence_due_at=told.evidence_due_at,
        )
        .on_conflict_do_nothing(index_elements=["dispute_ref"])
        .returning(Dispute.public_id)
    )  # fmt: skip
    if made is not None:
        publish(
            "orders.dispute_opened", dispute_id=str(made), charge=charge.charge_ref,
            amount=money.as_json(told.amount_fen), reason=told.reason,
        )  # fmt: skip
    query = select(Dispute).where(Dispute.dispute_ref == told.ref).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _hold(dispute: Dispute, charge: Charge, orders: dict[int, Order], at: datetime) -> None:
    """Hold each order's part of the disputed money, at most what is left of it."""
    dispute.held_at = at
    shares = charges.shares_of_charge(charge.id)
    there = min(dispute.amount_fen, sum(shares.values()), charge.amount_fen - charge.refunded_fen - charge.disputed_fen)
    parts = money.split(there, list(shares.values())) if there > 0 else [0] * len(shares)
    held = 0
    for (order_id, share), part in zip(shares.items(), parts, strict=True):
        taken = holds.hold(orders[order_id], min(part, share), key=_key(dispute, order_id), at=at)
        if taken:
            db.session.add(DisputeHold(dispute_id=dispute.id, order_id=order_id, amount_fen=taken))
            held += taken
            _tell("orders.dispute_held", dispute, orders[order_id], taken)
    charge.disputed_fen += held
    if held < dispute.amount_fen:
        open_exception(
            f"dispute:{dispute.dispute_ref}:not_held", "stripe", "dispute_not_held", dispute.dispute_ref,
            charge.charge_ref, held - dispute.amount_fen, clock.business_day(at), at,
        )  # fmt: skip
    audit.record(None, "online.dispute_held", "dispute", dispute.id, held_fen=[0, held])


def _end(dispute: Dispute, charge: Charge, orders: dict[int, Order], *, end: str, at: datetime) -> None:
    """Give back what was held, or let it go to the payer."""
    held = dict(
        db.session.execute(
            select(DisputeHold.order_id, DisputeHold.amount_fen)
            .where(DisputeHold.dispute_id == dispute.id)
            .order_by(DisputeHold.order_id)
        ).all()
    )
    for order_id, fen in held.items():
        key = _key(dispute, order_id)
        if end == "won":
            holds.release(orders[order_id], fen, key=key, at=at)
        else:
            holds.lose(orders[order_id], fen, charge.id, dispute_ref=dispute.dispute_ref, key=key, at=at)
        _tell(f"orders.dispute_{end}", dispute, orders[order_id], fen)
    if end == "won":
        charge.disputed_fen -= sum(held.values())
    dispute.status, dispute.closed_at = end, at
    audit.record(None, f"online.dispute_{end}", "dispute", dispute.id, status=["open", end])
    publish("orders.dispute_closed", dispute_id=str(dispute.public_id), charge=charge.charge_ref, status=end)


def _tell(topic: str, dispute: Dispute, order: Order, fen: int) -> None:
    """Tell an order's two sides of its own part: another producer's is nobody else's affair."""
    publish(
        topic, organisations=[order.buyer_id, order.producer_id], order_id=str(order.public_id),
        number=order.number, dispute_id=str(dispute.public_id), amount=money.as_json(fen),
    )  # fmt: skip


def _orders_of(charge_id: int) -> list[int]:
    query = (
        select(PaymentAllocation.order_id)
        .join(Receipt, Receipt.id == PaymentAllocation.payment_id)
        .where(Receipt.charge_id == charge_id)
    )
    return list(db.session.scalars(query))


def _key(dispute: Dispute, order_id: int) -> str:
    return f"dispute:{dispute.id}:order:{order_id}"


def _open(told: snapshots.Dispute, kind: str, fen: int, at: datetime) -> None:
    open_exception(
        f"dispute:{told.ref}:{kind}", "stripe", kind, told.ref, f"{told.status}, {told.amount_fen} {told.currency}",
        fen, clock.business_day(at), at,
    )  # fmt: skip
