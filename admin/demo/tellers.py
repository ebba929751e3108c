"""Two tellers at once: each does the steps of its half of the counties, never more than a story's month before the other.

The halves share no purchase, stock or payment, so what is told is the same however the two take turns.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from ctypes import c_double
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from multiprocessing.sharedctypes import RawArray
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from admin.demo import acts, case, harvests, story
from admin.demo.stage import Stage
from admin.demo.story import Step, Story
from orders.ledger.reporting import seal_everything
from shop import clock, problems
from shop.db import db, transaction
from shop.errors import DomainError
from shop.logs import log
from shop.outbox import services as outbox

#: Told after each step: how many are done, how many are known, and the story's day.
Progress = Callable[[int, int, date], None]
#: People are told of what happened in the story's last days; before that it is history.
NEWS = timedelta(days=20)
#: How far one teller may be before the other.
_LEAD = timedelta(days=30)
_SEAL_EVERY = 400
_ATTEMPTS = 3
_LOOK_AGAIN_S = 0.002
_ENDED = float("inf")
_ACTS = acts.ACTS | case.ACTS | harvests.ACTS


class Stopped(RuntimeError):
    """The other teller has ended before its part was told."""


class Pace:
    """Where each of two processes stands, in memory that they share; nothing in it can be left locked."""

    def __init__(self, halves: Sequence[Story]) -> None:
        self.at: Any = RawArray(c_double, [0.0, 0.0])
        self.done: Any = RawArray(c_double, [0.0, 0.0])
        self.open: Any = RawArray(c_double, [float(len(half)) for half in halves])

    def wait(self, half: int, at: datetime, is_other_there: Callable[[], bool]) -> None:
        """Say where this teller is, and wait while the other is more than :data:`_LEAD` behind.

        :raises Stopped: if the other has gone.
        """
        self.at[half] = at.timestamp()
        while self.at[1 - half] < self.at[half] - _LEAD.total_seconds():
            if not is_other_there() and self.at[1 - half] != _ENDED:
                message = "The other teller has stopped."
                raise Stopped(message)
            time.sleep(_LOOK_AGAIN_S)

    def note(self, half: int, open_steps: int) -> None:
        """Count a step that is done."""
        self.done[half] += 1
        self.open[half] = open_steps

    def end(self, half: int) -> None:
        """Let the other go on alone."""
        self.at[half] = _ENDED


@dataclass(frozen=True)
class _Chapter:
    """What both tellers know: the stage, the steps of each half, and until when they tell."""

    stage: Stage
    halves: Sequence[Story]
    until: datetime
    #: From when people are told.
    news_from: datetime
    pace: Pace


def commit_without_waiting() -> None:
    """Let this process's commits not wait for the disk: a demo can be told again."""
    with transaction():
        db.session.execute(text("SET synchronous_commit = off"))


def tell(
    stage: Stage, halves: Sequence[Story], *, until: datetime, news_from: datetime, done: int, progress: Progress
) -> int:
    """Do every step before ``until``, the second half in a process of its own; return how many are done by now.

    :param done: how many were done before.
    :raises Stopped: if the other process fails; what both have committed stays, and the story can go on.
    """
    chapter = _Chapter(stage, halves, until, news_from, Pace(halves))
    pace = chapter.pace

    def say(day: date) -> None:
        so_far = done + int(sum(pace.done))
        progress(so_far, so_far + int(sum(pace.open)), day)

    if halves[1].goes_on_before(until):
        _leave_connections()
        second = multiprocessing.get_context("fork").Process(
            target=_tell_second, args=(chapter, os.getpid()), daemon=True
        )
        second.start()
        commit_without_waiting()
        _tell_half(0, chapter, is_other_there=second.is_alive, say=say)
        second.join()
        if second.exitcode:
            message = "The second teller failed."
            raise Stopped(message)
    else:
        pace.end(1)
        _tell_half(0, chapter, is_other_there=lambda: True, say=say)
    return done + int(sum(pace.done))


def _leave_connections() -> None:
    """Close what two processes must not share; each opens its own."""
    db.session.remove()
    db.engine.dispose()


def _tell_second(chapter: _Chapter, parent: int) -> None:
    commit_without_waiting()
    _tell_half(1, chapter, is_other_there=lambda: os.getppid() == parent, say=lambda _day: None)
    _leave_connections()


def _tell_half(
    half: int, chapter: _Chapter, *, is_other_there: Callable[[], bool], say: Callable[[date], None]
) -> None:
    told, pace = chapter.halves[half], chapter.pace
    while (step := told.next_before(chapter.until)) is not None:
        pace.wait(half, step.at, is_other_there)
        with clock.stopped_at(step.at):
            told.follow(_do(chapter.stage, step, news=step.at > chapter.news_from))
        pace.note(half, len(told))
        if pace.done[half] % _SEAL_EVERY == 0:
            with clock.stopped_at(step.at):
                seal_everything()
            db.session.remove()
        say(clock.business_day(step.at))
    pace.end(half)


def _do(stage: Stage, step: Step, *, news: bool) -> list[Step]:
    """Do one step in its transaction; what the services refuse ends the thread, and is logged."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction(), outbox.as_history(is_history=not news):
                following = _ACTS[step.name](stage, step)
                story.write_following(step, following)
                return following
        except DomainError as refusal:
            log.warning("demo step refused", thread=step.thread, step=step.name, why=refusal.detail, code=refusal.code)
            with transaction():
                story.write_following(step, [])
            return []
        except DBAPIError as error:
            if not problems.lost_race(error) or attempt == _ATTEMPTS:
                raise
    raise AssertionError
