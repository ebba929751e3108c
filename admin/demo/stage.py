"""What every act of the story stands on: the world, the plans, and when the next step is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from admin.demo.plan import Plan, draw, halve
from admin.demo.story import Step
from admin.demo.world import World
from orders.purchase.models import OrderLine
from shop.db import db

#: Does a step at its instant; returns what follows.
Act = Callable[["Stage", Step], list[Step]]
#: Working hours in minutes of the UTC day.
_OPENS, _CLOSES = 30, 9 * 60 + 30


class Stage:
    """What every act needs: the world and the plans by number."""

    def __init__(self, world: World, plans: dict[int, Plan]) -> None:
        self.plans = plans
        self.halves = halve(offer.county for offer in world.offers)
        self.enter(world)

    def enter(self, world: World) -> None:
        """Take the world as it is now, after more have joined."""
        self.world = world
        self.makers = {body.id: key for key, body in world.cast.organisations.items() if body.kind == "producer"}

    def half(self, step: Step) -> int:
        """Return which half of the counties a step belongs to; the published case is told with the first."""
        if "buyer" in step.memory:
            return self.plans[int(step.memory["number"])].half
        return int(step.memory.get("half", 0))

    def buyer(self, step: Step) -> Any:
        """Return who acts for the institution of a step."""
        return self.world.cast.first(f"institution:{step.memory['buyer']}")

    def seller(self, step: Step, second: bool = False) -> Any:  # noqa: FBT001, FBT002  the first or second person
        """Return who acts for the producer of a step."""
        people = self.world.cast.people[step.memory["maker"]]
        return people[1 if second else 0]


def later(step: Step, name: str, *, days: tuple[float, float], **memory: Any) -> Step:
    """Return the thread's next step, a drawn number of days on and in Shanghai's working hours."""
    rng = draw_for(step, name)
    at = step.at + timedelta(days=rng.uniform(*days))
    return Step(working_time(at, rng), step.thread, name, {**step.memory, **memory})


def working_time(at: datetime, rng: Random) -> datetime:
    """Move an instant forward to a weekday between 8:30 and 17:30 in Shanghai, which is 0:30 to 9:30 UTC."""
    minute = at.hour * 60 + at.minute
    if not _OPENS <= minute <= _CLOSES:
        at = (at + timedelta(days=1)).replace(hour=0, minute=30) + timedelta(minutes=rng.randint(0, 9 * 60))
    while at.weekday() > 4:  # noqa: PLR2004  Friday
        at += timedelta(days=1)
    return at


def draw_for(step: Step, name: str) -> Random:
    """Return the generator of one decision of a thread."""
    return draw(int(step.memory["number"]), step.memory.get("place", 0), name, step.name)


def lines_of(step: Step) -> list[OrderLine]:
    """Return the lines of a thread's order."""
    wanted = select(OrderLine).where(OrderLine.order_id == int(step.memory["key"])).order_by(OrderLine.id)
    return list(db.session.scalars(wanted))
