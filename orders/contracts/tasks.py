"""Periodic work of contracts: those that a side did not sign in time lapse."""

from __future__ import annotations

from celery import shared_task

from orders.contracts import lapsing
from orders.purchase.access import lock_order_by_key
from shop import clock, history
from shop.db import transaction


@shared_task(name="contracts.lapse_contracts", ignore_result=True)
def lapse_contracts() -> int:
    """Let overdue contracts lapse with their orders, each in its own transaction; returns how many."""
    at = clock.now()
    with transaction():
        overdue = [] if history.is_being_told() else list(lapsing.overdue_contracts(at))
    lapsed = 0
    for key in overdue:
        with transaction():
            lapsed += lapsing.lapse_contract_if_due(lock_order_by_key(key), at=at)
    return lapsed
