"""Two processes side by side, one for each half of the counties: where each stands, and the end of both."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from ctypes import c_double
from datetime import datetime, timedelta
from multiprocessing.sharedctypes import RawArray
from typing import Any

from sqlalchemy import text

from shop.db import db, transaction

#: How far one may be before the other in the story.
_LEAD = timedelta(days=30)
_LOOK_AGAIN_S = 0.002
_ENDED = float("inf")
#: Says whether the other process is still there.
IsThere = Callable[[], bool]


class Stopped(RuntimeError):
    """The other teller has ended before its part was told."""


class Pace:
    """Where each of two processes stands, in memory that they share; nothing in it can be left locked."""

    def __init__(self, open_steps: Sequence[int]) -> None:
        self.at: Any = RawArray(c_double, [0.0, 0.0])
        self.done: Any = RawArray(c_double, [0.0, 0.0])
        self.open: Any = RawArray(c_double, [float(count) for count in open_steps])

    def wait(self, half: int, at: datetime, is_other_there: IsThere) -> None:
        """Say where this teller is, and wait while the other is more than :data:`_LEAD` behind.

        :raises Stopped: if the other has gone.
        """
        self.at[half] = at.timestamp()
        while True:
            if not is_other_there() and self.at[1 - half] != _ENDED:
                message = "The other teller has stopped."
                raise Stopped(message)
            if self.at[1 - half] >= self.at[half] - _LEAD.total_seconds():
                return
            time.sleep(_LOOK_AGAIN_S)

    def note(self, half: int, open_steps: int) -> None:
        """Count a step that is done."""
        self.done[half] += 1
        self.open[half] = open_steps

    def end(self, half: int) -> None:
        """Let the other go on alone."""
        self.at[half] = _ENDED


def commit_without_waiting() -> None:
    """Let this process's commits not wait for the disk: a demo can be told again."""
    with transaction():
        db.session.execute(text("SET synchronous_commit = off"))


def side_by_side(work: Callable[[int, IsThere], None]) -> None:
    """Call ``work(0, …)`` here and ``work(1, …)`` in a process of its own, and wait for both; if this one fails, both end.

    :raises Stopped: if the other process fails; what it has committed stays.
    """
    _leave_connections()
    here = os.getpid()
    other = multiprocessing.get_context("fork").Process(target=_other, args=(work, here), daemon=True)
    other.start()
    try:
        commit_without_waiting()
        work(0, other.is_alive)
    except BaseException:
        other.terminate()
        raise
    finally:
        other.join()
    if other.exitcode:
        message = "The process of the second half failed."
        raise Stopped(message)


def _other(work: Callable[[int, IsThere], None], parent: int) -> None:
    commit_without_waiting()
    work(1, lambda: os.getppid() == parent)
    _leave_connections()


def _leave_connections() -> None:
    """Close what two processes must not share; each opens its own."""
    db.session.remove()
    db.engine.dispose()
