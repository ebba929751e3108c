"""Packs that the platform numbers, or their producer: each is traced to its lot, and the lot to its packs."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import Farm, make_farm
from tests.conftest import NOON, count
from tests.traceability.events import observed, packed, rows, sscc, store
from traceability.journey import numbering, writing
from traceability.journey.names import lot_uri, piece_uri
from traceability.pieces import services
from traceability.repository.jobs import writer_of

GTIN = "06901234567892"


@pytest.fixture
def farm(session) -> Farm:
    farm = make_farm()
    with transaction():
        farm.sku.gtin = GTIN
        db.session.add(farm.sku)
    return farm


@pytest.fixture
def trace(client, bearer):
    def ask(actor: Any, identifier: str, direction: str, status: int = 200) -> Any:
        path = f"/api/v1/trace/{quote(identifier, safe='')}?direction={direction}"
        answer = client.get(path, headers=bearer(actor))
        assert answer.status_code == status, answer.text
        return answer.json

    return ask


def number(farm: Farm, lot: Any, pieces: int) -> list[str]:
    with transaction():
        run = services.issue(lot.public_id, pieces, farm.actor, at=NOON).id
    found = rows("SELECT serial FROM lot_serials WHERE run_id = :run ORDER BY place", run=run)
    return [piece_uri(GTIN, serial) for (serial,) in found]


def nodes(answer: Any) -> list[tuple[str, int]]:
    return [(each["id"].rpartition("/")[2], each["depth"]) for each in answer["nodes"]]


def test_numbers_are_told_in_events_of_bounded_size_and_lead_to_the_lot_and_the_field(
    farm, trace, deliver, monkeypatch
):
    monkeypatch.setattr(numbering, "MOST_PACKS", 4)
    lot = farm.pack(farm.harvest("100", code="A"), "10", code="L1")
    packs = number(farm, lot, 10)
    deliver(times=2)
    with transaction():
        buyer = make.make_member(organisation=make.make_organisation())
        stranger = make.make_member(organisation=make.make_organisation())
        owner = farm.actor.organisation_id
        writing.grant(buyer.organisation_id, [lot_uri(GTIN, "L1", lot.id)], by=owner, reason="x", ref=None, at=NOON)

    up = trace(farm.actor, packs[0], "up")
    bought = trace(buyer, packs[7], "up")
    down = trace(farm.actor, lot_uri(GTIN, "L1", lot.id), "down")

    told = rows("SELECT document FROM trace_events WHERE biz_step LIKE '%commissioning' ORDER BY id")
    assert [len(document["epcList"]) for (document,) in told] == [4, 4, 2]
    assert [document["ilmd"] for (document,) in told] == [{"cbvmda:lotNumber": "L1"}] * 3
    assert sorted(uri for (document,) in told for uri in document["epcList"]) == sorted(packs)
    assert nodes(up) == [(packs[0].rpartition("/")[2], 0), ("L1", 1), ("A", 2)]
    assert nodes(bought) == [(packs[7].rpartition("/")[2], 0), ("L1", 1), ("A", 2)]
    assert (up["gaps"], bought["gaps"]) == ([], [])
    # Whoever bought of the lot learns no other pack's number.
    assert not any(pack in json.dumps(bought["events"]) for pack in packs)
    assert (nodes(down), down["packs"]) == ([("L1", 0)], 10)
    trace(stranger, packs[0], "up", 404)
    trace(buyer, piece_uri(GTIN, "222222222222"), "up", 404)


def test_packs_of_which_more_is_told_are_followed_and_a_producers_own_numbers_are_of_their_lot(farm, trace, deliver):
    lot = farm.pack(farm.harvest("100", code="A"), "10", code="L1")
    deliver()
    own = [piece_uri(GTIN, f"S{n}") for n in range(3)]
    other = piece_uri(GTIN, "T1")
    made = observed(*own, action="ADD", bizStep="commissioning", ilmd={"cbvmda:lotNumber": "L1"})
    store(
        writer_of(farm.actor), made, packed(sscc(1), own[0], at="2026-07-14T09:00:00Z"),
        observed(other, action="ADD", bizStep="commissioning", ilmd={"cbvmda:lotNumber": "L2"}),
    )  # fmt: skip

    down = trace(farm.actor, lot_uri(GTIN, "L1", lot.id), "down")
    up = trace(farm.actor, own[2], "up")
    store(writer_of(farm.actor), {**made, "errorDeclaration": {"declarationTime": "2026-07-14T12:00:00Z"}})
    wrong = trace(farm.actor, own[2], "up")

    assert nodes(down) == [("L1", 0), ("S0", 1), ("040123450000000016", 2)]
    assert (len(down["nodes"]), down["packs"]) == (3, 3)
    assert nodes(up) == [("S2", 0), ("L1", 1), ("A", 2)]
    assert nodes(wrong) == [("S2", 0)]


def test_the_page_of_a_pack_has_its_own_steps_beside_the_lots(farm, client, deliver):
    lot = farm.pack(farm.harvest("100", code="A"), "10", code="L1")
    first, second = number(farm, lot, 2)
    deliver()
    store(writer_of(farm.actor), observed(first, bizStep="loading", eventTime="2026-07-15T05:00:00Z"))
    page = f"/trace/lots/{lot.public_id}"
    serial = first.rpartition("/")[2]

    shown = [
        client.get(page + asked).text for asked in (f"?serial={serial}", f"?serial={second[-12:]}", "", "?serial=X")
    ]
    told = client.get(f"{page}?serial={serial}", headers={"Accept": "application/json"}).json

    assert [("装车" in each, "入库赋码" in each) for each in shown] == [
        (True, True), (False, True), (False, False), (False, False)
    ]  # fmt: skip
    assert len(told["events"]) == 4
    assert client.get(f"{page}/receipts/4").status_code == 404
    assert count("trace_event_lots") == 1
