"""A lot's page shows the papers of what it was made of, each with its batch or lot, and in red what does not speak for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from catalog.lots.batches import packing, services
from catalog.lots.records import commitments, reports, suppliers
from catalog.lots.records.commitments import NewCommitment
from catalog.lots.records.queries import records_of
from catalog.lots.records.subjects import BadRecord
from shop.db import db, transaction
from shop.files import services as files
from tests.catalog.batches.help import Farm, make_farm
from tests.conftest import NOON
from traceability.genealogy import handovers
from traceability.journey import known
from traceability.journey.goods import lots_of
from traceability.repository.models import TraceEvent

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def add_report(farm: Farm, number: str, **about: Any) -> Any:
    new = reports.NewReport(
        "own", "合作社检测室", number, date(2026, 7, 10), has_passed=about.pop("has_passed", True),
        expires_on=about.pop("expires_on", None),
        items=[reports.Item("毒死蜱", "≤0.02", "未检出", has_passed=about.pop("is_line_good", True))], **about,
    )  # fmt: skip
    with transaction():
        return reports.record_report(new, files.store(PDF, f"{number}.pdf", farm.actor).id, farm.actor, at=NOON)


def test_papers_of_earlier_batches_and_lots_are_shown_with_what_does_not_speak_for_the_goods(session, client):
    farm = make_farm()
    grown = farm.harvest("100", code="A")
    add_report(farm, "R-OLD", batch=grown.public_id, expires_on=date(2026, 7, 12))
    taken_back = add_report(farm, "R-BACK", batch=grown.public_id)
    with transaction():
        reports.withdraw_report(taken_back.public_id, "登记错了", farm.actor, at=NOON)
    first = farm.pack(grown, "40", code="L1")
    add_report(farm, "R-LOT", lot=first.public_id, expires_on=date(2027, 1, 1))
    with transaction():
        loose = packing.unpack(first.public_id, Decimal(10), farm.actor, occurred_at=NOON, at=NOON)
    last = farm.pack(loose, "10", code="L2")
    add_report(farm, "R-OWN", lot=last.public_id)

    page = client.get(f"/trace/lots/{last.public_id}").text
    data = client.get(f"/trace/lots/{last.public_id}", headers={"Accept": "application/ld+json"}).json

    papers = page[page.index("所用原料批次的") :]
    shown = [number in papers for number in ("R-LOT", "R-OLD", "R-BACK", "R-OWN")]
    assert (shown, papers.count("已撤回"), papers.count("使用时已过期")) == ([True, True, True, False], 1, 1)
    assert papers.index("L1") < papers.index("R-LOT") < papers.index("R-OLD")
    told = {
        (one["hasBatchLotNumber"], paper["certificationIdentification"]): [
            each["value"] for each in paper["additionalProperty"]
        ]
        for one in data["madeOf"]
        for paper in one["certification"]
    }
    assert told == {
        ("L1", "R-LOT"): [True, False, False],
        ("A", "R-BACK"): [True, True, False],
        ("A", "R-OLD"): [True, False, True],
    }
    plain = client.get(f"/trace/lots/{first.public_id}").text
    assert ("R-OLD" in plain, "R-BACK" in plain, "所用原料批次的" in plain) == (True, False, False)


def test_from_whom_goods_were_bought_is_told_without_persons_and_needed_for_a_certificate(session, client, deliver):
    farm = make_farm(category_code="0501", name="静宁苹果")
    bought, grown = farm.harvest("60", code="B", kind="received"), farm.harvest("40", code="G")
    with transaction():
        mixed = services.mix(
            {each.public_id: Decimal(20) for each in (bought, grown)}, farm.actor, occurred_at=NOON, at=NOON
        )
        slip = files.store(PDF, "收购凭证.pdf", farm.actor)
    lot = farm.pack(mixed, "40", code="L1")
    wanted = NewCommitment(["own_promise"], "0943-6123456", lot=lot.public_id)
    with pytest.raises(suppliers.SupplierMissing) as refused, transaction():
        commitments.issue(wanted, farm.actor, at=NOON)
    assert refused.value.members["batches"] == ["B"]

    household = suppliers.NewSupplier("household", "620421", "SG-7", township="东湾镇", village="大坝村")
    for wrong in (
        replace(household, village=""),
        replace(household, name="张三"),
        replace(household, kind="organisation", name="靖远苹果合作社", credit_code="93620421MA71XXXXX1"),
        replace(household, division_code="999999"),
    ):
        with pytest.raises(BadRecord), transaction():
            suppliers.record_supplier(bought.public_id, wrong, slip.id, farm.actor, at=NOON)
    with pytest.raises(BadRecord), transaction():
        suppliers.record_supplier(grown.public_id, household, slip.id, farm.actor, at=NOON)
    named = replace(household, kind="organisation", name="靖远苹果合作社", credit_code="91350100M000100Y43", village="")
    made = []
    for told in (named, household):  # the second puts the first right
        with transaction():
            made.append(suppliers.record_supplier(bought.public_id, told, slip.id, farm.actor, at=NOON))
        deliver(times=2)
    with transaction():
        commitments.issue(wanted, farm.actor, at=NOON)
    deliver()

    (kept,) = records_of(None, lot.public_id, farm.actor, NOON.date()).suppliers
    assert (kept.batch_code, kept.supplier.village, kept.division) == ("B", "大坝村", "靖远县")
    page = client.get(f"/trace/lots/{lot.public_id}").text
    assert ["收购自" in page, "东湾镇" in page, "SG-7" in page, "大坝村" in page, "靖远苹果合作社" in page] == [
        True, True, True, False, False
    ]  # fmt: skip
    arrived = select(TraceEvent.document, TraceEvent.is_declaration).where(
        TraceEvent.biz_step == "https://ref.gs1.org/cbv/BizStep-arriving"
    )
    sellers = [
        (each["sourceList"][0]["source"][-12:], wrong)
        for each, wrong in db.session.execute(arrived.order_by(TraceEvent.id)).all()
    ]
    first, last = (str(each.public_id)[-12:] for each in made)
    assert sorted(sellers) == sorted([(first, False), (first, True), (last, False)])
    up = handovers.nearest(lots_of([lot.id])[lot.id].uri, "up", farm.actor)
    assert known.parties([each for one in up for each in one.sources]) == {
        f"urn:uuid:{made[1].public_id}": "农户 靖远县 东湾镇"
    }
