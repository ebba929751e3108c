"""The job that brings the logs up to date."""

from __future__ import annotations

from celery import shared_task

from shop.errors import Conflict
from shop.logs import log
from shop.translog import registry
from shop.translog.sealing import seal_log


@shared_task(name="translog.seal", ignore_result=True)
def seal() -> None:
    """Log what was committed and sign it; a log that cannot be signed does not keep the others back."""
    for name in registry.names():
        try:
            seal_log(name)
        except Conflict as error:  # forked, its key is missing, or its source cannot go on
            log.error("log not signed", log=name, reason=error.detail)
