"""A worker that is killed in the middle of a large document, and what it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from shop import clock
from shop.db import transaction
from tests.traceability.events import document, observed, packed, rows, sgtin, sscc
from traceability.repository import jobs

ROOT = Path(__file__).resolve().parents[2]
#: Tables in the order in which a capture writes to them: a worker that holds one's lock is in the middle.
STAGES = ("trace_events", "trace_epcs", "trace_event_epcs", "trace_event_attributes", "trace_containments")
PATIENCE_S = 600
#: Locks of this database: in another one made from the same template a table has the same number.
_HELD = """SELECT count(*) FROM pg_locks WHERE mode = 'RowExclusiveLock' AND relation = cast(:table AS regclass)
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_WORKER = "from wsgi import app, celery; app.app_context().push(); celery.tasks['traceability.capture'].run()"


def large_document(number: int, events: int) -> dict[str, Any]:
    """A document whose events name things of their own and of each other."""
    found = [observed(sgtin(f"{number}-{n}"), **{"ex:n": n}) for n in range(events - 2)]
    return document(*found, packed(sscc(number), sgtin(f"{number}-1")), packed(sscc(number), sgtin(f"{number}-2")))


def mixed_document(number: int, events: int) -> tuple[dict[str, Any], list[str], list[int]]:
    """A document of which every seventh event lies in the future and so is refused; others' names, and those places."""
    wrong = list(range(3, events, 7))
    found = [
        observed(sgtin(f"{number}-{n}"), **({"eventTime": "2027-07-14T08:00:00Z"} if n in wrong else {}))
        for n in range(events)
    ]
    good = [event["eventID"] for n, event in enumerate(found) if n % 7 != 3]
    return document(*found), good, wrong


def kill_in_the_middle(url: str, folder: Path, stage: str, *, after: int = 0) -> bool:
    """Start a worker, kill it while it holds the lock of a stage, and wait until the server has undone its work.

    :param after: so many events it has looked at and committed before.
    :returns: whether it was killed: one that was quicker than the look has done its work.
    """
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "BROKER_URL": "memory://",
        "SECRET_KEY": "x" * 20,
        "DUIKOU_DATA": str(folder),
    }
    worker = subprocess.Popen([sys.executable, "-c", _WORKER], cwd=ROOT, env=environment)
    try:
        _until(lambda: worker.poll() is not None or (_done() >= after and _is_held(stage)))
        was_seen = worker.poll() is None
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    _until(lambda: not any(_is_held(each) for each in STAGES))
    return was_seen


def is_whole(events: int) -> tuple[int, str]:
    """Return the number of stored events, and how the job stands: ``open`` or ``done``."""
    [(stored,)] = rows("SELECT count(*) FROM trace_events")
    [(is_open,)] = rows("SELECT finished_at IS NULL FROM trace_jobs ORDER BY id DESC LIMIT 1")
    assert stored % events == 0, f"{stored} events are part of a document"
    return stored, "open" if is_open else "done"


def go_on() -> None:
    """Let another worker come when what the killed one had is free, and work until nothing is left."""
    later = clock.real_now() + jobs.CLAIM
    with transaction():
        job_id = jobs.claim(later)
    if job_id is None:  # it was done before it was killed
        return
    work = jobs.Work(job_id)
    is_left = True
    while is_left:
        with transaction():
            is_left = work.step(at=clock.now(), now=later)


def _done() -> int:
    return int(rows("SELECT coalesce(max(done), 0) FROM trace_jobs WHERE finished_at IS NULL")[0][0])


def _is_held(table: str) -> bool:
    return bool(rows(_HELD, table=table)[0][0])


def _until(condition) -> bool:
    """Wait for what another process does."""
    end = monotonic() + PATIENCE_S
    while not condition():
        if monotonic() > end:
            raise TimeoutError("the other process does not get there")
        sleep(0.002)
    return True
