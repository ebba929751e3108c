"""The figures that processes count, and one answer for all processes of a machine.

With ``PROMETHEUS_MULTIPROC_DIR`` each process keeps its figures in files of its own in that folder, and whichever process is
asked adds them up. What a process that has ended counted is kept in one more file, so that no counter ever falls.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Summary,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shop.config import metrics_folder

CONTENT_TYPE = CONTENT_TYPE_LATEST

#: Made before the first figure is: each opens its file at once.
FOLDER = metrics_folder()

requests_total = Counter("duikou_requests", "Answers by status class.", ["status"])
request_seconds = Histogram(
    "duikou_request_seconds",
    "Seconds until an answer began.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
task_seconds = Summary("duikou_task_seconds", "Jobs that were worked on, and the seconds they took.", ["task"])
tasks_failed = Counter("duikou_tasks_failed", "Jobs that ended in an error.", ["task"])
tasks_sent = Counter(
    "duikou_tasks_sent", "Jobs handed to the broker: by beat when due, by others after a commit.", ["task"]
)
processes = Gauge("duikou_processes", "Processes that are alive.", ["process"], multiprocess_mode="livesum")

#: ``(name, what it says, name of its label or "", values by label)``.
Waiting = tuple[str, str, str, dict[str, float]]


def count_process(name: str) -> None:
    """Count this process as alive; again after a fork."""
    processes.labels(name).set(1)


def answer(waiting: Iterable[Waiting]) -> bytes:
    """Return the figures of all processes, and what waits at the moment."""
    now = CollectorRegistry()
    now.register(_Waiting(waiting))
    if FOLDER is None:
        return generate_latest(REGISTRY) + generate_latest(now)
    with _folder_to_itself(FOLDER):
        fold_ended(FOLDER)
        MultiProcessCollector(now, path=str(FOLDER))  # type: ignore[no-untyped-call]
        return generate_latest(now)


def fold_ended(folder: Path, is_alive: Callable[[int], bool] | None = None) -> None:
    """Move what ended processes counted into one file of each kind, and forget what they were at the moment."""
    alive = is_alive or _is_alive
    for path in sorted(folder.glob("*_*.db")):
        kind, number = path.name.split("_")[0], path.stem.rpartition("_")[2]
        if not number.isdigit() or alive(int(number)):
            continue
        if kind != "gauge":
            _add(path, folder / f"{kind}_ended.db")
        path.unlink()


def _add(path: Path, kept: Path) -> None:
    """Add the values of one file to those of another, by writing that anew: a reader never meets a half."""
    files = [str(each) for each in (path, kept) if each.exists()]
    draft = kept.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    values: Any = MmapedDict(str(draft))  # type: ignore[no-untyped-call]
    merge: Any = MultiProcessCollector.merge
    for metric in merge(files, accumulate=False):
        for sample in metric.samples:
            names, given = list(sample.labels), list(sample.labels.values())
            key = mmap_key(metric.name, sample.name, names, given, metric.documentation)
            values.write_value(key, sample.value, 0.0)
    values.close()
    draft.replace(kept)


@contextmanager
def _folder_to_itself(folder: Path) -> Iterator[None]:
    """Let one process at a time read and tidy the folder; those who count need not wait."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's, and there
        return True
    return True


class _Waiting(Collector):
    def __init__(self, waiting: Iterable[Waiting]) -> None:
        self._waiting = list(waiting)

    def collect(self) -> Iterator[Metric]:
        for name, text, label, values in self._waiting:
            family = GaugeMetricFamily(name, text, labels=[label] if label else None)
            for given, value in values.items():
                family.add_metric([given] if label else [], value)
            yield family
