"""How much of a receipt is for which order, the locks that it takes to change that, and who had a part in saying so."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select

from orders.payments import access
from orders.payments.models import Payment, PaymentAllocation
from orders.purchase import party
from orders.purchase.models import Order
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _


def lock_with_orders(payment_id: int, more: Sequence[int] = ()) -> tuple[Payment, dict[int, int], dict[int, Order]]:
    """Lock the orders that a receipt is for (and ``more``), then the receipt; return it, its shares and the orders.

    :raises Conflict: if somebody allocated it to a further order in between; a repeat finds it.
    """
    locked = party.lock_orders([*shares_of(payment_id), *more])
    payment = access.lock_payment(payment_id)
    shares = shares_of(payment_id)
    if shares.keys() - locked.keys():
        raise Conflict(_("这笔到账刚刚被他人分配，请刷新后再试。"))
    return payment, shares, locked


def shares_of(payment_id: int) -> dict[int, int]:
    """Return how much of a receipt is for each order."""
    shares: dict[int, int] = {}
    rows = db.session.execute(
        select(PaymentAllocation.order_id, PaymentAllocation.amount_fen)
        .where(PaymentAllocation.payment_id == payment_id)
        .order_by(PaymentAllocation.order_id)
    )
    for order_id, fen in rows:
        shares[order_id] = shares.get(order_id, 0) + fen
    return {order_id: fen for order_id, fen in shares.items() if fen}


def took_part(payment_id: int, actor: Actor) -> bool:
    """Say whether the actor recorded a receipt or allocated a part of it, and so is not its second person."""
    allocated = select(PaymentAllocation.payment_id).where(
        PaymentAllocation.payment_id == payment_id, PaymentAllocation.allocated_by == actor.user_id
    )
    query = select(Payment.id).where(
        Payment.id == payment_id, or_(Payment.recorded_by == actor.user_id, Payment.id.in_(allocated))
    )
    return db.session.scalar(query) is not None
