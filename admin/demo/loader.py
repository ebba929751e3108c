"""Tells the demo story: builds its world, then does every step at its instant, in time order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from admin.demo import acts, case, plan, shelf, story, world
from admin.demo.shelf import Sample
from admin.demo.stage import Stage
from admin.demo.story import Step, Story
from catalog.lots import services as lots
from orders.ledger.reporting import seal_everything
from shop import clock, history
from shop.db import db, transaction
from shop.errors import DomainError
from shop.logs import log
from shop.outbox import services as outbox

#: Told after each step: how many are done, how many are known, and the story's day.
Progress = Callable[[int, int, date], None]
#: People are told of what happened in the story's last days; before that it is history.
_NEWS = timedelta(days=20)
_SEAL_EVERY = 400


def tell_story(
    say: Callable[[str], None], progress: Progress, *, samples: Sequence[Sample] | None = None, most: int | None = None
) -> int:
    """Load what is missing of the demo; returns how many steps were done. Stops at the business clock's now.

    :param samples: the products of the story, all 500 if left out.
    :param most: how many procurements at most.
    """
    end = clock.now()
    with outbox.as_history(), history.telling():
        with transaction():
            db.session.execute(text("SET synchronous_commit = off"))
        built = world.build(say, shelf.read_samples() if samples is None else list(samples))
        plans = {made.number: made for made in plan.plans(built.buyers, built.offers)[:most]}
        stage = Stage(built, plans)
        with transaction():
            if not story.is_begun():
                story.begin(_beginnings(plans))
            steps = story.open_steps()
        return _perform(stage, Story(steps), end=end, progress=progress, say=say)


def _beginnings(plans: dict[int, plan.Plan]) -> list[Step]:
    """Return the first step of every thread: purchases, the published case, each year's lots."""
    years = [
        Step(datetime(year, 1, 2, 0, 0, tzinfo=UTC), f"stock:{year}", "harvest", {"year": year})
        for year in range(2021, 2027)
    ]
    gone = [Step(datetime(year, 3, 1, tzinfo=UTC), f"expire:{year}", "expire", {}) for year in range(2021, 2027)]
    return [
        *(acts.first_step(made) for made in plans.values()),
        *case.first_steps(),
        *years,
        *gone,
        Step(shelf.SECOND_WAVE, "join", "join", {}),
    ]


def _perform(stage: Stage, told: Story, *, end: datetime, progress: Progress, say: world.Tell) -> int:
    done = 0
    while (step := told.next_until(end)) is not None:
        with clock.stopped_at(step.at):
            if step.name == "join":
                stage.enter(world.grow(say, stage.world.samples, step.at))
            told.follow(_do(stage, step, news=step.at > end - _NEWS))
        done += 1
        if done % _SEAL_EVERY == 0:
            with clock.stopped_at(step.at):
                seal_everything()
            db.session.remove()
        progress(done, done + len(told), clock.business_day(step.at))
    seal_everything()
    return done


def _do(stage: Stage, step: Step, *, news: bool) -> list[Step]:
    """Do one step in its transaction; what the services refuse ends the thread, and is logged."""
    try:
        with transaction(), outbox.as_history(is_history=not news):
            following = _act(stage, step)
            story.write_following(step, following)
    except DomainError as refusal:
        log.warning("demo step refused", thread=step.thread, step=step.name, why=refusal.detail, code=refusal.code)
        with transaction():
            story.write_following(step, [])
        return []
    return following


def _act(stage: Stage, step: Step) -> list[Step]:
    if step.name == "harvest":
        shelf.harvest(stage.world.cast, stage.world.stocked, year=int(step.memory["year"]), at=step.at)
        return []
    if step.name == "join":
        return []  # done before, in transactions of its own
    if step.name == "expire":
        lots.expire_lots(clock.business_day(step.at), at=step.at)
        return []
    if step.name in case.ACTS:
        return case.ACTS[step.name](stage, step)
    return acts.ACTS[step.name](stage, step)
