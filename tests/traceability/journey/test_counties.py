"""Which county's officials see what is done with goods."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import Farm, make_farm
from tests.ledger.filers import officials
from traceability.repository.models import TraceEvent
from traceability.repository.scopes import visible_to

HUINING = "620422"


@pytest.fixture
def farm(session) -> Farm:
    return make_farm()


def seen_by(division: str) -> list[str]:
    reviewer, _confirmer = officials(division)
    query = select(TraceEvent.biz_step).where(visible_to(reviewer)).order_by(TraceEvent.id)
    return [str(step).rpartition("-")[2] for step in db.session.scalars(query)]


def test_officials_see_what_is_done_with_goods_of_their_county_and_of_no_other(farm, deliver):
    with transaction():
        far = make.make_product(farm.actor, county_code=HUINING, name="会宁小杂粮")
    near_by = farm.harvest("100", code="A")
    far_off = farm.harvest("50", code="B", product=far.public_id)
    farm.process({near_by: "10", far_off: "10"}, "20", code="M")
    deliver()

    made = "creating_class_instance"
    assert (seen_by("620421"), seen_by(HUINING)) == ([made, made], [made, made])
    assert (seen_by("620400"), seen_by("522301")) == ([made] * 3, [])
    rows = db.session.execute(text("SELECT county_code, event_id FROM trace_event_counties")).all()
    last = db.session.scalar(select(TraceEvent.id).order_by(TraceEvent.id.desc()).limit(1))
    assert [tuple(row) for row in rows] == [(HUINING, last)]
