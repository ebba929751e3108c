"""What is known of a batch or lot: tests, papers of meat, temperatures, and the certificate that must go with it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from catalog.lots import services as lots
from catalog.lots.batches import packing, services
from catalog.lots.papers_due import CertificateMissing, LotFailedTest, require_tests
from catalog.lots.records import commitments, queries, reports, temperatures, withdrawing
from catalog.lots.records.models import TestReport
from catalog.lots.records.subjects import BadRecord, NoSuchSubject
from catalog.producers import services as producers
from shop.db import db, transaction
from shop.errors import NotFound
from shop.files import services as files
from tests import factories as make
from tests.catalog.batches.help import events, left, make_farm
from tests.conftest import NOON, count

PDF = b"%PDF-1.7\n%%EOF\n"
APPLES, MUTTON, NOODLES = "0501", "0801", "0120"
GOOD = reports.Item("毒死蜱", "≤0.02 mg/kg", "未检出", has_passed=True)
BAD = reports.Item("吡虫啉", "≤1 mg/kg", "1.3 mg/kg", has_passed=False)


@pytest.fixture
def farm(session):
    return make_farm(category_code=APPLES, name="静宁苹果")


def store(farm, data=PDF, name="报告.pdf"):
    with transaction():
        return files.store(data, name, farm.actor)


def report(farm, *items, **changes):
    values: dict[str, Any] = {
        "kind": "commissioned", "laboratory": "白银市检验检测中心", "number": "BY-1", "tested_on": date(2026, 7, 14),
        "has_passed": True, "items": items or (GOOD,),
    } | changes  # fmt: skip
    file = store(farm)
    with transaction():
        return reports.record_report(reports.NewReport(**values), file.id, farm.actor, at=NOON)


def issue(farm, **changes):
    values: dict[str, Any] = {"bases": ["quality_control"], "contact": "13800138000"} | changes
    with transaction():
        return commitments.issue(commitments.NewCommitment(**values), farm.actor, at=NOON)


def known(farm, batch=None, lot=None):
    return queries.records_of(
        batch.public_id if batch else None, lot.public_id if lot else None, farm.actor, make.TODAY
    )


def test_a_report_stands_with_its_batch_and_with_the_lots_packed_from_it(farm):
    batch = farm.harvest("100")
    made = report(farm, GOOD, BAD, has_passed=False, batch=batch.public_id, expires_on=date(2027, 1, 1))
    lot = farm.pack(batch, "10")

    for found in (known(farm, batch), known(farm, lot=lot)):
        (view,) = found.reports
        assert view.report.id == made.id
        assert [(item.name, item.allowed, item.result, item.has_passed) for item in view.items] == [
            ("毒死蜱", "≤0.02 mg/kg", "未检出", True),
            ("吡虫啉", "≤1 mg/kg", "1.3 mg/kg", False),
        ]
    (told,) = events("catalog.test_reported")
    assert (told["batch_id"], told["lot_id"], told["has_passed"]) == (str(batch.public_id), None, False)
    assert told["items"][1]["result"] == "1.3 mg/kg"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"items": (GOOD, BAD)}, "has_passed"),
        ({"has_passed": False}, "has_passed"),
        ({"kind": "guess"}, "kind"),
        ({"tested_on": date(2026, 7, 16)}, "tested_on"),
        ({"expires_on": date(2026, 7, 13)}, "expires_on"),
        ({"laboratory": " "}, "laboratory"),
        ({"items": (reports.Item("", "", "未检出", has_passed=True),)}, "items/0/name"),
        ({"batch": None}, "batch"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(farm, changes, field):
    batch = farm.harvest()
    values = {"batch": batch.public_id} | changes

    with pytest.raises(BadRecord) as refusal:
        report(farm, *values.pop("items", ()), **values)

    assert refusal.value.members["errors"][0]["pointer"] == f"#/{field}"
    assert (count("test_reports"), count("test_items")) == (0, 0)


def test_anothers_batch_has_no_report_of_mine(farm):
    batch, other = farm.harvest(), make_farm()

    with pytest.raises(NoSuchSubject):
        report(other, batch=batch.public_id)
    mine = report(farm, batch=batch.public_id)
    with pytest.raises(reports.NoSuchReport), transaction():
        reports.withdraw_report(mine.public_id, "x", other.actor, at=NOON)

    assert (count("test_reports"), mine.withdrawn_at) == (1, None)


def test_an_agent_records_for_its_producers_and_both_read_the_file(farm):
    batch = farm.harvest()
    with transaction():
        agent = make.make_member("agent")
        producers.give_mandate(
            farm.actor.organisation_id, agent.organisation_id, farm.actor, valid_from=date(2026, 1, 1)
        )
        file = files.store(PDF, "代录.pdf", agent)
        new = reports.NewReport("own", "检测室", "1", date(2026, 7, 1), True, [GOOD], batch=batch.public_id)
        reports.record_report(new, file.id, agent, at=NOON)
        stranger = make.make_member("producer")

    assert files.get_readable(file.public_id, farm.actor).id == file.id
    with pytest.raises(NotFound):
        files.get_readable(file.public_id, stranger)


def test_a_report_is_taken_back_once_and_never_changed(farm):
    made = report(farm, batch=farm.harvest().public_id)

    with transaction():
        reports.withdraw_report(made.public_id, "批号填错", farm.actor, at=NOON)
    with pytest.raises(reports.ReportWithdrawn), transaction():
        reports.withdraw_report(made.public_id, "再次", farm.actor, at=NOON)
    for sql in (
        "UPDATE test_reports SET has_passed = false",
        "DELETE FROM test_reports",
        "UPDATE test_items SET result = ''",
    ):
        with pytest.raises(DBAPIError, match="append-only"), transaction():
            db.session.execute(text(sql))

    assert (made.withdrawn_why, made.withdrawn_at) == ("批号填错", NOON)


LOG = "设备编号:A-7\n时间,温度\n" + "".join(
    f"2026-07-14 {8 + n:02}:00,{value}\n" for n, value in enumerate(["4", "11.5", "12", "9", "-1", "-2", "3", "10.01"])
)


def record_log(farm, log=LOG, **about):
    file = store(farm, log.encode("gbk"), "温度.csv")
    with transaction():
        return temperatures.record_temperatures(about.get("batch"), about.get("lot"), file, farm.actor, at=NOON)


def test_stretches_outside_the_range_are_marked(farm):
    lot = farm.pack(farm.harvest("100"), "10")
    record = record_log(farm, lot=lot.public_id)

    assert (record.readings, record.least_c, record.most_c, record.mean_c) == (
        8, Decimal("-2.00"), Decimal("12.00"), Decimal("5.81"),
    )  # fmt: skip
    assert (record.low_c, record.high_c, record.range_from, record.device) == (0, 10, "category", "A-7")
    (view,) = known(farm, lot=lot).temperatures
    assert [
        (one.side, one.started_at.hour + 8, one.ended_at.hour + 8, one.extreme_c, one.readings)
        for one in view.stretches
    ] == [
        ("above", 9, 11, Decimal("12.00"), 2),
        ("below", 12, 14, Decimal("-2.00"), 2),
        ("above", 15, 15, Decimal("10.01"), 1),
    ]
    (told,) = events("catalog.temperature_recorded")
    assert (told["least_c"], told["high_c"], told["lot_id"]) == ("-2.00", "10.00", str(lot.public_id))
    assert told["stretches"][0]["started_at"] == "2026-07-14T09:00:00+08:00"
    assert [one.celsius for one in temperatures.read_again(record).readings][:2] == [4, Decimal("11.50")]


def test_a_pack_has_a_range_of_its_own_and_old_records_keep_theirs(farm):
    lot = farm.pack(farm.harvest("100"), "10")
    first = record_log(farm, lot=lot.public_id)
    with transaction():
        temperatures.set_range(farm.sku.public_id, Decimal(-5), Decimal("12.5"), farm.actor, at=NOON)
    second = record_log(farm, LOG.replace("A-7", "A-8"), lot=lot.public_id)

    assert (first.range_from, second.range_from) == ("category", "sku")
    assert [len(view.stretches) for view in known(farm, lot=lot).temperatures] == [0, 3]
    with pytest.raises(BadRecord), transaction():
        temperatures.set_range(farm.sku.public_id, Decimal(5), Decimal(5), farm.actor, at=NOON)


def test_goods_without_a_range_have_no_stretches(session):
    farm = make_farm()

    record = record_log(farm, batch=farm.harvest().public_id)

    assert (record.range_from, record.low_c, count("temperature_stretches")) == ("none", None, 0)


def test_a_broken_or_repeated_file_stores_nothing(farm):
    batch = farm.harvest()
    record_log(farm, batch=batch.public_id)

    with pytest.raises(temperatures.TemperatureFileTaken):
        record_log(farm, batch=batch.public_id)
    with pytest.raises(temperatures.BadTemperatureFile) as refusal:
        record_log(farm, LOG.replace("11.5", "坏"), batch=batch.public_id)

    assert refusal.value.members["rows"] == [4]
    assert (count("temperature_records"), len(events("catalog.temperature_recorded"))) == (1, 1)


def test_a_certificate_says_what_the_rule_asks_for(farm):
    lot = farm.pack(farm.harvest("100"), "10")

    made = issue(farm, lot=lot.public_id, bases=["own_promise", "quality_control"])

    assert made.number[:19] == "HGZ620421-20260715-"
    assert (made.product_name, made.quantity, made.mass_kg) == ("静宁苹果", "10 × 500 g/袋（净重 5 公斤）", 5)
    assert (made.origin, made.issued_on) == ("靖远县 东湾镇 大坝村 三号地块", date(2026, 7, 15))
    assert (made.producer_name, made.contact) == (farm.actor.organisation_name, "13800138000")
    assert made.bases == ["quality_control", "own_promise"]
    assert made.promises == list(commitments.PROMISES)
    assert queries.get_commitment(made.number) == (made, None)


def test_a_certificate_is_issued_once_and_replaced_by_another(farm):
    batch = farm.harvest("100")
    first = issue(farm, batch=batch.public_id)

    with pytest.raises(commitments.CommitmentIssued):
        issue(farm, batch=batch.public_id)
    second = issue(farm, batch=batch.public_id, is_replacement=True)
    for sql in (
        "UPDATE commitments SET quantity = '9'",
        "UPDATE commitments SET contact = '1'",
        "DELETE FROM commitments",
    ):
        with pytest.raises(DBAPIError, match="append-only"), transaction():
            db.session.execute(text(sql))

    assert queries.get_commitment(first.number) == (first, second)
    assert [one.id for one in known(farm, batch).commitments] == [second.id, first.id]
    with transaction():
        commitments.erase_contact(db.session.merge(first))
    assert queries.get_commitment(first.number)[0].contact == ""


def test_what_is_tested_must_have_a_report_that_passed(farm):
    batch = farm.harvest("100")
    lot = farm.pack(batch, "10")
    failed = report(farm, BAD, has_passed=False, batch=batch.public_id)

    with pytest.raises(commitments.BasisMissing):
        issue(farm, lot=lot.public_id, bases=["commissioned_test"])
    passed = report(farm, batch=batch.public_id)
    with pytest.raises(commitments.BasisMissing):
        issue(farm, lot=lot.public_id, bases=["own_test"])

    assert (failed.has_passed, passed.has_passed, count("commitments")) == (False, True, 0)
    assert issue(farm, lot=lot.public_id, bases=["commissioned_test"]).bases == ["commissioned_test"]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({"bases": []}, BadRecord), ({"bases": ["luck"]}, BadRecord), ({"contact": "电话"}, BadRecord)],
)
def test_a_certificate_that_makes_no_sense_is_refused(farm, changes, refusal):
    batch = farm.harvest()

    with pytest.raises(refusal):
        issue(farm, batch=batch.public_id, **changes)

    assert count("commitments") == 0


def test_other_goods_carry_no_commitment_certificate(session):
    farm = make_farm()

    with pytest.raises(commitments.NoCommitmentNeeded):
        issue(farm, batch=farm.harvest().public_id)


def ship(farm, quantity="10"):
    with transaction():
        lots.reserve({farm.sku.id: Decimal(quantity)})
    with transaction():
        return lots.ship(farm.sku.id, Decimal(quantity), ref="s", at=NOON, user_id=None)


def test_a_lot_that_needs_a_certificate_does_not_go_out_without(farm):
    lot = farm.pack(farm.harvest("100"), "10")

    with pytest.raises(CertificateMissing) as refusal:
        ship(farm)
    assert (refusal.value.members["lots"], lot.on_hand) == (["A1"], 10)
    issue(farm, lot=lot.public_id)
    with transaction():
        shipped = lots.ship(farm.sku.id, Decimal(10), ref="s", at=NOON, user_id=None)

    assert [part.lot_code for part in shipped] == ["A1"]


def test_the_batchs_certificate_goes_with_its_packs_but_not_through_a_mixture(farm):
    first, second = farm.harvest("10"), farm.harvest("10")
    issue(farm, batch=first.public_id)
    issue(farm, batch=second.public_id)
    farm.pack(first, "4", code="P1")
    assert [part.lot_code for part in ship(farm, "4")] == ["P1"]
    with transaction():
        mixed = services.mix(
            {first.public_id: Decimal(5), second.public_id: Decimal(5)}, farm.actor, occurred_at=NOON, at=NOON
        )
    farm.pack(mixed, "4", code="P2")

    with pytest.raises(CertificateMissing):
        ship(farm, "4")

    assert left(first, second, mixed) == [3, 5, 8]


def test_packs_that_were_opened_need_a_certificate_anew(farm):
    batch = farm.harvest("10")
    issue(farm, batch=batch.public_id)
    lot = farm.pack(batch, "10")
    with transaction():
        loose = packing.unpack(lot.public_id, Decimal(10), farm.actor, occurred_at=NOON, at=NOON)
    farm.pack(loose, "10", code="P2")

    with pytest.raises(CertificateMissing):
        ship(farm)


def test_households_and_lots_from_before_the_rule_go_out_without(farm):
    with transaction():
        make.make_lot(farm.sku, farm.actor, "10", produced_on=date(2026, 1, 31))
    assert len(ship(farm)) == 1
    with transaction():
        db.session.execute(text("UPDATE producers SET form = 'household'"))
    farm.pack(farm.harvest("100"), "10")

    with transaction():
        lots.reserve({farm.sku.id: Decimal(10)})
        assert len(lots.ship(farm.sku.id, Decimal(10), ref="t", at=NOON, user_id=None)) == 1


def test_meat_shows_what_is_missing_until_its_papers_are_there(session):
    farm = make_farm(category_code=MUTTON, name="靖远羊羔肉")
    batch = farm.harvest("100", kind="slaughter", heads=5)
    assert known(farm, batch).missing == ("commitment", "quarantine", "meat_inspection")
    file = store(farm)
    for kind in ("quarantine", "meat_inspection"):
        with transaction():
            new = reports.NewMeatPaper(
                kind, f"62{kind}", "靖远县动物卫生监督所", date(2026, 7, 15), batch=batch.public_id
            )
            reports.record_meat_paper(new, file.id, farm.actor, at=NOON)
    issue(farm, batch=batch.public_id)

    lot = farm.pack(batch, "10")

    assert known(farm, lot=lot).missing == ()
    assert [view.paper.number for view in known(farm, lot=lot).meat_papers] == ["62meat_inspection", "62quarantine"]
    assert [told["kind"] for told in events("catalog.paper_recorded")] == ["quarantine", "meat_inspection"]
    papers = queries.public_papers(farm.sku.code)
    assert papers.meat == {"A1": [("quarantine", "62quarantine"), ("meat_inspection", "62meat_inspection")]}


def test_processed_food_shows_its_factory_test(session):
    farm = make_farm(category_code=NOODLES, name="靖远挂面")
    lot = farm.pack(farm.harvest("100"), "10")
    assert known(farm, lot=lot).missing == ("factory_test",)

    report(farm, kind="factory", lot=lot.public_id)

    assert known(farm, lot=lot).missing == ()
    assert queries.public_papers(farm.sku.code).tests == {
        "A1": [("白银市检验检测中心", "BY-1", date(2026, 7, 14), None, True)]
    }


def test_what_was_undone_has_no_records(farm):
    batch = farm.harvest()
    made = issue(farm, batch=batch.public_id)
    with transaction():
        db.session.execute(text("UPDATE batches SET status = 'undone'"))

    with pytest.raises(NoSuchSubject):
        known(farm, batch)
    assert queries.is_void(made)


def test_an_instant_in_the_future_is_no_reading(farm):
    with pytest.raises(temperatures.BadTemperatureFile):
        record_log(farm, "时间,温度\n2027-01-01 00:00,4\n", batch=farm.harvest().public_id)

    assert datetime(2027, 1, 1, tzinfo=UTC) > NOON


def test_papers_of_meat_and_temperatures_are_taken_back_once_with_a_reason_and_never_changed(session):
    farm, other = make_farm(category_code=MUTTON, name="靖远羊羔肉"), make_farm()
    batch = farm.harvest()
    log = record_log(farm, batch=batch.public_id)
    file = store(farm)
    with transaction():
        new = reports.NewMeatPaper("quarantine", "62-1", "动物卫生监督所", date(2026, 7, 14), batch=batch.public_id)
        paper = reports.record_meat_paper(new, file.id, farm.actor, at=NOON)
    acts = ((withdrawing.withdraw_meat_paper, paper), (withdrawing.withdraw_temperatures, log))

    for withdraw, record in acts:
        with pytest.raises(withdrawing.NoSuchRecord), transaction():
            withdraw(record.public_id, "x", other.actor, at=NOON)
        with pytest.raises(BadRecord), transaction():
            withdraw(record.public_id, " ", farm.actor, at=NOON)
    before = known(farm, batch=batch).missing
    for withdraw, record in acts:
        with transaction():
            withdraw(record.public_id, "传错了批次", farm.actor, at=NOON)
        with pytest.raises(withdrawing.RecordWithdrawn), transaction():
            withdraw(record.public_id, "再次", farm.actor, at=NOON)
    again = record_log(farm, batch=batch.public_id)
    for sql in (
        "UPDATE temperature_records SET most_c = 1",
        "UPDATE meat_papers SET withdrawn_why = 'y'",
        "DELETE FROM meat_papers",
        "TRUNCATE temperature_records CASCADE",
    ):
        with pytest.raises(DBAPIError, match="append-only"), transaction():
            db.session.execute(text(sql))

    assert before == ("commitment", "meat_inspection")
    assert known(farm, batch=batch).missing == ("commitment", "quarantine", "meat_inspection")
    assert [(one.withdrawn_why, one.withdrawn_at) for one in (paper, log)] == [("传错了批次", NOON)] * 2
    assert (again.withdrawn_at, count("temperature_records")) == (None, 2)
    assert [told["reason"] for told in events("catalog.temperature_withdrawn")] == ["传错了批次"]
    with pytest.raises(temperatures.TemperatureFileTaken):
        record_log(farm, batch=batch.public_id)


@pytest.mark.parametrize(
    ("changes", "is_basis"),
    [
        ({}, True),
        ({"expires_on": date(2026, 7, 14)}, False),
        ({"expires_on": date(2026, 7, 15)}, True),
        ({"tested_on": date(2024, 7, 14)}, False),
        ({"tested_on": date(2026, 7, 1)}, True),
        ({"kind": "factory"}, False),
    ],
)
def test_only_a_test_that_holds_today_and_is_of_these_goods_is_a_basis(farm, changes, is_basis):
    batch = farm.harvest()
    report(farm, batch=batch.public_id, **changes)

    if is_basis:
        assert issue(farm, batch=batch.public_id, bases=["commissioned_test"]).bases == ["commissioned_test"]
    else:
        with pytest.raises(commitments.BasisMissing):
            issue(farm, batch=batch.public_id, bases=["commissioned_test"])
    assert count("commitments") == is_basis


def test_a_failed_test_stands_until_one_of_its_weight_passes_or_it_is_taken_back(farm):
    batch = farm.harvest()
    lot = farm.pack(batch, "10", code="A1")
    issue(farm, lot=lot.public_id)
    report(farm, lot=lot.public_id)
    failed = report(farm, BAD, batch=batch.public_id, kind="official", has_passed=False, number="BY-2")
    certificates, said = count("commitments"), []

    def goes_out() -> bool:
        try:
            require_tests([lot.id])
        except LotFailedTest as refusal:
            said.append(refusal.members["lots"])
            return False
        return True

    assert (goes_out(), known(farm, lot=lot).missing) == (False, ("passed_test",))
    with pytest.raises(commitments.BasisMissing):
        issue(farm, lot=lot.public_id, is_replacement=True)
    assert count("commitments") == certificates
    shown = queries.public_papers(farm.sku.code).tests["A1"]
    assert [(number, has_passed) for _lab, number, _day, _until, has_passed in shown] == [
        ("BY-2", False),
        ("BY-1", True),
    ]
    report(farm, batch=batch.public_id, kind="own", number="BY-3")
    assert goes_out() is False
    report(farm, batch=batch.public_id, kind="official", number="BY-4")
    assert (goes_out(), known(farm, lot=lot).missing) == (True, ())
    report(farm, BAD, lot=lot.public_id, kind="own", has_passed=False, number="BY-5")
    assert goes_out() is False
    with transaction():
        for each in (failed, db.session.query(TestReport).filter_by(number="BY-5").one()):
            reports.withdraw_report(each.public_id, "抄错", farm.actor, at=NOON)
    assert goes_out() is True
    assert said == [["A1"]] * 3


def test_a_lot_whose_test_failed_is_not_shipped_and_nothing_changes(farm):
    lot = farm.pack(farm.harvest(), "10")
    issue(farm, lot=lot.public_id)
    report(farm, BAD, lot=lot.public_id, has_passed=False)
    with transaction():
        lots.reserve({farm.sku.id: Decimal(4)})

    with pytest.raises(LotFailedTest), transaction():
        lots.ship(farm.sku.id, Decimal(4), ref="x", at=NOON, user_id=None)

    db.session.refresh(lot)
    assert (lot.on_hand, count("lot_movements")) == (10, 1)


def test_papers_of_a_slaughter_follow_the_meat_through_cutting_and_packing(session):
    farm = make_farm(category_code=MUTTON, name="靖远羊羔肉")
    carcass = farm.harvest("100", kind="slaughter", heads=5, code="S1")
    file = store(farm)
    for kind in ("quarantine", "meat_inspection"):
        with transaction():
            new = reports.NewMeatPaper(kind, f"62{kind}", "动物卫生监督所", date(2026, 7, 15), batch=carcass.public_id)
            reports.record_meat_paper(new, file.id, farm.actor, at=NOON)
    report(farm, batch=carcass.public_id)
    cut = farm.process({carcass: "100"}, "80", code="S2")
    lot = farm.pack(cut, "10")

    found = known(farm, lot=lot)

    assert found.missing == ("commitment",)
    assert [(view.paper.kind, view.earlier) for view in found.meat_papers] == [
        ("meat_inspection", "S1"),
        ("quarantine", "S1"),
    ]
    assert [(view.report.number, view.earlier) for view in found.reports] == [("BY-1", "S1")]
    assert [view.earlier for view in known(farm, carcass).meat_papers] == ["", ""]
