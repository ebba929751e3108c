"""What the market writes itself is neither taken back nor kept out by what is captured."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from catalog.lots.batches.models import BatchAct
from catalog.lots.records import undoing
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests.catalog.batches.help import make_farm
from tests.conftest import NOON, count
from tests.purchase.world import make_world
from tests.traceability.events import digest, document, observed
from traceability.journey import events, story
from traceability.journey.events import CONTEXTS, Part
from traceability.journey.goods import lots_of
from traceability.standard.contexts import Context
from traceability.standard.hashing import event_hash

DECLARED = {"errorDeclaration": {"declarationTime": "2026-07-15T05:00:00Z", "reason": "did_not_occur"}}


def of_market() -> list[dict[str, Any]]:
    query = text("SELECT event_id, document FROM trace_events WHERE is_market AND NOT is_declaration ORDER BY id")
    return [{"eventID": event_id, **said} for event_id, said in db.session.execute(query)]


def refused(client: Any, header: dict[str, str], event: dict[str, Any]) -> list[tuple[int, str]]:
    """Both ways of capturing it."""
    context = {"@context": list(CONTEXTS)}
    alone = client.post("/epcis/events", json=context | event, headers=header)
    whole = client.post("/epcis/capture", json=document(event, **context), headers=header)
    return [(each.status_code, json.loads(each.get_data())["type"]) for each in (alone, whole)]


FORBIDDEN = [(403, "epcisException:SecurityException")] * 2
TAKEN = [(409, "epcisException:ResourceAlreadyExistsException")] * 2


def test_neither_producer_nor_buyer_declares_wrong_what_the_market_wrote(client, bearer, deliver, session):
    world = make_world()
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "7", "3")
    deliver()
    written = of_market()
    uri = written[0]["quantityList"][0]["epcClass"]
    steps = story.list_steps(uri)
    before = digest()

    for who in (world.producer, world.buyer):
        for event in written:
            assert refused(client, bearer(who), event | DECLARED) == FORBIDDEN, event["bizStep"]
    proceed = bearer(world.producer) | {"GS1-Capture-Error-Behaviour": "proceed"}
    assert (len(written), digest(), story.list_steps(uri), len(steps)) == (5, before, steps, 5)
    job = client.post("/epcis/capture", json=document(written[0] | DECLARED), headers=proceed).headers["Location"]
    assert [each["type"] for each in client.get(job, headers=proceed).get_json()["errors"]] == [FORBIDDEN[0][1]]
    assert (count("trace_events"), story.list_steps(uri)) == (5, steps)


def test_an_act_is_undone_on_the_market_and_its_identifier_is_nobody_elses(client, bearer, deliver, session):
    farm = make_farm()
    batch = farm.harvest("100", code="A")
    act = f"urn:uuid:{db.session.get_one(BatchAct, batch.act_id).public_id}"
    header = bearer(farm.actor)
    squatting = observed(eventID=act)
    before = digest()

    assert [refused(client, header, each) for each in (squatting, squatting | DECLARED)] == [TAKEN, TAKEN]
    assert digest() == before
    deliver()
    (written,) = of_market()
    assert refused(client, header, written | DECLARED) == FORBIDDEN
    edges = "SELECT count(*) FROM trace_transforms WHERE withdrawn_by IS NOT NULL"
    packed = farm.pack(batch, "40", code="L1")
    deliver()
    assert refused(client, header, of_market()[-1] | DECLARED) == FORBIDDEN
    assert db.session.scalar(text(edges)) == 0
    packing = db.session.scalars(text("SELECT public_id FROM batch_acts WHERE kind = 'pack'")).one()
    with transaction():
        undoing.undo(packing, farm.actor, at=NOON)
    deliver()
    assert (db.session.scalar(text(edges)), packed.code) == (2, "L1")


@pytest.mark.parametrize("is_declared", [False, True])
def test_who_takes_the_hash_of_a_shipment_before_it_is_told_keeps_neither_it_nor_the_buyer_out(
    client, bearer, deliver, session, is_declared
):
    world = make_world()
    deliver()
    order = world.signed("10")
    shipment = world.ship(order, "4")
    key = db.session.scalars(text("SELECT id FROM lots")).one()
    uri = lots_of([key])[key].uri
    parties = (db.session.get_one(Organisation, who.organisation_id) for who in (world.producer, world.buyer))
    consignor, consignee = (each.public_id for each in parties)
    event = events.shipped(
        [Part(uri, Decimal(4), "bag")], at=shipment.shipped_at, consignor=consignor, consignee=consignee,
        order=order.public_id, shipment=shipment.public_id,
    )  # fmt: skip
    name = event_hash(event, Context.of(*CONTEXTS))
    squatting = observed(eventID=name) | (DECLARED if is_declared else {})
    posted = client.post("/epcis/capture", json=document(squatting), headers=bearer(make_world().producer))
    assert posted.status_code == 202
    assert refused(client, bearer(world.buyer), observed(eventID=f"{name}&by=market")) == TAKEN

    deliver(times=2)

    written = [each for each in of_market() if each["bizStep"] == "shipping"]
    assert [(each.pop("eventID"), each) for each in written] == [(f"{name}&by=market", event)]
    kept = db.session.execute(text("SELECT consignee_id, quantity FROM trace_consignments")).all()
    assert [(row.consignee_id, int(row.quantity)) for row in kept] == [(world.buyer.organisation_id, 4)]
    assert [each.event_id for each in story.list_steps(uri)][-1] == f"{name}&by=market"
    assert db.session.scalar(text("SELECT count(*) FROM outbox_deliveries WHERE done_at IS NULL")) == 0
