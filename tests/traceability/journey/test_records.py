"""Tests and temperatures become events, and stand on the page of the lot."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from catalog.lots.batches.models import Batch, BatchAct
from catalog.lots.models import Lot
from catalog.lots.records import commitments, passages, reports, temperatures, undoing, withdrawing
from catalog.lots.records.models import TestReport
from catalog.lots.records.subjects import NoSuchSubject
from shop.db import db, transaction
from shop.files import services as files
from shop.files.models import StoredFile
from tests.catalog.batches.help import Farm, make_farm
from tests.conftest import NOON, count
from traceability.journey import sensing
from traceability.journey.events import CONTEXTS
from traceability.repository.models import TraceEvent
from traceability.standard.contexts import Context
from traceability.standard.hashing import event_hash
from traceability.standard.validation import problems_of_event

LOG = "时间,温度\n2026-07-14 08:00,3.0\n2026-07-14 09:00,9.5\n2026-07-14 10:00,4.0\n".encode()


@pytest.fixture
def farm(session) -> Farm:
    return make_farm(category_code="0501", name="静宁苹果")


def documents(step: str) -> list[dict[str, Any]]:
    query = select(TraceEvent.document).where(TraceEvent.biz_step == f"https://ref.gs1.org/cbv/BizStep-{step}")
    return list(db.session.scalars(query.order_by(TraceEvent.id)))


def store(farm: Farm, data: bytes, name: str) -> StoredFile:
    with transaction():
        return files.store(data, name, farm.actor)


def report_of(farm: Farm, goods: Batch | Lot) -> TestReport:
    file = store(farm, b"%PDF-1.7\n%%EOF\n", "报告.pdf")
    with transaction():
        return reports.record_report(
            reports.NewReport(
                kind="commissioned", laboratory="白银市检验检测中心", number="BY-1", tested_on=date(2026, 7, 14),
                has_passed=True, items=(reports.Item("毒死蜱", "≤0.02 mg/kg", "未检出", has_passed=True),),
                batch=None if isinstance(goods, Lot) else goods.public_id,
                lot=goods.public_id if isinstance(goods, Lot) else None,
            ),
            file.id, farm.actor, at=NOON,
        )  # fmt: skip


def test_a_test_is_told_with_the_report_that_certifies_it(farm, deliver):
    batch = farm.harvest("100", code="A")
    report = report_of(farm, batch)

    deliver(times=2)

    (event,) = documents("inspecting")
    assert event["certificationInfo"] == [f"urn:uuid:{report.public_id}"]
    assert event["quantityList"][0]["epcClass"].endswith("/10/A")
    assert {name: value for name, value in event.items() if name.startswith("duikou:")} == {
        "duikou:kind": "commissioned", "duikou:laboratory": "白银市检验检测中心", "duikou:number": "BY-1",
        "duikou:testedOn": "2026-07-14", "duikou:hasPassed": True,
        "duikou:fileSha256": sha256(b"%PDF-1.7\n%%EOF\n").hexdigest(),
        "duikou:items": [{
            "duikou:name": "毒死蜱", "duikou:allowed": "≤0.02 mg/kg", "duikou:result": "未检出", "duikou:hasPassed": True,
        }],
    }  # fmt: skip
    assert problems_of_event({**event, "@context": [*CONTEXTS, *event["@context"]]}) == []


def test_what_a_test_says_is_found_by_queries_and_a_changed_verdict_is_another_event(farm, deliver, client, bearer):
    report_of(farm, farm.harvest("100", code="A"))
    deliver()
    headers = bearer(farm.actor) | {"GS1-Extensions": "duikou=urn:duikou:record:"}

    found = client.get("/epcis/events?EQ_duikou:number=BY-1", headers=headers).json
    none = client.get("/epcis/events?EQ_duikou:number=BY-2", headers=headers).json

    [event] = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert none["epcisBody"]["queryResults"]["resultsBody"]["eventList"] == []
    [hash_id] = db.session.scalars(select(TraceEvent.hash_id).where(TraceEvent.event_id == event["eventID"]))
    context = Context.of(*CONTEXTS)
    assert event_hash(documents("inspecting")[0], context) == hash_id
    assert event_hash({**documents("inspecting")[0], "duikou:hasPassed": False}, context) != hash_id


def test_what_a_logger_saw_is_a_sensor_report_and_stands_on_the_page(farm, deliver, client):
    lot = farm.pack(farm.harvest("100", code="A"), "10")
    file = store(farm, LOG, "冷链.csv")
    with transaction():
        temperatures.record_temperatures(None, lot.public_id, file, farm.actor, at=NOON)
        commitments.issue(
            commitments.NewCommitment(bases=["quality_control"], contact="13800138000", lot=lot.public_id),
            farm.actor, at=NOON,
        )  # fmt: skip

    deliver(times=2)

    (event,) = documents("sensor_reporting")
    reports_ = [element["sensorReport"] for element in event["sensorElementList"]]
    measured = {"type": "Temperature", "uom": "CEL"}
    assert reports_ == [
        [{**measured, "minValue": 3.0, "maxValue": 9.5, "meanValue": 5.5}],
        [{**measured, "time": f"2026-07-14T{hour}:00:00.000+08:00", "value": value}
         for hour, value in (("08", 3.0), ("09", 9.5), ("10", 4.0))],
    ]  # fmt: skip
    assert event["duikou:fileSha256"] == sha256(LOG).hexdigest()
    assert problems_of_event({**event, "@context": [*CONTEXTS, *event["@context"]]}) == []
    page = client.get(f"/trace/lots/{lot.public_id}").text
    assert ("承诺达标合格证" in page, "3 至 9.5 ℃" in page) == (True, True)


def test_what_was_taken_back_is_declared_wrong_and_is_no_step_any_more(farm, deliver, client):
    lot = farm.pack(farm.harvest("100", code="A"), "10")
    report = report_of(farm, lot)
    file = store(farm, LOG, "冷链.csv")
    with transaction():
        log = temperatures.record_temperatures(None, lot.public_id, file, farm.actor, at=NOON)
    deliver()
    page = f"/trace/lots/{lot.public_id}"
    before = client.get(page).text
    with transaction():
        reports.withdraw_report(report.public_id, "传错了批次", farm.actor, at=NOON)
        withdrawing.withdraw_temperatures(log.public_id, "传错了批次", farm.actor, at=NOON)

    deliver(times=2)
    after = client.get(page).text
    with transaction():
        temperatures.record_temperatures(None, lot.public_id, file, farm.actor, at=NOON)
    deliver()

    words = ("检验检测", "温度记录", "3 至 9.5 ℃", "BY-1")
    assert [word in before for word in words] == [True] * 4
    assert [word in after for word in words] == [False] * 4
    assert [word in client.get(page).text for word in words] == [False, True, True, False]
    for step in ("inspecting", "sensor_reporting"):
        first, declared = documents(step)[:2]
        assert declared == {**first, "errorDeclaration": declared["errorDeclaration"]}
        assert declared["errorDeclaration"]["reason"] == "incorrect_data"


def test_each_stretch_outside_the_range_is_an_exception_and_queries_find_logger_and_readings(
    farm, deliver, client, bearer
):
    lot = farm.pack(farm.harvest("100", code="A"), "10")
    # 0501 is kept between 0 and 10 degrees.
    values = ["4", "12", "11", *["5"] * 300, "-3", "4"]
    hours = [NOON - timedelta(hours=400 - n) for n in range(len(values))]
    lines = [f"{hour:%Y-%m-%d %H:%M},{value}" for hour, value in zip(hours, values, strict=True)]
    file = store(farm, ("设备编号:冷链-7\n时间,温度\n" + "\n".join(lines) + "\n").encode(), "冷链.csv")
    with transaction():
        temperatures.record_temperatures(None, lot.public_id, file, farm.actor, at=NOON)
    deliver()

    header = bearer(farm.actor)
    device = "urn:duikou:device:%E5%86%B7%E9%93%BE-7"
    asked = (
        ("EQ_deviceID", device), ("EQ_deviceID", "urn:duikou:device:8"), ("GE_value_CEL", "12"), ("GE_value_CEL", "12.1"),
        ("LT_value_KEL", "271"), ("GE_maxValue_CEL", "12"),
    )  # fmt: skip
    found = [len(client.get("/epcis/events", query_string=[one], headers=header).json["epcisBody"]["queryResults"]
                 ["resultsBody"]["eventList"]) for one in asked]  # fmt: skip

    (event,) = documents("sensor_reporting")
    elements = event["sensorElementList"]
    assert found == [1, 0, 1, 0, 1, 1]
    assert problems_of_event({"@context": list(CONTEXTS), **event}) == []
    assert {element["sensorMetadata"]["deviceID"] for element in elements} == {device}
    assert [element["sensorReport"][0] for element in elements[1:-1]] == [
        {"type": "Temperature", "uom": "CEL", "maxValue": 12.0, "exception": "ALARM_CONDITION"},
        {"type": "Temperature", "uom": "CEL", "minValue": -3.0, "exception": "ALARM_CONDITION"},
    ]
    readings = [report["value"] for report in elements[-1]["sensorReport"]]
    assert (len(readings) <= sensing.MOST_READINGS, len(readings) > 90) == (True, True)
    assert (readings[0], readings[-1], max(readings), min(readings)) == (4.0, 4.0, 12.0, -3.0)


def test_what_was_recorded_of_an_undone_lot_is_not_on_the_next_one_of_its_code(farm, deliver, client):
    batch = farm.harvest("100", code="A")
    lot = farm.pack(batch, "10", code="0701")
    report_of(farm, lot)
    file = store(farm, LOG, "冷链.csv")
    with transaction():
        temperatures.record_temperatures(None, lot.public_id, file, farm.actor, at=NOON)
        new = passages.NewPassage("stored", farm.plot.public_id, Decimal(5), NOON, lot=lot.public_id)
        passages.record_passage(new, farm.actor, at=NOON)
    deliver()
    act = db.session.get_one(BatchAct, lot.act_id).public_id
    with transaction():
        undoing.undo(act, farm.actor, at=NOON)
    again = farm.pack(batch, "12", code="0701")

    deliver(times=2)

    page = client.get(f"/trace/lots/{again.public_id}").text
    assert [word in page for word in ("检验检测", "温度记录", "存放", "BY-1", "包装")] == [False] * 4 + [True]
    for table in ("test_reports", "temperature_records", "passages"):
        told = db.session.execute(text(f"SELECT withdrawn_why, lot_id FROM {table}")).all()
        assert [tuple(row) for row in told] == [("这批货的登记已撤销。", lot.id)]
    for step in ("inspecting", "sensor_reporting", "storing"):
        assert ["errorDeclaration" in each for each in documents(step)] == [False, True]


@pytest.mark.parametrize("table", ["lots", "batches"])
def test_the_database_keeps_records_and_undone_goods_apart(farm, table):
    batch = farm.harvest("100", code="A")
    goods = batch if table == "batches" else farm.pack(batch, "10")
    report_of(farm, goods)
    close = text(f"UPDATE {table} SET status = 'undone' WHERE id = :id")

    with pytest.raises(IntegrityError, match="taken back first"), transaction():
        db.session.execute(close, {"id": goods.id})
    with transaction():
        db.session.execute(
            text("UPDATE test_reports SET withdrawn_at = now(), withdrawn_why = 'x', withdrawn_by = recorded_by")
        )
        db.session.execute(close, {"id": goods.id})
    db.session.expire_all()
    with pytest.raises(NoSuchSubject):
        report_of(farm, goods)
    copy = text("""
        INSERT INTO passages (public_id, producer_id, batch_id, lot_id, kind, place_id, quantity, occurred_at, recorded_by, recorded_at)
        SELECT gen_random_uuid(), producer_id, batch_id, lot_id, 'stored', (SELECT id FROM places), 1, now(), recorded_by, now()
        FROM test_reports""")
    with pytest.raises(IntegrityError, match="nothing is recorded of what was undone"), transaction():
        db.session.execute(copy)

    assert count("passages") == 0
