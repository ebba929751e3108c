"""Where goods come from and went through: places on the page of a lot, and which county's officials see the steps."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from catalog.lots.batches import places
from catalog.lots.batches.models import BatchAct, Place
from catalog.lots.records import passages, undoing, withdrawing
from catalog.products.numbers import own_number
from shop.db import db, transaction
from tests import factories as make
from tests.catalog.batches.help import Farm, make_farm
from tests.conftest import NOON
from tests.traceability.events import CONTEXTS, observed, store
from traceability.journey import events as journey_events
from traceability.journey.names import lot_uri
from traceability.repository.storing import Writer
from traceability.standard.validation import problems_of_event

HUINING = "620422"


@pytest.fixture
def farm(session) -> Farm:
    return make_farm()


def add_place(farm: Farm, kind: str, name: str, **values: Any) -> Place:
    with transaction():
        new = places.NewPlace(kind, name, **values)
        return places.add_place(farm.actor.organisation_id, new, farm.actor, at=make.LONG_AGO)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_page_of_a_lot_names_county_township_and_each_place(farm, deliver, client):
    kept = add_place(farm, "orchard", "自留园", township="糜滩镇", village="五里村", is_public=False)
    shop = add_place(
        farm,
        "workshop",
        "第一车间",
        township="乌兰镇",
        gln="6901234567892",
        latitude=Decimal("36.56"),
        longitude=Decimal("104.68"),
    )
    early = NOON - timedelta(hours=9)
    batches = {
        farm.harvest("100", code="A", occurred_at=early): "100",
        farm.harvest("10", code="B", occurred_at=early, place=kept.public_id): "10",
    }
    dried = farm.process(batches, "25", "0.3", code="D", place=shop.public_id, occurred_at=NOON - timedelta(hours=3))
    lot = farm.pack(dried, "20", code="L1")
    # Somebody else's word of a place that is not theirs names no place.
    store(
        Writer(make_farm().actor.organisation_id, HUINING),
        observed(
            epcList=None,
            quantityList=[{"epcClass": lot_uri(own_number(lot.sku_id), "L1", lot.id), "quantity": 1}],
            readPoint={"id": f"urn:uuid:{farm.plot.public_id}"},
        ),
        contexts=CONTEXTS,
    )
    deliver()
    page = f"/trace/lots/{lot.public_id}"

    zh = client.get(page).text
    en = client.get(f"{page}?lang=en").text
    told = client.get(page, headers={"Accept": "application/ld+json"}).text

    words = text_of(zh)
    assert "甘肃省 白银市 靖远县 东湾镇 · " in words
    assert re.findall(r"(地块|果园|加工车间)((?: · [^ ]+)*)", words) == [
        ("地块", " · 东湾镇 · 三号地块"), ("果园", " · 靖远县"), ("加工车间", " · 乌兰镇 · 第一车间")
    ]  # fmt: skip
    assert ("Plot" in text_of(en), "Processing workshop" in text_of(en), "第一车间" in en) == (True, True, True)
    document = json.loads(told)
    assert document["provenanceStatement"] == "甘肃省 白银市 靖远县 东湾镇"
    located = [event["location"] for event in document["events"] if "location" in event]
    assert [place["address"]["addressLocality"] for place in located] == ["靖远县 东湾镇", "靖远县", "靖远县 乌兰镇"]
    assert [place.get("name") for place in located] == ["三号地块", None, "第一车间"]
    for hidden in ("自留园", "糜滩镇", "五里村", "大坝村", "36.56", "104.68"):
        assert (hidden in zh, hidden in told) == (False, False)


def test_a_producer_decides_whether_the_public_knows_a_place(farm, login):
    address = f"/producer/records/places/{farm.plot.public_id}/publicity"
    desk = login(farm.actor)

    hidden = desk.post(address, data={"is_public": "0"})
    page = text_of(desk.get("/producer/records/places").text)
    foreign = login(make_farm().actor).post(address, data={"is_public": "1"})

    assert (hidden.status_code, "只写类型和县" in page, foreign.status_code) == (302, True, 404)
    assert (
        db.session.execute(text("SELECT is_public FROM places WHERE id = :id"), {"id": farm.plot.id}).scalar() is False
    )


def test_a_lot_whose_record_was_undone_says_so_and_is_not_sold_again(farm, deliver, client):
    batch = farm.harvest("100", code="A")
    lot = farm.pack(batch, "20", code="L1")
    with transaction():
        make.make_listing(farm.actor, product=farm.product, sku=farm.sku, stock="0")
    deliver()
    page = f"/trace/lots/{lot.public_id}"
    before = client.get(page).text
    with transaction():
        undoing.undo(db.session.get_one(BatchAct, lot.act_id).public_id, farm.actor, at=NOON)
    deliver()

    after = client.get(page).text

    assert ("再次购买" in before, "已被生产者撤销" in before) == (True, False)
    assert ("再次购买" in after, "还没有记录这个批次的经过" in after) == (False, False)
    assert after.index("这个批次的记录已被生产者撤销，这样的货物并不存在。") < after.index("批号")


def test_goods_on_their_way_are_steps_at_collection_points_until_they_are_taken_back(farm, deliver, client):
    point = add_place(farm, "collection_point", "东湾集货点", township="东湾镇", tier="township")
    lot = farm.pack(farm.harvest("100", code="A"), "20", code="L1")
    made = []
    with transaction():
        for kind, hours in (("arrived", 3), ("stored", 2), ("left", 1)):
            new = passages.NewPassage(
                kind, point.public_id, Decimal(15), NOON - timedelta(hours=hours), lot=lot.public_id
            )
            made.append(passages.record_passage(new, farm.actor, at=NOON))
    deliver(times=2)
    page = f"/trace/lots/{lot.public_id}"
    words = text_of(client.get(page).text)
    with transaction():
        withdrawing.withdraw_passage(made[1].public_id, "没有存放", farm.actor, at=NOON)
    deliver(times=2)
    after = text_of(client.get(page).text)

    assert re.findall(
        r"(运输到达|入库存放|运输出发) · [^袋]*(15 袋) · [^ ]+ (集货点 · 乡级 · 东湾镇 · 东湾集货点)", words
    ) == [(step, "15 袋", "集货点 · 乡级 · 东湾镇 · 东湾集货点") for step in ("运输到达", "入库存放", "运输出发")]
    assert [step in after for step in ("运输到达", "入库存放", "运输出发")] == [True, False, True]
    rows = db.session.execute(
        text("SELECT document FROM trace_events WHERE read_point = biz_location AND biz_step LIKE '%stor%'")
    )
    for document in rows.scalars():
        assert problems_of_event({"@context": list(journey_events.CONTEXTS), **document}) == []


def test_places_are_master_data_of_whoever_uses_them_and_queries_find_events_by_them(farm, deliver, client, bearer):
    other = make_farm().actor
    with transaction():
        new = places.NewPlace("collection_point", "东湾集货点", township="东湾镇", tier="township", is_shared=True)
        point = places.add_place(other.organisation_id, new, other, at=make.LONG_AGO)
    farm.harvest("100", code="A")
    farm.harvest("50", code="B", place=point.public_id)
    deliver(times=2)
    kept = db.session.execute(text("SELECT * FROM trace_master_data ORDER BY id")).all()
    farm.harvest("20", code="C", place=point.public_id)
    deliver()

    header = bearer(farm.actor)
    premises = f"urn:uuid:{farm.actor.organisation_public_id}"
    asked = {
        "WD_readPoint": premises, "WD_bizLocation": premises, "HASATTR_readPoint": "urn:duikou:place:tier",
        "EQATTR_readPoint_urn:duikou:place:township": "东湾镇", "EQATTR_bizLocation_urn:epcglobal:cbv:mda:name": "三号地块",
        "EQATTR_readPoint_cbvmda:city": "会宁县",
    }  # fmt: skip
    found = [
        len(client.get("/epcis/events", query_string={name: value}, headers=header).json["epcisBody"]["queryResults"]["resultsBody"]["eventList"])
        for name, value in asked.items()
    ]  # fmt: skip

    assert found == [3, 3, 2, 3, 1, 0]
    assert db.session.execute(text("SELECT * FROM trace_master_data ORDER BY id")).all() == kept
