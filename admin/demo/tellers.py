"""Two tellers at once: each does the steps of its half of the counties, never more than a story's month before the other.

The halves share no purchase, stock or payment, so what is told is the same however the two take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.exc import DBAPIError

from admin.demo import acts, case, harvests, story
from admin.demo.halves import IsThere, Pace, side_by_side
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
_SEAL_EVERY = 400
_ATTEMPTS = 3
_ACTS = acts.ACTS | case.ACTS | harvests.ACTS


@dataclass(frozen=True)
class _Chapter:
    """What both tellers know: the stage, the steps of each half, and until when they tell."""

    stage: Stage
    halves: Sequence[Story]
    until: datetime
    #: From when people are told.
    news_from: datetime
    pace: Pace


def tell(
    stage: Stage, halves: Sequence[Story], *, until: datetime, news_from: datetime, done: int, progress: Progress
) -> int:
    """Do every step before ``until``, the second half in a process of its own; return how many are done by now.

    :param done: how many were done before.
    :raises Stopped: if the other process fails; what both have committed stays, and the story can go on.
    """
    pace = Pace([len(half) for half in halves])
    chapter = _Chapter(stage, halves, until, news_from, pace)

    def say(day: date) -> None:
        so_far = done + int(sum(pace.done))
        progress(so_far, so_far + int(sum(pace.open)), day)

    def tell_half(half: int, is_other_there: IsThere) -> None:
        _tell_half(half, chapter, is_other_there=is_other_there, say=say if half == 0 else lambda _day: None)

    if halves[1].goes_on_before(until):
        side_by_side(tell_half)
    else:
        pace.end(1)
        tell_half(0, lambda: True)
    return done + int(sum(pace.done))


def _tell_half(half: int, chapter: _Chapter, *, is_other_there: IsThere, say: Callable[[date], None]) -> None:
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
