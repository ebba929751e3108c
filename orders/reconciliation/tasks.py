"""Fetching the provider's lines and matching them, every ten minutes and on demand."""

from __future__ import annotations

from celery import shared_task

from orders.reconciliation import fetching, gateway, matching
from shop import clock
from shop.db import db, transaction


@shared_task(name="reconciliation.fetch", ignore_result=True)
def fetch() -> int:
    """List what is new at the provider, keep it, match it; return how many lines were new."""
    lister = gateway.lister()
    if lister is None:
        return 0
    until = clock.real_now()
    since = fetching.start_at(until)
    db.session.rollback()  # ends the read: no transaction is open while the network is used
    kept = 0
    for start, end in fetching.windows(since, until):
        for batch in fetching.batches(list(lister(start, end))):
            with transaction():
                kept += fetching.keep(batch, clock.now())
    match_all()
    return kept


def match_all() -> None:
    """Match what nobody has looked at, then once more what waits, a batch in each transaction."""
    found = matching.BATCH
    while found == matching.BATCH:
        with transaction():
            found = matching.match_new(clock.now())
    after = -1
    while after:
        with transaction():
            after = matching.match_again(clock.now(), max(after, 0))
