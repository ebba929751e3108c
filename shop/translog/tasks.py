"""The job that brings the logs up to date."""

from __future__ import annotations

from celery import shared_task

from shop.logs import log
from shop.translog import registry
from shop.translog.keys import LogKeyMissing
from shop.translog.sealing import seal_log
from shop.translog.services import LogForked


@shared_task(name="translog.seal", ignore_result=True)
def seal() -> None:
    """Log what was committed and sign it; a log that cannot be signed does not keep the others back."""
    for name in registry.names():
        try:
            seal_log(name)
        except (LogForked, LogKeyMissing) as error:
            log.error("log not signed", log=name, reason=error.detail)
