"""What the end of a day brings: lots expire, listings without eligibility pause."""

from __future__ import annotations

from celery import shared_task

from catalog.lots import expiring
from catalog.products import listings
from shop import clock, history
from shop.db import transaction
from shop.logs import log


@shared_task(name="catalog.end_of_day", ignore_result=True)
def end_of_day() -> None:
    """Expire lots, then pause listings; each in its own transaction. Running again changes nothing.

    Nothing depends on it having run: what expired is not shipped, what lost its eligibility is not ordered.
    """
    at = clock.now()
    on = clock.business_day(at)
    with transaction():
        if history.is_being_told():
            return
        short = expiring.expire_lots(on, at=at)
    if short:
        log.warning("orders wait for goods in place of expired ones", skus=short)
    with transaction():
        paused = listings.pause_ineligible(on, at=at)
    if paused:
        log.info("listings paused without eligibility", listings=paused)
