"""Periodic work of the shop."""

from __future__ import annotations

from celery import shared_task

from catalog.shopfront import services
from shop.db import transaction


@shared_task(name="catalog.forget_changes", ignore_result=True)
def forget_changes() -> None:
    """Delete what no process asks for any more."""
    with transaction():
        services.forget_changes()
