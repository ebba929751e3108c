"""Tells the demo story: builds its world, then does every step at its instant, in time order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from admin.demo import acts, case, halves, harvests, plan, settling, shelf, story, tellers, world
from admin.demo.shelf import Sample
from admin.demo.stage import Stage
from admin.demo.story import Step, Story
from admin.demo.tellers import Progress
from catalog.lots import expiring
from orders.ledger.reporting import seal_everything
from shop import clock, history
from shop.db import db, transaction
from shop.outbox import services as outbox


def tell_story(
    say: Callable[[str], None], progress: Progress, *, samples: Sequence[Sample] | None = None, most: int | None = None
) -> int:
    """Load what is missing of the demo; returns how many steps were done. Stops at the business clock's now.

    What concerns everybody (lots that end, producers that join) is done here, between chapters; the
    purchases of a chapter are told by two tellers at once, one for each half of the counties.

    :param samples: the products of the story, all 500 if left out.
    :param most: how many procurements at most.
    """
    end = clock.now()
    with outbox.as_history(), history.telling():
        halves.commit_without_waiting()
        built = world.build(say, shelf.read_samples() if samples is None else list(samples))
        plans = {made.number: made for made in plan.plans(built.buyers, built.offers)[:most]}
        stage = Stage(built, plans)
        with transaction():
            if not story.is_begun():
                story.begin(_beginnings(plans))
        done = 0
        while (told := _next_chapter(stage, done, end=end, progress=progress, say=say)) is not None:
            done = told
        seal_everything()
    return done


def _beginnings(plans: dict[int, plan.Plan]) -> list[Step]:
    """Return the first step of every thread: purchases, the published case, each year's lots."""
    gone = [Step(datetime(year, 3, 1, tzinfo=UTC), f"expire:{year}", "expire", {}) for year in range(2021, 2027)]
    return [
        *(acts.first_step(made) for made in plans.values()),
        *case.first_steps(),
        *harvests.first_steps(),
        *settling.first_steps(),
        *gone,
        Step(shelf.SECOND_WAVE, "join", "join", {}),
    ]


def _next_chapter(stage: Stage, done: int, *, end: datetime, progress: Progress, say: world.Tell) -> int | None:
    """Tell up to what concerns everybody next, and do that; ``None`` when there is nothing left before ``end``."""
    with transaction():
        steps = story.open_steps()
    everybodys = min((step for step in steps if step.name in _EVERYBODYS and step.at <= end), default=None)
    until = everybodys.at if everybodys else end
    parts = [Story(step for step in steps if step.name not in _EVERYBODYS and stage.half(step) == n) for n in (0, 1)]
    if not everybodys and not any(part.goes_on_before(until) for part in parts):
        return None
    done = tellers.tell(stage, parts, until=until, news_from=end - tellers.NEWS, done=done, progress=progress)
    if everybodys:
        if everybodys.name == "join":  # in transactions of its own
            stage.enter(world.grow(say, stage.world.samples, everybodys.at))
        with clock.stopped_at(everybodys.at), transaction():
            _EVERYBODYS[everybodys.name](stage, everybodys)
            story.write_following(everybodys, [])
        done += 1
    return done


def _expire(_stage: Stage, step: Step) -> None:
    expiring.expire_lots(clock.business_day(step.at), at=step.at)


def _join(_stage: Stage, _step: Step) -> None:
    db.session.expire_all()


_EVERYBODYS: dict[str, Callable[[Stage, Step], None]] = {
    "expire": _expire, "join": _join, "pay_out": settling.pay_out,
    "agree_on_clearing": settling.agree_on_clearing,
}  # fmt: skip
