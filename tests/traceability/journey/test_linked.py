"""A lot's page as data, and what labels lead programs to."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import text

from catalog.lots import recalls
from catalog.lots.models import Lot
from catalog.lots.records import commitments
from catalog.products.numbers import own_number
from shop.db import db, transaction
from tests.catalog.batches.help import make_farm
from tests.conftest import NOON
from tests.purchase.world import World, make_world
from tests.traceability.pieces.help import GTIN, make_shelf
from traceability.journey.linked import CONTEXT
from traceability.resolver import linkset

JSON, JSON_LD = "application/json", "application/ld+json"
BASE, VOC = "http://127.0.0.1:8000", "https://gs1.org/voc/"


@pytest.fixture
def world(session) -> World:
    return make_world()


def names_in(value: Any) -> set[str]:
    """Every member's name, and every type, at any depth."""
    if isinstance(value, dict):
        types = value.get("type", [])
        named = {name for name in value if name not in ("zh", "en")}
        return named | set([types] if isinstance(types, str) else types) | names_in(list(value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def test_a_lot_is_told_as_data_by_accept_and_every_word_of_it_is_declared(client, world, deliver):
    lot = db.session.query(Lot).filter_by(sku_id=world.listings[0].sku_id).one()
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "10")
    deliver()
    page, number = f"/trace/lots/{lot.public_id}", own_number(lot.sku_id)

    answers = {form: client.get(page, headers={"Accept": form}) for form in (JSON_LD, JSON)}
    people = [client.get(page, headers={"Accept": each}) for each in ("text/html,*/*;q=0.8", "*/*", "image/png")]

    told = json.loads(answers[JSON_LD].data)
    assert [(each.status_code, each.content_type) for each in answers.values()] == [(200, JSON_LD), (200, JSON)]
    assert {each.headers["Access-Control-Allow-Origin"] for each in answers.values()} == {"*"}
    assert [each.content_type for each in people] == ["text/html; charset=utf-8"] * 3
    assert all("Accept" in each.headers["Vary"].split(", ") for each in (*answers.values(), *people))
    context = told.pop("@context")
    assert (context, json.loads(answers[JSON].data)) == (json.loads(json.dumps(CONTEXT)), told)
    assert {name for name in names_in(told) if name.partition(":")[0] not in context} == set()
    assert told["id"] == f"{BASE}/01/{number}/10/{lot.code}"
    assert (told["sku"], told.get("gtin"), told["hasBatchLotNumber"]) == (number, None, lot.code)
    assert told["productName"] == {"zh": "靖远枸杞"}
    assert (told["productionDate"], told.get("expirationDate")) == ("2026-07-01", None)
    assert told["provenanceStatement"].endswith("靖远县")
    assert [each["certificationIdentification"] for each in told["certification"]] == [
        number for (number,) in db.session.execute(text("SELECT number FROM eligibility_bases"))
    ]


def test_steps_are_told_with_their_proofs_and_buyers_by_their_region_only(client, world, deliver):
    lot = db.session.query(Lot).filter_by(sku_id=world.listings[0].sku_id).one()
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "7", "3")
    deliver()
    page = f"/trace/lots/{lot.public_id}"

    body = client.get(page, headers={"Accept": JSON_LD}).text
    events = json.loads(body)["events"]

    hashes = re.findall(r"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0", client.get(page).text)
    assert [event["identifier"] for event in events] == hashes
    told = sorted(
        (event["bizStep"].rpartition("-")[2], event["quantity"], "name" in event["agent"]) for event in events[1:]
    )
    assert told == [
        ("accepting", "3", True), ("receiving", "3", False), ("receiving", "7", False), ("shipping", "10", True)
    ]  # fmt: skip
    assert world.buyer.organisation_name not in body
    assert str(order.public_id) not in body


def test_the_linkset_has_what_is_true_of_the_goods_and_nothing_else(client, session):
    shelf = make_shelf()
    [serial] = shelf.number(1)
    lot = f"{BASE}/trace/lots/{shelf.lot.public_id}"

    def links(path: str) -> dict[str, Any]:
        [found] = json.loads(client.get(path, headers={"Accept": linkset.MEDIA_TYPE}).data)["linkset"]
        return {name.removeprefix(VOC): found[name] for name in found if name.startswith(VOC)}

    goods, piece = links(f"/01/{GTIN}"), links(shelf.label(serial))

    assert goods.keys() == {"epcis"}
    assert piece.keys() == {"traceability", "recallStatus", "epcis", "defaultLink"}
    page = f"{lot}?serial={serial}"
    assert [(each["href"], each["type"]) for each in piece["traceability"]] == [(page, "text/html"), (page, JSON_LD)]
    assert [(each["href"], each["type"]) for each in piece["defaultLink"]] == [(page, "text/html")]
    assert [(each["href"], each["type"]) for each in piece["recallStatus"]] == [(f"{lot}/recall", JSON)]
    assert "gs1:recallStatus" in client.get("/.well-known/gs1resolver").json["supportedLinkTypes"][0]["linkTypes"]
    assert client.get(f"/01/{GTIN}/10/L-7?linkType=gs1:certificationInfo").status_code == 404
    led = client.get(f"/01/{GTIN}/10/L-7", headers={"Accept": JSON_LD}, follow_redirects=True)
    assert (led.content_type, led.json["gtin"]) == (JSON_LD, GTIN)


def test_papers_of_a_lot_are_certification_information_wherever_the_query_stands(client, session):
    farm = make_farm(category_code="0801", name="靖远羊羔肉")
    lot = farm.pack(farm.harvest("100", code="A"), "40", code="L1")
    label = f"/01/{own_number(lot.sku_id)}/10/L1?linkType=gs1:certificationInfo"
    without = client.get(label)
    with transaction():
        new = commitments.NewCommitment(["own_promise"], "13800138000", lot=lot.public_id)
        made = commitments.issue(new, farm.actor, at=NOON).number

    page = f"/trace/lots/{lot.public_id}"

    assert without.status_code == 404
    assert client.get(f"{label}&x=y").location == f"{page}?x=y#papers"
    assert '<h2 id="papers">' in client.get(page).text
    [paper] = [
        each
        for each in client.get(page, headers={"Accept": JSON}).json["certification"]
        if each["certificationIdentification"] == made
    ]
    assert paper == {
        "type": "gs1:CertificationDetails", "certificationStandard": "承诺达标合格证",
        "certificationIdentification": made, "certificationStartDate": "2026-07-15",
    }  # fmt: skip


def test_whether_a_lot_was_called_back_is_told_to_programs(client, session):
    shelf = make_shelf()
    path = f"/trace/lots/{shelf.lot.public_id}"

    before = client.get(f"/01/{GTIN}/10/L-7?linkType=gs1:recallStatus", follow_redirects=True)
    with transaction():
        recalls.recall([shelf.lot.id], reason="异物", actor=shelf.producer, at=NOON)
    after = client.get(f"{path}/recall")
    told = client.get(path, headers={"Accept": JSON})

    lot = {"lot": str(shelf.lot.public_id), "lot_number": "L-7"}
    assert (before.request.path, before.json) == (
        f"{path}/recall", {**lot, "is_recalled": False, "recalled_at": None, "reason": None}
    )  # fmt: skip
    assert after.json == {**lot, "is_recalled": True, "recalled_at": "2026-07-15T12:00:00+08:00", "reason": "异物"}
    assert told.json["additionalProperty"] == [{"type": "schema:PropertyValue", "name": "recalled", "value": True}]
    assert client.get(f"/trace/lots/{shelf.producer.user_public_id}/recall").status_code == 404
