"""Tests, papers, temperatures and certificates over the API."""

import pytest

from shop.db import transaction
from shop.files import services as files
from tests.catalog.batches.help import make_farm
from tests.conftest import count

PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def farm(session):
    return make_farm(category_code="0801", name="靖远羊羔肉")


@pytest.fixture
def ask(client, bearer, farm):
    header = bearer(farm.actor)
    keys = iter(range(1000))

    def send(path, body=None, method="POST"):
        if body is None:
            return client.get(f"/api/v1{path}", headers=header)
        headers = {**header, "Idempotency-Key": f"k{next(keys)}"}
        return client.open(f"/api/v1{path}", method=method, json=body, headers=headers)

    return send


def store(farm, data=PDF, name="a.pdf"):
    with transaction():
        return str(files.store(data, name, farm.actor).public_id)


def test_everything_that_is_known_of_a_batch(ask, farm):
    batch = str(farm.harvest().public_id)
    lines = [{"name": "克伦特罗", "allowed": "不得检出", "result": "未检出", "has_passed": True}]
    report = ask(
        "/test-reports",
        {
            "batch": batch, "file": store(farm), "kind": "official", "laboratory": "检测中心", "number": "1",
            "tested_on": "2026-07-14", "has_passed": True, "items": lines,
        },
    )  # fmt: skip
    paper = ask(
        "/meat-papers",
        {
            "batch": batch,
            "file": store(farm),
            "kind": "quarantine",
            "number": "62",
            "issuer": "监督所",
            "issued_on": "2026-07-14",
        },
    )
    log = "时间,温度\n2026-07-14 08:00,3\n2026-07-14 09:00,5\n".encode("gbk")
    temperature = ask("/temperature-records", {"batch": batch, "file": store(farm, log, "温度.csv")})
    certificate = ask("/commitments", {"batch": batch, "bases": ["commissioned_test"], "contact": "0943-6123456"})
    known = ask(f"/batches/{batch}/records").json

    assert [answer.status_code for answer in (report, paper, temperature, certificate)] == [201] * 4
    assert temperature.json["stretches"] == [
        {"side": "above", "started_at": "2026-07-14T09:00:00+08:00", "ended_at": "2026-07-14T09:00:00+08:00", "extreme_c": "5.00", "readings": 1},
    ]  # fmt: skip
    assert (temperature.json["low_c"], temperature.json["high_c"], temperature.json["mean_c"]) == (
        "0.00",
        "4.00",
        "4.00",
    )
    assert known["reports"] == [report.json]
    assert known["commitments"] == [certificate.json]
    assert known["missing"] == ["meat_inspection"]
    assert ask(f"/test-reports/{report.json['id']}").json == report.json
    withdrawn = ask(f"/test-reports/{report.json['id']}/withdraw", {"reason": "填错"}).json
    others = [
        ask(f"/{path}/{answer.json['id']}/withdraw", {"reason": "填错"}).json
        for path, answer in (("meat-papers", paper), ("temperature-records", temperature))
    ]
    for told in (withdrawn, *others):
        assert (told["withdrawn_why"], told["withdrawn_at"]) == ("填错", "2026-07-15T12:00:00+08:00")
    assert ask(f"/batches/{batch}/records").json["missing"] == ["quarantine", "meat_inspection"]


def test_a_lot_is_kept_frozen_if_its_pack_says_so(ask, farm):
    answer = ask(f"/skus/{farm.sku.public_id}/temperature-range", {"low_c": "-25", "high_c": "-18"}, method="PUT")

    assert answer.json == {"low_c": "-25.00", "high_c": "-18.00"}


def test_refusals_leave_nothing_behind(ask, farm):
    batch = str(farm.harvest().public_id)
    log = "时间,温度\n2026-07-14 08:00,3\n坏,5\n".encode()

    broken = ask("/temperature-records", {"batch": batch, "file": store(farm, log, "温度.csv")})
    both = ask("/commitments", {"batch": batch, "lot": batch, "bases": ["own_promise"]})
    foreign = ask("/commitments", {"lot": batch, "bases": ["own_promise"], "contact": "13800138000"})

    assert (broken.status_code, broken.json["type"], broken.json["rows"]) == (
        422,
        "/problems/bad-temperature-file",
        [3],
    )
    assert (both.status_code, foreign.status_code) == (422, 404)
    assert (count("temperature_records"), count("commitments")) == (0, 0)
