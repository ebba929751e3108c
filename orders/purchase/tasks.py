"""Periodic work of purchases: orders that nobody confirmed in time lapse."""

from __future__ import annotations

from celery import shared_task

from orders.purchase import changes
from orders.purchase.access import lock_order_by_key
from shop import clock, history
from shop.db import transaction


@shared_task(name="purchase.lapse_orders", ignore_result=True)
def lapse_orders() -> int:
    """Let overdue orders lapse, each in its own transaction; returns how many."""
    at = clock.now()
    with transaction():
        overdue = [] if history.is_being_told() else list(changes.overdue_orders(at))
    lapsed = 0
    for key in overdue:
        with transaction():
            lapsed += changes.lapse_if_due(lock_order_by_key(key), at=at)
    return lapsed
