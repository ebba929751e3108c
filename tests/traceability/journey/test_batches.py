"""What producers record of batches becomes events that lead from a pack back to the field."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from catalog.lots.batches.models import BatchAct
from catalog.lots.records import undoing
from catalog.products import numbers
from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import Farm, make_farm
from tests.conftest import NOON
from traceability.journey import events, writing
from traceability.journey.events import CONTEXTS
from traceability.journey.story import list_steps
from traceability.journey.words import step_word
from traceability.repository.models import TraceEvent
from traceability.repository.scopes import visible_to
from traceability.standard.validation import problems_of_event


@pytest.fixture
def farm(session) -> Farm:
    return make_farm()


def documents() -> list[dict[str, Any]]:
    rows = db.session.execute(select(TraceEvent.event_id, TraceEvent.document).order_by(TraceEvent.id))
    return [{"eventID": row.event_id, **row.document} for row in rows]


def rows(sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.session.execute(text(sql))]


def act(key: int) -> str:
    return f"urn:uuid:{db.session.get_one(BatchAct, key).public_id}"


def test_a_harvest_adds_a_batch_at_its_place(farm, deliver):
    batch = farm.harvest("1250.5", code="2026-A")

    deliver(times=2)

    (event,) = documents()
    here = {"id": f"urn:uuid:{farm.plot.public_id}"}
    assert event == {
        "eventID": act(batch.act_id), "type": "ObjectEvent", "action": "ADD", "bizStep": "creating_class_instance",
        "disposition": "active", "eventTime": "2026-07-15T12:00:00.000+08:00", "eventTimeZoneOffset": "+08:00",
        "readPoint": here, "bizLocation": here,
        "bizTransactionList": [{"type": "prodorder", "bizTransaction": act(batch.act_id)}],
        "quantityList": [
            {
                "epcClass": f"https://id.gs1.org/01/{numbers.product_number(batch.product_id)}/10/2026-A",
                "quantity": 1250.5, "uom": "KGM",
            }
        ],
        "ilmd": {"cbvmda:lotNumber": "2026-A"},
    }  # fmt: skip
    assert problems_of_event({"@context": list(CONTEXTS), **event}) == []


def test_packing_makes_a_lot_of_packs_from_a_batch(farm, deliver):
    batch = farm.harvest("100", code="A")
    lot = farm.pack(batch, "40")

    deliver()

    packed = documents()[-1]
    assert (packed["type"], packed["bizStep"]) == ("TransformationEvent", "packing")
    assert packed["inputQuantityList"][0]["quantity"] == 20
    assert packed["outputQuantityList"] == [
        {"epcClass": f"https://id.gs1.org/01/{numbers.own_number(lot.sku_id)}/10/{lot.code}", "quantity": 40}
    ]
    assert packed["ilmd"]["cbvmda:lotNumber"] == lot.code
    assert problems_of_event({"@context": list(CONTEXTS), **packed}) == []
    assert rows("SELECT is_output, quantity FROM trace_transforms ORDER BY is_output") == [(False, 20), (True, 40)]


def test_what_is_undone_is_declared_never_to_have_happened(farm, deliver):
    batch = farm.harvest("100", code="A")
    deliver()
    with transaction():
        undoing.undo(db.session.get_one(BatchAct, batch.act_id).public_id, farm.actor, at=NOON)

    deliver(times=2)

    first, declared = documents()
    assert {name: value for name, value in declared.items() if name != "errorDeclaration"} == first
    assert declared["errorDeclaration"]["reason"] == "did_not_occur"
    assert rows("SELECT event_id, is_declaration FROM trace_events ORDER BY id") == [
        (act(batch.act_id), False), (act(batch.act_id), True)
    ]  # fmt: skip


def test_processing_and_loss_are_events_too(farm, deliver):
    batch = farm.harvest("100", code="A")
    farm.process({batch: "100"}, "25", "0.3")

    deliver()

    assert [(each["type"], each["bizStep"]) for each in documents()] == [
        ("ObjectEvent", "creating_class_instance"),
        ("TransformationEvent", "creating_class_instance"),
    ]
    assert [each["quantity"] for each in documents()[-1]["outputQuantityList"]] == [25]


def test_the_story_of_a_lot_begins_in_the_field_and_leaves_out_what_is_anothers(farm, deliver):
    first, second = (
        farm.harvest("100", code="A", occurred_at=NOON - timedelta(hours=9)),
        farm.harvest("50", code="B", occurred_at=NOON - timedelta(hours=9)),
    )
    dried = farm.process({first: "100"}, "25", "0.3", occurred_at=NOON - timedelta(hours=3), code="D")
    lot = farm.pack(dried, "20", code="L1", occurred_at=NOON - timedelta(hours=2))
    farm.pack(dried, "20", code="L2", occurred_at=NOON - timedelta(hours=1))
    farm.pack(second, "20", code="L3", occurred_at=NOON - timedelta(hours=1))
    deliver()

    number = numbers.own_number(lot.sku_id)
    steps = list_steps(f"https://id.gs1.org/01/{number}/10/L1")

    told = [
        (step_word(each.type, each.biz_step, each.disposition, "0605"), f"{each.quantity:f}", each.uom)
        for each in steps
    ]
    assert told == [
        ("采收", "100", "KGM"), ("加工", "25", "KGM"), ("包装", "20", None)
    ]  # fmt: skip


def test_who_gets_a_lot_reads_what_it_was_made_of(farm, deliver):
    batch = farm.harvest("100", code="A")
    farm.pack(batch, "20", code="L1")
    deliver()
    number = numbers.own_number(farm.sku.id)
    with transaction():
        buyer = make.make_member(organisation=make.make_organisation())
        stranger = make.make_member(organisation=make.make_organisation())
        uris = [f"https://id.gs1.org/01/{number}/10/L1"]
        writing.grant(buyer.organisation_id, uris, by=farm.actor.organisation_id, reason="shipment", ref=None, at=NOON)

    seen = [len(db.session.scalars(select(TraceEvent.id).where(visible_to(each))).all()) for each in (buyer, stranger)]

    assert seen == [2, 0]


def test_who_gets_goods_before_it_was_told_what_they_were_made_of_reads_that_too(farm, deliver):
    number = numbers.own_number(farm.sku.id)
    uri = f"https://id.gs1.org/01/{number}/10/L1"
    with transaction():
        buyer = make.make_member(organisation=make.make_organisation())
        event = events.put_in_stock(
            events.Part(uri, Decimal(1), "bag"), at=NOON, producer=farm.actor.organisation_public_id, code="L1"
        )
        writing.write([event], writing.writer_for(farm.actor.organisation_id, ["620421"]), at=NOON)
        writing.grant(buyer.organisation_id, [uri], by=farm.actor.organisation_id, reason="shipment", ref=None, at=NOON)
    batch = farm.harvest("100", code="A")
    farm.pack(farm.process({batch: "100"}, "50", code="D"), "20", code="L1")

    deliver(times=2)

    seen = db.session.scalars(
        select(TraceEvent.document).where(visible_to(buyer), TraceEvent.type == "TransformationEvent")
    )
    assert sorted(each["bizStep"] for each in seen) == ["creating_class_instance", "packing"]
    given = db.session.scalars(
        text("SELECT e.uri FROM trace_grants g JOIN trace_epcs e ON e.id = g.epc_id WHERE g.organisation_id = :id"),
        {"id": buyer.organisation_id},
    )
    product = numbers.product_number(farm.product.id)
    assert set(given) == {uri, f"https://id.gs1.org/01/{product}/10/A", f"https://id.gs1.org/01/{product}/10/D"}
