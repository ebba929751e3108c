"""The end of a procurement: every order has ended and every shipped quantity is decided."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text

from orders.purchase import machine
from orders.purchase.models import Procurement
from shop.db import db

_OPEN = text("""
    SELECT EXISTS (SELECT FROM orders o WHERE o.procurement_id = :id AND (
        o.status NOT IN ('declined', 'lapsed', 'cancelled', 'shipped', 'closed_short')
        OR EXISTS (SELECT FROM order_lines l WHERE l.order_id = o.id AND l.accepted + l.rejected < l.shipped)))""")


def complete_if_done(procurement_id: int, *, at: datetime) -> bool:
    """Complete a placed procurement if nothing of it is open; called after each fact that may be the last one.

    The procurement is locked before its orders are looked at, so that of two last facts at the same time the
    later one sees the other. It is taken after an order's lock; nobody takes the two the other way round.
    """
    db.session.flush()  # the statement below reads what this transaction has changed
    procurement = db.session.scalars(
        select(Procurement)
        .where(Procurement.id == procurement_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if procurement.status != "placed" or db.session.scalar(_OPEN, {"id": procurement_id}):
        return False
    machine.move("procurement", procurement, "complete", actor=None, at=at, context={"all_resolved": True})
    return True
