"""Goods on their way: they arrive at places, are stored there, leave them; and acts that tell where they were done."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from catalog.lots.batches import packing, places, services
from catalog.lots.batches.models import Place
from catalog.lots.batches.rules import BadBatch
from catalog.lots.records import passages, withdrawing
from catalog.lots.records.models import Passage
from catalog.lots.records.subjects import BadRecord, NoSuchSubject
from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import Farm, events, make_farm
from tests.conftest import NOON, count


@pytest.fixture
def farm(session) -> Farm:
    return make_farm()


def collection_point(farm: Farm, **values: Any) -> Place:
    with transaction():
        new = places.NewPlace("collection_point", "东湾集货点", township="东湾镇", tier="township", **values)
        return places.add_place(farm.actor.organisation_id, new, farm.actor, at=make.LONG_AGO)


def pass_by(farm: Farm, kind: str, place: Place, quantity: str = "100", **values: Any) -> Passage:
    with transaction():
        new = passages.NewPassage(kind, place.public_id, Decimal(quantity), values.pop("occurred_at", NOON), **values)
        return passages.record_passage(new, farm.actor, at=NOON)


def test_passages_are_recorded_of_what_there_is_at_places_one_may_use_and_taken_back_once(farm):
    point, shared = collection_point(farm), collection_point(make_farm(), is_shared=True)
    hidden = collection_point(make_farm())
    batch = farm.harvest("100", code="A")
    about = {"batch": batch.public_id}

    for wrong, refusal in (
        ({"quantity": "100.001"}, BadRecord), ({"quantity": "0"}, BadBatch), ({"kind": "flown"}, BadRecord),
        ({"occurred_at": NOON + timedelta(hours=1)}, BadBatch), ({"place": hidden}, places.NoSuchPlace),
        ({"batch": make_farm().harvest().public_id}, NoSuchSubject),
    ):  # fmt: skip
        with pytest.raises(refusal):
            pass_by(farm, **{"kind": "arrived", "place": point, **about, **wrong})
    made = [pass_by(farm, kind, place, **about) for kind, place in (("arrived", point), ("left", shared))]
    with transaction():
        withdrawing.withdraw_passage(made[0].public_id, "填错地点", farm.actor, at=NOON)
    with pytest.raises(DBAPIError, match="append-only"), transaction():
        db.session.execute(text("UPDATE passages SET kind = 'stored'"))

    assert count("passages") == 2
    told = events("catalog.goods_passed")
    assert [(each["kind"], each["place"]["name"], each["quantity"], each["unit"]) for each in told] == [
        ("arrived", "东湾集货点", "100.000", "kg"), ("left", "东湾集货点", "100.000", "kg")
    ]  # fmt: skip
    assert [each["reason"] for each in events("catalog.passage_withdrawn")] == ["填错地点"]
    assert farm.harvest("1", code="B").on_hand_kg == 1  # and nothing was moved
    assert db.session.execute(text("SELECT on_hand_kg FROM batches WHERE code = 'A'")).scalar_one() == 100


def test_splitting_mixing_opening_and_losing_tell_where_they_were_done(farm):
    point = collection_point(farm).public_id
    first, second = farm.harvest("100", code="A"), farm.harvest("50", code="B")
    lot = farm.pack(first, "10", place=point)
    when: dict[str, Any] = {"occurred_at": NOON, "at": NOON, "place": point}
    with transaction():
        services.split(first.public_id, [("C", Decimal(10))], farm.actor, **when)
        inputs = {first.public_id: Decimal(10), second.public_id: Decimal(10)}
        services.mix(inputs, farm.actor, **when)
        services.discard(second.public_id, Decimal(1), "霉变", farm.actor, **when)
        packing.unpack(lot.public_id, Decimal(2), farm.actor, **when)

    rows = db.session.execute(
        text("SELECT kind FROM batch_acts WHERE place_id = (SELECT max(id) FROM places) ORDER BY id")
    )
    assert rows.scalars().all() == ["pack", "split", "mix", "discard", "unpack"]
    told = [*events("catalog.lot_packed"), *events("catalog.batch_transformed"), *events("catalog.batch_discarded")]
    assert {each["place"]["name"] for each in told} == {"东湾集货点"}


def test_a_clerk_records_on_a_phone_that_goods_came_to_a_collection_point_and_left_it(farm, login):
    desk, batch = login(farm.actor), farm.harvest("100", code="A")
    point = collection_point(farm)
    address = f"/producer/records/batch/{batch.public_id}/passage"
    page = desk.get(address).text
    values = {"place": str(point.public_id), "quantity": "80", "done_on": "2026-07-15"}

    made = [
        desk.post(address, data={**values, "kind": kind, "done_at": at}).status_code
        for kind, at in (("arrived", "08:30"), ("left", "11:00"), ("left", "23:00"))
    ]
    home = desk.get(f"/producer/records/batches/{batch.public_id}").text

    assert ('value="100"' in page, "登记到达、存放、离开" in page) == (True, True)
    assert made == [302, 302, 422]
    assert [words in home for words in ("到达", "离开", "2026-07-15 08:30", "东湾镇 东湾集货点")] == [True] * 4
    assert (
        f'action="/producer/records/passages/{db.session.query(Passage).order_by(Passage.id).limit(1).one().public_id}/withdraw"'
        in home
    )
