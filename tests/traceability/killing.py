"""A worker that is killed in the middle of a large document, and what it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from shop.db import db, transaction
from tests.traceability.events import document, observed, packed, rows, sgtin, sscc
from traceability.repository import tasks

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


def kill_in_the_middle(url: str, folder: Path, stage: str) -> bool:
    """Start a worker, kill it while it holds the lock of a stage, and wait until the server has undone its work.

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
        was_seen = _until(lambda: worker.poll() is not None or _is_held(stage)) and worker.poll() is None
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
    """Let the time go by after which what a killed worker had is free, and let another one work."""
    with transaction():
        db.session.execute(db.text("UPDATE trace_jobs SET claimed_until = NULL, tries = 0 WHERE finished_at IS NULL"))
    tasks.work_on_jobs()


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
