"""Totals over the API: who sees what, in which form, and what is refused."""

from __future__ import annotations

import csv
import io
import random
from datetime import date
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from orders.ledger import asking
from orders.ledger.questions import DIMENSIONS, TIMES
from shop.db import db, transaction
from shop.identity.models import AuthorityScope
from tests.conftest import count
from tests.factories import make_member, make_organisation
from tests.ledger.story import KEYS, plain, tell
from tests.ledger.world import ANDING, HEPING, JINGYUAN, LIBO, dimension, make_world, post

YEAR = {"from": "2026-01-01", "to": "2026-12-31"}


@pytest.fixture
def operator(session, bearer):
    make_world()
    db.session.commit()
    return bearer(make_member("operator"))


def _scoped(kind: str, scope: tuple[str, str]) -> Any:
    """Return a member of an authority that sees one division."""
    with transaction():
        authority = make_organisation("authority")
        db.session.add(_authority_scope(authority.id, *scope))
    return make_member(kind, organisation=authority)


def _authority_scope(organisation_id: int, kind: str, division: str) -> Any:
    return AuthorityScope(
        organisation_id=organisation_id, kind=kind, division_code=division, valid_from=date(2019, 1, 1)
    )


def test_a_breakdown_names_its_keys_and_can_be_asked_again(client, operator):
    with transaction():
        post(1_230_00, on=date(2026, 3, 1))
        post(7, on=date(2026, 4, 1), facts=dimension(county_code=ANDING, partner_level="elsewhere"))
    answer = client.get("/api/v1/totals", query_string={"by": "county,partner", **YEAR}, headers=operator)
    assert answer.status_code == 200
    body = answer.json
    assert body["total"] == {"amount": "1230.07", "currency": "CNY"}
    assert (body["from"], body["to"], body["as_of"]["seq"], body["rule_version"]) == ("2026-01-01", "2026-12-31", 2, 1)
    assert body["rows"] == [
        {
            "keys": {
                "county": {"id": JINGYUAN, "name": "靖远县", "name_en": "靖远县"},
                "partner": {"id": "own", "name": "结对地区", "name_en": "own"},
            },
            "amount": {"amount": "1230.00", "currency": "CNY"},
        },
        {
            "keys": {
                "county": {"id": ANDING, "name": "安定区", "name_en": "安定区"},
                "partner": {"id": "elsewhere", "name": "其他地区", "name_en": "elsewhere"},
            },
            "amount": {"amount": "0.07", "currency": "CNY"},
        },
    ]
    with transaction():
        post(5)
    again = client.get("/api/v1/totals", query_string={"by": "county,partner", "as_of": "2", **YEAR}, headers=operator)
    assert again.data == answer.data
    by_instant = client.get(
        "/api/v1/totals", query_string={"as_of": "2026-07-15T12:00:00+08:00", **YEAR}, headers=operator
    )
    assert by_instant.json["as_of"] == {"seq": 3, "at": "2026-07-15T12:00:00+08:00"}


def test_days_left_out_are_this_year_until_today(client, operator):
    body = client.get("/api/v1/totals", headers=operator).json
    assert (body["from"], body["to"], body["total"]["amount"], body["rows"]) == ("2026-01-01", "2026-07-15", "0.00", [])


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"measure": "hoped"}, "#/measure"),
        ({"by": "county,county"}, "#/by"),
        ({"by": "weather"}, "#/by"),
        ({"from": "2026-02-30"}, "#/from"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "#/to"),
        ({"county": "62042"}, "#/county"),
        ({"institution": "1"}, "#/institution"),
        ({"as_of": "soon"}, "#/as_of"),
        ({"colour": "red"}, "#/colour"),
    ],
)
def test_a_malformed_question_is_refused_by_field(client, operator, query, pointer):
    answer = client.get("/api/v1/totals", query_string=query, headers=operator)
    assert (answer.status_code, [error["pointer"] for error in answer.json["errors"]]) == (422, [pointer])


def test_a_seal_not_reached_yet_is_refused(client, operator):
    answer = client.get("/api/v1/totals", query_string={"as_of": "99"}, headers=operator)
    assert (answer.status_code, answer.json["type"]) == (422, "/problems/as-of-unknown")


def test_without_a_token_or_the_right_nothing_is_told(client, operator, bearer):
    clerk = bearer(make_member("producer", "producer_clerk"))
    for path in ("totals", "totals.csv", "totals.xlsx", "totals/lines", "totals/lines.csv", "totals/lines.xlsx"):
        assert client.get(f"/api/v1/{path}").status_code == 401
        assert client.get(f"/api/v1/{path}", headers=clerk).status_code == 403
    assert count("ledger_seals") == 0


def test_everyone_sees_their_own_part(client, operator, bearer):
    buyer, seller = make_member("institution"), make_member("producer")
    with transaction():
        post(1, facts=dimension(buyer_id=buyer.organisation_id, producer_id=None, county_code=LIBO))
        post(2, facts=dimension(producer_id=seller.organisation_id, buyer_division_code="330203"))
        post(4, facts=dimension(county_code=ANDING, buyer_division_code="330203"))

    def total(actor: Any, **query: str) -> str:
        answer = client.get("/api/v1/totals", query_string={**YEAR, **query}, headers=bearer(actor))
        return str(answer.json["total"]["amount"])

    assert total(make_member("operator")) == "0.07"
    assert total(buyer) == "0.01"
    assert total(seller) == "0.02"
    assert total(buyer, county=JINGYUAN) == "0.00"
    assert total(seller, institution=str(buyer.organisation_public_id)) == "0.00"
    assert total(_scoped("authority", ("division", "620000"))) == "0.06"
    assert total(_scoped("authority", ("division", "621100"))) == "0.04"
    assert total(_scoped("authority", ("division", HEPING))) == "0.01"
    assert total(_scoped("authority", ("division", "330000"))) == "0.06"
    assert total(make_member("authority")) == "0.00"


def test_a_county_s_counted_years_are_public(client, operator):
    with transaction():
        post(100, on=date(2025, 5, 5))
        post(11, on=date(2026, 5, 5))
        post(999, measure="ordered")
    body = client.get(f"/api/v1/counties/{JINGYUAN}/totals").json
    assert body["total"]["amount"] == "1.11"
    assert [(year["year"], year["amount"]["amount"]) for year in body["years"]] == [("2025", "1.00"), ("2026", "0.11")]
    assert client.get("/api/v1/counties/110000/totals").status_code == 404


def test_lines_page_newest_first_and_add_up(client, operator):
    with transaction():
        for day in range(1, 8):
            post(day, on=date(2026, 7, day))
    seen, cursor = [], None
    while True:
        query = {"limit": "3", **YEAR, **({"cursor": cursor} if cursor else {})}
        body = client.get("/api/v1/totals/lines", query_string=query, headers=operator).json
        assert body["total"]["amount"] == "0.28"
        seen += [line["amount"]["amount"] for line in body["items"]]
        cursor = body["next"]
        if cursor is None:
            break
    assert seen == ["0.07", "0.06", "0.05", "0.04", "0.03", "0.02", "0.01"]


@pytest.mark.parametrize("times", [25, pytest.param(200, marks=pytest.mark.soak)])
def test_header_lines_csv_xlsx_and_plain_sql_agree_for_random_questions(client, operator, times):
    chance = random.Random(5)  # noqa: S311  repeatable
    with transaction():
        last = tell(chance, lines=60, postings=300, seals=4)
    names = [name for name in KEYS if name not in ("producer", "institution", "unit", "product")]
    actor = make_member("operator")
    for _ in range(times):
        query = {
            "measure": chance.choice(["counted", "paid"]), "as_of": str(chance.choice([last, chance.randint(0, last)])),
            "from": f"2025-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
            "to": chance.choice(["2026-12-31", "2026-06-17", "2027-03-11"]),
        }  # fmt: skip
        for name in chance.sample(names, chance.randint(0, 2)):
            query[name] = chance.choice([value for value in KEYS[name] if value])
        by = ",".join(chance.sample([*DIMENSIONS, *TIMES], chance.randint(0, 2)))
        body = client.get("/api/v1/totals", query_string={**query, "by": by}, headers=operator).json
        header = _fen(body["total"]["amount"])
        assert sum(_fen(row["amount"]["amount"]) for row in body["rows"]) == header
        table = _csv(client.get("/api/v1/totals.csv", query_string={**query, "by": by}, headers=operator))
        assert sum(_fen(row[-1]) for row in table[1:]) == header
        lines = _csv(client.get("/api/v1/totals/lines.csv", query_string=query, headers=operator))
        assert sum(_fen(row[-1]) for row in lines[1:]) == header
        for path, asked in (("totals.xlsx", {**query, "by": by}), ("totals/lines.xlsx", query)):
            sheet = _sheet(client.get(f"/api/v1/{path}", query_string=asked, headers=operator))
            if len(sheet[0]) > 1:  # a single figure has no total under it
                assert (sheet[-1][0], round(sheet.pop()[-1] * 100)) == ("合计", header)
            assert sum(round(row[-1] * 100) for row in sheet[1:]) == header
        question = asking.question_of({**_loaded(query), "by": ""}, actor)
        assert sum(amount for *_key, amount in plain(question)) == header


def _loaded(query: dict[str, str]) -> dict[str, Any]:
    return {
        "measure": query["measure"], "from_on": date.fromisoformat(query["from"]), "to_on": date.fromisoformat(query["to"]),
        "as_of": int(query["as_of"]), "filters": {name: value for name, value in query.items() if name in DIMENSIONS},
    }  # fmt: skip


def _fen(yuan: str) -> int:
    return round(float(yuan) * 100)


def _csv(answer: Any) -> list[list[str]]:
    assert answer.data.startswith("\ufeff".encode())
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def _sheet(answer: Any) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
