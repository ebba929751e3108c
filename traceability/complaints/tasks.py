"""Erasing how to reach people whose complaints were closed long ago."""

from __future__ import annotations

from celery import shared_task

from shop import clock
from shop.db import transaction
from traceability.complaints import services


@shared_task(name="traceability.erase_contacts", ignore_result=True)
def erase_contacts() -> int:
    """Erase old contacts."""
    with transaction():
        return services.erase_old_contacts(clock.now())
