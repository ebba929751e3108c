"""People helped are told as what is known of them: at least, and at most, with the reports behind."""

from __future__ import annotations

import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from werkzeug.datastructures import MultiDict

from admin.official import people
from admin.official.asking import read_asked
from catalog.producers import services as producers
from catalog.producers.services import NewBenefit
from orders.ledger import questions, reporting
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests import factories
from tests.admin.test_official_watch import official
from tests.conftest import NOON
from tests.factories import TODAY
from tests.ledger.filers import another, confirmed, officials
from tests.ledger.world import ANDING, dimension, make_world, post

JINGYUAN, HUINING, HEPING = "620421", "620422", "120101"


def report(
    county: str, way: str, households: int, persons: int, *, basis: str = "actual", by: Actor | None = None
) -> Actor:
    """Let a producer of a county report whom it helps in 2026."""
    with transaction():
        producer = by or factories.make_producer(county)
        new = NewBenefit(county, 2026, way, basis, households, persons)
        producers.record_benefit(producer.organisation_id, new, None, at=NOON)
    return producer


def told(actor: Actor, **args: str) -> list[tuple[Any, ...]]:
    found = people.summary(actor, read_asked(MultiDict(args), TODAY))
    return [
        (p.year, p.basis, (p.households_from, p.households_to), (p.persons_from, p.persons_to), p.reports)
        for p in found
    ]


@pytest.fixture
def reported(session) -> Actor:
    """Two producers of Jingyuan, one in two ways, one of Huining; and what one expects."""
    first = report(JINGYUAN, "work", 30, 100)
    report(JINGYUAN, "orders", 50, 180, by=first)
    report(JINGYUAN, "shares", 20, 90)
    report(HUINING, "orders", 7, 25)
    report(JINGYUAN, "orders", 500, 2000, basis="expected")
    return first


def test_a_year_lies_between_each_county_s_largest_report_and_all_of_them(reported):
    assert told(official(division="620000")) == [
        (2026, "actual", (57, 107), (205, 395), 4), (2026, "expected", (500, 500), (2000, 2000), 1),
    ]  # fmt: skip
    assert told(official(division=HUINING)) == [(2026, "actual", (7, 7), (25, 25), 1)]
    assert told(official(division="620000"), county=HUINING) == [(2026, "actual", (7, 7), (25, 25), 1)]
    producer = str(reported.organisation_public_id)
    assert told(official(division="620000"), producer=producer) == [(2026, "actual", (50, 80), (180, 280), 2)]
    assert told(official(superior_id=reported.organisation_id)) == []


def test_an_eastern_division_sees_whom_its_purchases_from_partner_counties_helped(reported, client, bearer):
    with transaction():
        make_world()
    first, second = officials(JINGYUAN)
    east = official(division=HEPING)
    assert told(east) == []
    with transaction():
        post(50_00, facts=dimension(producer_id=reported.organisation_id))
        post(50_00, facts=dimension(producer_id=reported.organisation_id, county_code=ANDING))  # reported nobody there
        post(50_00, facts=dimension(producer_id=99, partner_level="elsewhere"))
    before = questions.resolve_as_of(None)
    confirmed(first, second, people_helped=400)
    reporting.seal_everything()

    assert told(east) == [(2026, "actual", (50, 80), (400, 680), 3)]
    assert told(east, as_of=str(before)) == []
    assert told(official(division="330000")) == []

    answer = client.get("/api/v1/official/people", headers=bearer(east)).json
    assert [(row["way"], row["persons"]) for row in answer["items"]] == [
        ("work", 100),
        ("orders", 180),
        ("filing", 400),
    ]
    assert answer["people"][0]["persons_to"] == 680


def test_a_filing_s_people_are_a_report_where_its_seller_made_none(reported):
    with transaction():
        make_world()
    first, second = officials(JINGYUAN)
    confirmed(first, second, people_helped=400)  # of a seller that is not registered
    code = db.session.get_one(Organisation, reported.organisation_id).credit_code
    confirmed(first, second, people_helped=999, seller_credit_code=code, keys=another())  # among those that it reported

    assert told(official(division=JINGYUAN))[0] == (2026, "actual", (50, 100), (400, 770), 4)


def test_the_range_leads_to_its_reports_and_their_workbook(reported, login):
    client = login(official(division="620000"))

    board = client.get("/official").text
    assert ("205 – 395" in board, "去重)" in board, "不按订单累加" in board) == (True, False, True)
    assert (
        "/official/people?measure=counted&amp;from=2026-01-01&amp;to=2026-12-31&amp;as_of=0&amp;basis=actual" in board
    )
    page = client.get("/official/people?from=2026-01-01&to=2026-12-31&basis=actual").text
    assert ("205 – 395" in page, page.count('data-label="供应商"'), "2,000" in page) == (True, 1 + 4, False)
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/official/people.xlsx?basis=actual").data))
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[-1] for row in rows[1:]] == [100.0, 180.0, 90.0, 25.0, 395.0]
    assert "还没有登记联农带农情况" in login(official(division=HEPING)).get("/official/people").text
