"""Periodic work of contracts: those that a side did not sign in time lapse."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from orders.contracts import amendments, lapsing
from orders.purchase.access import lock_order_by_key
from shop import clock, history
from shop.db import transaction
from shop.outbox.services import subscribe


@subscribe("identity.account_changed")
def on_account_changed(*, change_id: str, name: str, tail: str, used_from: str, **_: object) -> None:
    """Tell buyers who have orders open at the producer: what they have signed stays, and no letter changes that."""
    amendments.tell_buyers(UUID(change_id), name=name, tail=tail, used_from=used_from)


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
