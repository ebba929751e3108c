"""Nobody writes events about goods that are registered here to another, unless an order brought them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from catalog.producers import services as producers
from catalog.products.models import Sku
from catalog.products.numbers import own_number, product_number
from shop.db import db, transaction
from tests import factories
from tests.conftest import NOON, count
from tests.purchase.world import make_world
from tests.traceability.events import digest, document, observed, packed, sscc
from traceability.repository.refusals import ForeignKey

GTIN = "06901234567892"
LOT, PIECE = f"https://id.gs1.org/01/{GTIN}/10/L-7", f"https://id.gs1.org/01/{GTIN}/21/A7"
PROCEED = {"GS1-Capture-Error-Behaviour": "proceed"}


@pytest.fixture
def goods(session) -> Any:
    """A producer's pack with a GTIN, and one without."""
    with transaction():
        producer = factories.make_producer()
        product = factories.make_product(producer)
        named = factories.make_sku(product, producer, gtin=GTIN)
        own = factories.make_sku(product, producer, pack_spec="1 kg/袋")
        values = producer, own_number(own.id), product_number(product.id)
        assert named.gtin == GTIN
    return values


def transformed(**lists: Any) -> dict[str, Any]:
    """A TransformationEvent of something that nobody registered."""
    mine = [{"epcClass": "urn:epc:class:lgtin:4012345.012345.A", "quantity": 1}]
    inputs = {"inputQuantityList": mine, "outputQuantityList": mine} | lists
    return observed(type="TransformationEvent", action=None, epcList=None, bizStep="creating_class_instance", **inputs)


def naming(uri: str) -> list[dict[str, Any]]:
    """An event for each place where the standard lets an event name goods."""
    element = [{"epcClass": uri, "quantity": 2}]
    return [
        observed(uri),
        observed(uri, action="ADD", bizStep="commissioning", disposition="active"),
        observed(epcList=None, quantityList=element),
        packed(sscc(1), uri),
        packed(uri, sscc(2)),
        packed(sscc(1), childQuantityList=element),
        transformed(inputQuantityList=element),
        transformed(outputQuantityList=element),
        transformed(inputEPCList=[uri]),
        transformed(outputEPCList=[uri]),
    ]


def test_an_event_that_names_anothers_goods_anywhere_is_refused_and_nothing_of_it_stored(client, bearer, goods):
    _producer, own, batch = goods
    stranger = bearer(factories.make_member("producer"))
    written = [
        PIECE, f"https://id.gs1.org/01/{GTIN}", "urn:epc:id:sgtin:690123.0456789.A7", "urn:epc:class:lgtin:690123.0456789.L-7",
        f"https://elsewhere.example/gtin/{GTIN[1:]}/lot/L-7", f"https://id.gs1.org/01/{own}/10/L-1",
        f"https://id.gs1.org/01/{batch}/10/B-1",
    ]  # fmt: skip
    events = naming(LOT) + [observed(uri) for uri in written]
    before = digest()

    for event in events:
        alone = client.post("/epcis/events", json={"@context": document()["@context"], **event}, headers=stranger)
        whole = client.post("/epcis/capture", json=document(observed(), event), headers=stranger)
        for answer, pointer in ((alone, "#"), (whole, "#/epcisBody/eventList/1")):
            problem = json.loads(answer.get_data())
            assert (answer.status_code, answer.content_type) == (403, "application/problem+json"), event
            assert problem["type"] == f"epcisException:{ForeignKey.exception}" == "epcisException:SecurityException"
            assert [error["pointer"] for error in problem["errors"]] == [pointer]
            assert problem["errors"][0]["detail"].endswith("belongs to another organisation.")
    assert digest() == before


def test_when_each_stands_for_itself_the_others_are_stored(client, bearer, goods):
    stranger = bearer(factories.make_member("producer"))
    mine = observed()

    taken = client.post("/epcis/capture", json=document(observed(LOT), mine), headers=stranger | PROCEED)

    job = client.get(taken.headers["Location"], headers=stranger).get_json()
    assert (taken.status_code, job["success"], job["stored"], len(job["errors"])) == (202, False, 1, 1)
    assert (job["errors"][0]["type"], job["errors"][0]["status"]) == ("epcisException:SecurityException", 403)
    assert [count(table) for table in ("trace_events", "trace_jobs")] == [1, 1]
    found = client.get(f"/epcis/events?EQ_eventID={mine['eventID']}", headers=stranger).get_json()
    assert len(found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 1


def test_the_producer_and_its_agent_while_the_mandate_lasts_write_about_them(client, bearer, goods):
    producer, own, _batch = goods
    with transaction():
        agent, former = factories.make_member("agent"), factories.make_member("agent")
        for each, until in ((agent, None), (former, date(2026, 7, 14))):
            producers.give_mandate(
                producer.organisation_id, each.organisation_id, producer, valid_from=date(2026, 1, 1), valid_to=until
            )
    events = [LOT, f"https://id.gs1.org/01/{own}/10/L-1"]

    statuses = [
        [client.post("/epcis/capture", json=document(*map(observed, events)), headers=bearer(each)).status_code]
        for each in (producer, agent, former)
    ]

    assert statuses == [[202], [202], [403]]
    assert count("trace_events") == 4


def test_who_got_a_lot_by_an_order_writes_about_that_lot_and_no_other(client, bearer, deliver, session):
    world = make_world(stock="0")
    with transaction():
        sku = db.session.get_one(Sku, world.listings[0].sku_id)
        lot, other = (factories.make_lot(sku, world.producer, "20", lot_code=code) for code in ("A", "B"))
        key = sku.id
    buyer = bearer(world.buyer)
    uris = [f"https://id.gs1.org/01/{own_number(key)}/10/{code}" for code in ("A", "B")]

    def asked() -> list[int]:
        events = [observed(uri, bizStep="receiving", disposition="in_progress") for uri in uris]
        return [client.post("/epcis/capture", json=document(event), headers=buyer).status_code for event in events]

    assert asked() == [403, 403]
    order = world.signed("10")
    assert asked() == [403, 403]
    world.ship(order, "10", lot_ids=(lot.public_id,))
    deliver()

    assert asked() == [202, 403]
    assert (
        client.post("/epcis/capture", json=document(observed(uris[0].partition("/10/")[0])), headers=buyer).status_code
        == 403
    )
    assert other.code == "B"
    writers = "SELECT count(*) FROM trace_events WHERE organisation_id = :buyer"
    assert db.session.execute(text(writers), {"buyer": world.buyer.organisation_id}).scalar_one() == 1


def given(lot: str, to: Any, by: Any) -> None:
    """Let goods have gone to an organisation, as a shipment does."""
    with transaction():
        db.session.execute(
            text("""INSERT INTO trace_grants (organisation_id, epc_id, granted_at, granted_by, reason)
                    SELECT :to, id, :at, :by, 'shipment' FROM trace_epcs WHERE uri = :lot"""),
            {"to": to.organisation_id, "by": by.organisation_id, "lot": lot, "at": NOON},
        )


def numbered(serial: str, lot: str) -> dict[str, Any]:
    """The event by which a producer numbers a pack of a lot."""
    return observed(
        f"https://id.gs1.org/01/{GTIN}/21/{serial}",
        action="ADD",
        bizStep="commissioning",
        ilmd={"cbvmda:lotNumber": lot},
    )


def test_who_was_given_a_lot_tells_of_the_packs_that_its_producer_put_into_it(client, bearer, goods):
    producer, _own, _batch = goods
    buyer, stranger = factories.make_member("institution"), factories.make_member("producer")
    made, other = numbered("S1", "L-7"), numbered("S2", "L-8")
    sent = client.post("/epcis/capture", json=document(made, other), headers=bearer(producer))
    assert sent.status_code == 202
    given(LOT, buyer, producer)

    def tells(actor: Any, serial: str) -> int:
        event = observed(f"https://id.gs1.org/01/{GTIN}/21/{serial}", bizStep="receiving")
        return int(client.post("/epcis/capture", json=document(event), headers=bearer(actor)).status_code)

    assert (tells(buyer, "S1"), tells(buyer, "S2"), tells(buyer, "S3"), tells(stranger, "S1")) == (202, 403, 403, 403)

    wrong = made | {"errorDeclaration": {"declarationTime": "2026-07-14T12:00:00Z", "reason": "did_not_occur"}}
    assert client.post("/epcis/capture", json=document(wrong), headers=bearer(producer)).status_code == 202
    assert tells(buyer, "S1") == 403
