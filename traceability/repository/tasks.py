"""Working on capture jobs that came with more events than one request stores."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from shop import clock
from shop.db import after_commit, transaction
from shop.outbox.services import subscribe
from traceability.repository import jobs


@shared_task(name="traceability.capture", ignore_result=True)
def work_on_jobs() -> int:
    """Work on jobs until none is open; returns how many were begun.

    A job whose worker was killed is found again when its claim has ended: what the worker had not committed is undone.
    """
    begun = 0
    while True:
        with transaction():
            job_id = jobs.claim(clock.real_now())
        if job_id is None:
            return begun
        begun += 1
        work, has_more = jobs.Work(job_id), True
        while has_more:
            with transaction():
                has_more = work.step(at=clock.now(), now=clock.real_now())


@subscribe("traceability.capture_accepted")
def on_capture_accepted(**_: Any) -> None:
    """Begin at once; the delivery is done before the work begins, which has transactions of its own."""
    after_commit(_begin)


def _begin() -> None:
    work_on_jobs()
