"""Commitment certificates and papers of meat become events, and what is taken back is declared wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from catalog.lots.records import commitments, reports, withdrawing
from catalog.lots.records.commitments import NewCommitment
from shop.db import db, transaction
from shop.files import services as files
from tests.catalog.batches.help import make_farm
from tests.conftest import NOON
from traceability.journey.events import CONTEXTS
from traceability.repository.models import TraceEvent
from traceability.standard.validation import problems_of_event

PDF = b"%PDF-1.7\n%%EOF\n"


def documents(*, declarations: bool = False) -> list[dict[str, Any]]:
    query = select(TraceEvent.document).where(
        TraceEvent.biz_step == "https://ref.gs1.org/cbv/BizStep-inspecting", TraceEvent.is_declaration == declarations
    )
    return list(db.session.scalars(query.order_by(TraceEvent.id)))


def test_a_certificate_and_the_one_in_its_place_are_told(session, deliver, client):
    farm = make_farm(category_code="0501", name="静宁苹果")
    lot = farm.pack(farm.harvest("100", code="A"), "40", code="L1")
    made = []
    for is_replacement in (False, True):
        new = NewCommitment(["own_promise"], "0943-6123456", lot=lot.public_id, is_replacement=is_replacement)
        with transaction():
            made.append(commitments.issue(new, farm.actor, at=NOON))

    deliver(times=2)

    first, second = documents()
    assert problems_of_event({"@context": [*CONTEXTS, {"duikou": "urn:duikou:record:"}], **first}) == []
    assert (first["disposition"], first["certificationInfo"]) == ("conformant", [f"urn:uuid:{made[0].public_id}"])
    assert {name: first[f"duikou:{name}"] for name in ("certificate", "number", "issuedOn", "bases")} == {
        "certificate": "commitment", "number": made[0].number, "issuedOn": "2026-07-15", "bases": ["own_promise"]
    }  # fmt: skip
    assert ("duikou:replaces" in first, second["duikou:replaces"]) == (False, f"urn:uuid:{made[0].public_id}")
    assert "登记合格证或检疫证明" in client.get(f"/trace/lots/{lot.public_id}").text


def test_a_paper_of_meat_is_told_and_declared_wrong_when_it_is_taken_back_in_any_order(session, deliver):
    farm = make_farm()
    lot = farm.pack(farm.harvest("100", code="A"), "40", code="L1")
    with transaction():
        file = files.store(PDF, "检疫证.pdf", farm.actor)
    with transaction():
        new = reports.NewMeatPaper("quarantine", "6204-1", "靖远县动物卫生监督所", date(2026, 7, 14), lot=lot.public_id)
        paper = reports.record_meat_paper(new, file.id, farm.actor, at=NOON)
    with transaction():
        withdrawing.withdraw_meat_paper(paper.public_id, "不是这批", farm.actor, at=NOON)

    deliver(times=2)

    (event,), (wrong,) = documents(), documents(declarations=True)
    assert (event["duikou:certificate"], event["duikou:number"], event["duikou:fileSha256"]) == (
        "quarantine", "6204-1", file.sha256
    )  # fmt: skip
    assert wrong["errorDeclaration"]["reason"] == "incorrect_data"
    assert wrong["certificationInfo"] == event["certificationInfo"] == [f"urn:uuid:{paper.public_id}"]
