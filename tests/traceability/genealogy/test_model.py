"""Random histories: the walk finds what a person with a pencil finds, in both directions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shop.db import db, transaction
from tests.factories import make_organisation
from tests.traceability.events import declared, observed, packed, sgtin, store
from tests.traceability.genealogy.model import Make, Pack, World
from traceability.genealogy.walk import Kind, walk
from traceability.repository.storing import Writer

pytestmark = pytest.mark.usefixtures("session")

THINGS = [f"t{number}" for number in range(7)]
_runs = count(1)
BEGIN = datetime(2026, 7, 1, tzinfo=UTC)

_things = st.sampled_from(THINGS)
_some = st.lists(_things, max_size=3, unique=True).map(tuple)
_withdrawn = st.sampled_from([False, False, False, True])
_packs = st.builds(Pack, _things, st.one_of(_things, _things, _things, st.none()), st.booleans(), _withdrawn).filter(
    lambda pack: pack.parent != pack.child and not (pack.child is None and pack.is_add)
)
_makes = st.builds(Make, _some, _some, st.sampled_from([None, None, "p", "q"]), _withdrawn).filter(
    lambda make: make.inputs or make.outputs
)
_histories = st.lists(st.one_of(_packs, _packs, _makes), min_size=1, max_size=14).map(World)


def as_event(event: Pack | Make, hour: int, run: str) -> dict[str, Any]:
    def named(*things: str) -> list[str] | None:
        return [sgtin(run + each) for each in things] or None

    at = (BEGIN + timedelta(hours=hour)).isoformat()
    if isinstance(event, Pack):
        children = [] if event.child is None else [sgtin(run + event.child)]
        action = "ADD" if event.is_add else "DELETE"
        moved: dict[str, Any] = packed(sgtin(run + event.parent), *children, action=action, at=at)
        return moved
    return observed(
        type="TransformationEvent", action=None, epcList=None, eventTime=at, disposition=None,
        inputEPCList=named(*event.inputs), outputEPCList=named(*event.outputs),
        transformationID=f"urn:example:{run}{event.process}" if event.process else None,
    )  # fmt: skip


def tell(world: World, run: str) -> None:
    """Store all at once, the latest first: the order of coming does not matter."""
    with transaction():
        writer = Writer(make_organisation("producer").id, "620421")
    events = [as_event(event, hour, run) for hour, event in enumerate(world.happened)]
    wrong = [declared(event) for event, told in zip(events, world.happened, strict=True) if told.withdrawn]
    store(writer, *events[::-1], *wrong)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=_histories)
def test_the_walk_finds_what_a_person_with_a_pencil_finds(session, world):
    run = f"r{next(_runs)}-"
    tell(world, run)
    query = text("SELECT id, captured FROM trace_epcs WHERE captured LIKE :like")
    rows = db.session.execute(query, {"like": f"%.{run}%"})
    names = {id_: captured.rpartition("-")[2] for id_, captured in rows}

    for id_, name in names.items():
        for direction, expected in (("down", world.down(name)), ("up", world.up(name))):
            found = {names[each] for each in walk([id_], direction).of(*(set(Kind) - {Kind.STEP}))}
            assert found == expected, (name, direction)
