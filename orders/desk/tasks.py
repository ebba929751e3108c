"""The daily look for what waits for somebody."""

from __future__ import annotations

from celery import shared_task
from flask import current_app

from orders.desk import reminding
from shop import clock, history
from shop.db import transaction


@shared_task(name="desk.remind", ignore_result=True)
def remind() -> int:
    """Remind of goods to accept, contracts to sign and invoices to check; returns of how many."""
    waits = reminding.Waits(current_app.config["REMIND_BEFORE_DAYS"], current_app.config["REMIND_UNCHECKED_AFTER_DAYS"])
    with transaction():
        return 0 if history.is_being_told() else reminding.remind(clock.now(), waits)
