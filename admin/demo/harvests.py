"""Each winter's lots, put in stock portion by portion, so that no transaction holds the shop up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from admin.demo import shelf
from admin.demo.stage import Act, Stage
from admin.demo.story import Step

#: The first lots come with the products.
_YEARS = range(2021, 2027)
#: Products of one step.
_PORTION = 20


def first_steps() -> list[Step]:
    """Return the first portion of each year, in each half of the counties."""
    return [
        Step(
            datetime(year, 1, 2, tzinfo=UTC), f"stock:{year}:{half}", "harvest", {"year": year, "half": half, "from": 0}
        )
        for year in _YEARS
        for half in (0, 1)
    ]


def harvest(stage: Stage, step: Step) -> list[Step]:
    """Put the year's lots of a portion in stock; the next portion follows."""
    year, half, start = (int(step.memory[name]) for name in ("year", "half", "from"))
    ours = [(sample, sku) for sample, sku in stage.world.stocked if stage.halves[sample.row["county_code"]] == half]
    shelf.harvest(stage.world.cast, ours[start : start + _PORTION], year=year, at=step.at)
    if start + _PORTION >= len(ours):
        return []
    return [Step(step.at + timedelta(minutes=1), step.thread, "harvest", {**step.memory, "from": start + _PORTION})]


ACTS: dict[str, Act] = {"harvest": harvest}
