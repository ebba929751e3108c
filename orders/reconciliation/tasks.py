"""Fetching the provider's lines and matching them, every ten minutes and on demand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task
from flask import current_app

from orders.online import configuration, gateway_listing
from orders.reconciliation import (
    aging,
    arrivals,
    fees,
    fetching,
    matching,
    payout_events,
    payout_lines,
    persisting,
    unexecuted,
)
from orders.reconciliation.movements import Lister
from orders.refunding import lines as refund_lines
from orders.repayments import lines as repayment_lines
from orders.settlement import split_lines
from shop import clock, history
from shop.db import snapshot, transaction
from shop.outbox.services import subscribe


@shared_task(name="reconciliation.fetch", ignore_result=True)
def fetch() -> int:
    """List what is new at the provider, keep it, match it; return how many lines were new. Nothing without a provider."""
    return fetch_from(gateway_listing.list_movements) if configuration.is_on() else 0


def fetch_from(lister: Lister) -> int:
    """List, keep and match; return how many lines were new."""
    until = clock.real_now()
    with snapshot():
        since = fetching.start_at(until)
    kept = 0
    for start, end in fetching.windows(since, until):
        for batch in fetching.batches(list(lister(start, end))):
            with transaction():
                kept += fetching.keep(batch, clock.now())
    match_all()
    return kept


def match_all() -> None:
    """Match what nobody has looked at, then once more what waits, a batch in each transaction; then payouts."""
    found = matching.BATCH
    while found == matching.BATCH:
        with transaction():
            found = matching.match_new(clock.now())
    after = -1
    while after:
        with transaction():
            after = matching.match_again(clock.now(), max(after, 0))
    with transaction():
        arrivals.match(clock.today(), clock.now())


#: Importing it says what becomes of the provider's word on its payouts.
EVENTS = payout_events.__name__


@subscribe("orders.statement_imported")
def on_statement_imported(**_: Any) -> None:
    """Take in what the bank says of payouts to producers."""
    payout_lines.match(clock.now())


@subscribe("orders.payout_return_refused")
def on_payout_return_refused(*, return_id: str, **_: Any) -> None:
    """Let its line be matched anew."""
    payout_lines.let_go(UUID(return_id))


@shared_task(name="reconciliation.tell", ignore_result=True)
def tell() -> int:
    """Put what differs for some days into the queue, rail by rail; return how much waits there."""
    with transaction():
        if not history.is_being_told():
            arrivals.match(clock.today(), clock.now())
            payout_lines.match(clock.now())
            refund_lines.match(clock.now())
            repayment_lines.match(clock.now())
            split_lines.tell(clock.now())
    after_days = current_app.config["RECONCILE_AFTER_DAYS"]
    waiting = 0
    for rail in persisting.RAILS:
        with transaction():
            if not history.is_being_told():
                waiting += persisting.tell(rail, clock.today(), after_days, clock.now())
    with transaction():
        if not history.is_being_told():
            waiting += fees.tell(clock.today(), after_days, clock.now())
            waiting += unexecuted.tell(clock.today(), clock.now())
            aging.remind(clock.today(), clock.now())
    return waiting
