"""Periodic work of payment by card: calls that wait are made."""

from __future__ import annotations

from celery import shared_task

from orders.online import configuration, performing


@shared_task(name="online.calls", ignore_result=True)
def make_calls() -> int:
    """Make the calls that wait; returns how many were tried."""
    return performing.perform_all() if configuration.is_on() else 0
