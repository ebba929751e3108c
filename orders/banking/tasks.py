"""Confirming statements' receipts one by one, and letting go of lines whose receipt was refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import shared_task

from orders.banking import acts, aliases, confirming, giving_back
from shop import clock, history
from shop.db import transaction
from shop.errors import DomainError
from shop.outbox.services import subscribe

#: How long one run of the task goes on before it leaves the rest to the next.
_RUN = timedelta(seconds=40)
_BATCH = 100


@shared_task(name="banking.confirm_statements", ignore_result=True)
def confirm_statements() -> int:
    """Confirm what was asked for, each receipt in its own transaction; returns how many were looked at."""
    until, seen = clock.real_now() + _RUN, 0
    while clock.real_now() < until:
        with transaction():
            job = None if history.is_being_told() else confirming.claim(clock.real_now())
        if job is None:
            break
        seen += _run(job, until)
    return seen


def _run(job: int, until: Any) -> int:
    """Confirm a job's receipts until it is done or the time is over."""
    seen = 0
    while True:
        try:
            with transaction():
                actor, found = confirming.actor_of(job, clock.today()), confirming.next_receipts(job, _BATCH)
        except DomainError:
            found = []
        if not found:
            with transaction():
                confirming.finish(job, clock.now())
            return seen
        for payment_id in found:
            if clock.real_now() >= until:
                return seen
            _confirm(job, payment_id, actor)
            seen += 1


def _confirm(job: int, payment_id: UUID, actor: Any) -> None:
    try:
        with transaction():
            confirming.confirm_one(job, payment_id, actor, clock.now(), now=clock.real_now())
    except DomainError as error:
        with transaction():
            confirming.note_failure(job, payment_id, error, now=clock.real_now())


@subscribe("orders.payment_refused")
def on_payment_refused(*, payment_id: str, **_: Any) -> None:
    """Let a line be matched anew whose receipt was refused."""
    acts.let_go(UUID(payment_id))


@subscribe("orders.receipt_corrected")
def on_receipt_corrected(*, payment_id: str, replacement_id: str | None, **_: Any) -> None:
    """Let a line be matched anew whose receipt was reversed and has none in its place."""
    if replacement_id is None:
        acts.let_go(UUID(payment_id), "receipt_reversed")


@subscribe("orders.refund_refused")
def on_refund_refused(*, refund_id: str, **_: Any) -> None:
    """Let an outgoing line be tied anew whose refund was refused."""
    giving_back.let_go_refund(UUID(refund_id))


@subscribe("orders.credit_refund_refused")
def on_credit_refund_refused(*, credit_refund_id: str, **_: Any) -> None:
    """Let an outgoing line be tied anew whose refund of credit was refused."""
    giving_back.let_go_credit(UUID(credit_refund_id))


@subscribe("orders.payment_confirmed")
def on_payment_confirmed(*, payment_id: str, **_: Any) -> None:
    """Remember who paid what a person had matched by hand."""
    aliases.learn_by_hand(UUID(payment_id), clock.now())
