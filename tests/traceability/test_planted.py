"""Nobody plants events on goods that will be another's, nor is given what another made by saying it was made of it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from catalog.lots.models import Lot
from catalog.producers.models import AgentMandate
from catalog.products.numbers import own_number, product_number
from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import make_farm
from tests.conftest import NOON
from tests.traceability.events import digest, document, observed, sscc, store
from tests.traceability.test_foreign_goods import transformed
from traceability.journey import recipients, story, writing
from traceability.journey.goods import LotOfGoods, lots_of
from traceability.pieces.queries import get_piece
from traceability.repository.storing import Writer
from traceability.resolver.queries import find_goods

GTIN = "06901234567892"
HEAD = "https://id.gs1.org/01/"


def amount(uri: str) -> list[dict[str, Any]]:
    return [{"epcClass": uri, "quantity": 1}]


def made(input_: str, output: str) -> dict[str, Any]:
    """Somebody says that a thing was made of another."""
    return transformed(inputQuantityList=amount(input_), outputQuantityList=amount(output))


def own_lot(code: str, **changes: Any) -> tuple[Any, Lot, str]:
    """A producer with a lot that has stock, and what events call it."""
    producer = make.make_producer()
    sku = make.make_sku(make.make_product(producer), producer, **changes)
    lot = make.make_lot(sku, producer, "20", lot_code=code)
    return producer, lot, lots_of([lot.id])[lot.id].uri


def made_of(lot: Lot) -> list[LotOfGoods]:
    """What was made of a lot, its own and others', as the operator is told."""
    operator = make.make_member("operator", "operator_reviewer")
    made = recipients.lots_made_of(lots_of([lot.id])[lot.id], operator, NOON)
    return [*made.lots, *made.others]


def granted(actor: Any) -> set[str]:
    query = text("SELECT e.uri FROM trace_grants g JOIN trace_epcs e ON e.id = g.epc_id WHERE g.organisation_id = :id")
    return set(db.session.scalars(query, {"id": actor.organisation_id}))


def test_numbers_of_ours_that_nobody_has_yet_are_refused_and_nothing_is_stored(client, bearer, session):
    with transaction():
        attacker, _lot, mine = own_lot("A")
    latest = db.session.scalars(text("SELECT max(id) FROM skus")).one()
    future = [own_number(latest + 1), product_number(10**8 + 7), "00400000000000"]
    header = bearer(attacker)
    before = digest()

    for number in future:
        for event in (made(mine, f"{HEAD}{number}/10/20261201-A"), observed(f"{HEAD}{number}/21/S-1")):
            alone = client.post("/epcis/events", json={"@context": document()["@context"], **event}, headers=header)
            whole = client.post("/epcis/capture", json=document(event), headers=header)
            for answer in (alone, whole):
                problem = json.loads(answer.get_data())
                assert (answer.status_code, problem["type"]) == (403, "epcisException:SecurityException")
                assert problem["errors"][0]["detail"].endswith("belongs to another organisation.")
    assert digest() == before


def test_what_was_captured_before_a_number_was_anybodys_shows_nothing_and_leads_nowhere(client, bearer, session):
    with transaction():
        attacker, its, mine = own_lot("A")
    header = bearer(attacker)
    planted = [made(mine, f"{HEAD}{GTIN}/10/L-7"), observed(f"{HEAD}{GTIN}/21/S-1"), observed(f"{HEAD}{GTIN}/10/L-7")]
    assert client.post("/epcis/capture", json=document(*planted), headers=header).status_code == 202

    with transaction():
        victim, lot, uri = own_lot("L-7", gtin=GTIN)
    made_by_victim = made(uri, f"{HEAD}{GTIN}/10/L-8")
    assert client.post("/epcis/capture", json=document(made_by_victim), headers=bearer(victim)).status_code == 202
    piece = get_piece("S-1", lot.id, f"{HEAD}{GTIN}/21/S-1")
    goods = find_goods(GTIN, "L-7", "S-1")

    assert uri == f"{HEAD}{GTIN}/10/L-7"
    assert [(step.type, step.recorder) for step in story.list_steps(uri)] == [
        ("TransformationEvent", victim.organisation_name)
    ]
    assert (piece.is_recorded, goods and goods.is_known_piece) == (False, False)
    assert client.get(f"/01/{GTIN}/21/S-1").status_code == 404
    assert [each.code for each in made_of(its)] == ["A"]
    with transaction():
        writing.grant(victim.organisation_id, [uri], by=victim.organisation_id, reason="own", ref=None, at=NOON)
    assert granted(victim) == {uri}


def test_saying_that_ones_own_lot_was_made_of_anothers_packs_gives_nobody_these(client, bearer, deliver, session):
    with transaction():
        attacker, _lot, mine = own_lot("A")
        rival = make.make_member("producer")
    where = Writer(rival.organisation_id, "620421")
    store(where, observed(sscc(7)))
    secret = "https://id.gs1.org/00/040123450000000077"
    assert db.session.scalar(text("SELECT count(*) FROM trace_epcs WHERE uri LIKE '%/00/%'")) == 1
    event = transformed(inputEPCList=[sscc(7)], outputQuantityList=amount(mine))
    assert client.post("/epcis/capture", json=document(event), headers=bearer(attacker)).status_code == 202

    with transaction():
        writing.grant(attacker.organisation_id, [mine], by=attacker.organisation_id, reason="own", ref=None, at=NOON)

    assert granted(attacker) == {mine}
    assert secret not in granted(attacker)
    seen = client.get("/epcis/events", headers=bearer(attacker)).get_json()
    told = seen["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert [each["eventID"] for each in told] == [event["eventID"]]


def test_who_bought_goods_and_makes_his_own_of_them_hands_on_their_origin(client, bearer, deliver, session):
    farm = make_farm()
    bought = farm.pack(farm.harvest("100", code="H"), "40", code="L1")
    deliver()
    with transaction():
        processor, _lot, mine = own_lot("P")
        buyer = make.make_member(organisation=make.make_organisation())
    source = lots_of([bought.id])[bought.id].uri
    with transaction():
        writing.grant(
            processor.organisation_id, [source], by=farm.actor.organisation_id, reason="shipment", ref=None, at=NOON
        )
    event = made(source, mine)
    assert client.post("/epcis/capture", json=document(event), headers=bearer(processor)).status_code == 202

    with transaction():
        writing.grant(buyer.organisation_id, [mine], by=processor.organisation_id, reason="shipment", ref=None, at=NOON)

    batch = f"{HEAD}{product_number(farm.product.id)}/10/H"
    assert granted(buyer) == {mine, source, batch}
    assert [step.biz_step.rpartition("-")[2] for step in story.list_steps(mine) if step.biz_step] == [
        "creating_class_instance", "creating_class_instance", "packing",
    ]  # fmt: skip


@pytest.mark.parametrize("is_own", [True, False])
def test_a_buyer_of_a_lot_says_nothing_of_what_it_was_made_of(client, bearer, deliver, session, is_own):
    with transaction():
        victim, _lot, uri = own_lot("L")
        attacker, its, mine = own_lot("A")
    deliver()
    with transaction():
        writing.grant(attacker.organisation_id, [uri], by=victim.organisation_id, reason="shipment", ref=None, at=NOON)
    event = made(mine, uri) if is_own else made(uri, mine)
    assert client.post("/epcis/capture", json=document(event), headers=bearer(attacker)).status_code == 202

    assert sorted(step.type for step in story.list_steps(uri)) == ["ObjectEvent"] + ["TransformationEvent"] * (
        not is_own
    )
    assert [each.code for each in made_of(its)] == ["A"]


def test_who_bought_a_pack_does_not_fill_the_page_of_the_lot(client, bearer, deliver, session):
    with transaction():
        victim, _lot, uri = own_lot("L")
        attacker = make.make_member("producer")
    deliver()
    with transaction():
        writing.grant(attacker.organisation_id, [uri], by=victim.organisation_id, reason="shipment", ref=None, at=NOON)
    flood = [
        observed(epcList=None, quantityList=amount(uri), eventTime=f"1970-01-01T00:00:{n:02d}Z") for n in range(45)
    ]
    by_hand = [
        observed(epcList=None, quantityList=amount(uri), eventTime=f"2026-07-{n:02d}T00:00:00Z") for n in range(1, 13)
    ]
    for who, events in ((attacker, flood), (victim, by_hand)):
        assert client.post("/epcis/capture", json=document(*events), headers=bearer(who)).status_code == 202

    steps = story.list_steps(uri)

    told = [(step.recorder, step.event_time.year) for step in steps]
    assert told == [(attacker.organisation_name, 1970)] * 10 + [(victim.organisation_name, 2026)] * 13
    assert [step.event_time for step in steps] == sorted(step.event_time for step in steps)
    assert {event["eventID"] for event in by_hand} < {step.event_id for step in steps}


def test_nobody_writes_words_on_the_page_of_a_lot_and_an_agent_is_called_one(client, bearer, deliver, session):
    with transaction():
        victim, lot, uri = own_lot("L")
        attacker = make.make_member("institution")
        agent = make.make_member("agent")
        db.session.add(
            AgentMandate(
                agent_id=agent.organisation_id, producer_id=victim.organisation_id, valid_from=date(2026, 1, 1)
            )
        )
    deliver()
    with transaction():
        writing.grant(attacker.organisation_id, [uri], by=victim.organisation_id, reason="shipment", ref=None, at=NOON)
    word = "https://x.org/counterfeit-do-not-eat"

    def seen(step: str) -> dict[str, Any]:
        return observed(epcList=None, quantityList=amount(uri), bizStep=step)

    for who, steps in ((attacker, (word, "storing")), (victim, (word,)), (agent, ("loading",))):
        body = document(*map(seen, steps))
        assert client.post("/epcis/capture", json=body, headers=bearer(who)).status_code == 202

    page = client.get(f"/trace/lots/{lot.public_id}").text

    told = [(step.recorder_kind, str(step.biz_step).rpartition("-")[2]) for step in story.list_steps(uri)]
    told.remove(("producer", "creating_class_instance"))
    assert sorted(told) == [("agent", "loading"), ("institution", "storing"), ("producer", "eat")]
    assert "counterfeit" not in page
    assert (page.count("记录</span>"), page.count("代理 · "), page.count("采购单位 · ")) == (1, 1, 1)
