"""Tests and temperatures become events, and stand on the page of the lot."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from catalog.lots.records import commitments, reports, temperatures
from shop.db import db, transaction
from shop.files import services as files
from shop.files.models import StoredFile
from tests.catalog.batches.help import Farm, make_farm
from tests.conftest import NOON
from traceability.journey.events import CONTEXTS
from traceability.repository.models import TraceEvent
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


def test_a_test_is_told_with_the_report_that_certifies_it(farm, deliver):
    batch = farm.harvest("100", code="A")
    file = store(farm, b"%PDF-1.7\n%%EOF\n", "报告.pdf")
    with transaction():
        report = reports.record_report(
            reports.NewReport(
                kind="commissioned", laboratory="白银市检验检测中心", number="BY-1", tested_on=date(2026, 7, 14),
                has_passed=True, items=(reports.Item("毒死蜱", "≤0.02 mg/kg", "未检出", has_passed=True),),
                batch=batch.public_id,
            ),
            file.id, farm.actor, at=NOON,
        )  # fmt: skip

    deliver(times=2)

    (event,) = documents("inspecting")
    assert event["certificationInfo"] == [f"urn:uuid:{report.public_id}"]
    assert event["quantityList"][0]["epcClass"].endswith("/10/A")
    assert problems_of_event({"@context": list(CONTEXTS), **event}) == []


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
    assert event["sensorElementList"][0]["sensorReport"] == [
        {"type": "Temperature", "uom": "CEL", "minValue": 3.0, "maxValue": 9.5, "meanValue": 5.5}
    ]
    assert problems_of_event({"@context": list(CONTEXTS), **event}) == []
    page = client.get(f"/trace/lots/{lot.public_id}").text
    assert ("承诺达标合格证" in page, "3 至 9.5 ℃" in page) == (True, True)
