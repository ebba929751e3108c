"""A recall, its lifting, and goods that turn out to have left before it, are told; in any order, each once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from shop import clock, history
from shop.db import transaction
from shop.outbox.services import subscribe
from traceability.recalls import reminders, telling


@subscribe("catalog.lot_recalled")
@subscribe("traceability.recalled_goods_left")
def on_lot_recalled(*, lot_id: str, **_: Any) -> None:
    """Tell who got some of the lot."""
    telling.tell_lot(UUID(lot_id), at=clock.now())


@subscribe("catalog.recall_lifted")
def on_recall_lifted(**told: Any) -> None:
    """Tell those who were told of the recall."""
    telling.tell_lifted(told, at=clock.now())


@shared_task(name="traceability.remind_of_recalls", ignore_result=True)
def remind_of_recalls() -> None:
    """Remind who has not answered, and tell who called back that a deadline is over; again changes nothing."""
    with transaction():
        if not history.is_being_told():
            reminders.remind(clock.now())
