"""The job that seals what has been committed."""

from __future__ import annotations

from celery import shared_task

from orders.ledger.reporting import seal_everything


@shared_task(name="ledger.seal", ignore_result=True)
def seal() -> None:
    """Seal all that is committed."""
    seal_everything()
