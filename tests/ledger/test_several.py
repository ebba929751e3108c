"""Filters of totals and lists take several values, repeated or with commas, everywhere the same."""

from __future__ import annotations

from datetime import date

import pytest

from shop.db import db, transaction
from tests.factories import make_member
from tests.ledger.filers import another, officials, submitted
from tests.ledger.world import ANDING, JINGYUAN, LIBO, dimension, make_world, post

YEAR = "from=2026-01-01&to=2026-12-31"
#: The same two counties, said in every way.
TWO = (f"county={JINGYUAN}&county={LIBO}", f"county={LIBO},{JINGYUAN}", f"county={LIBO}&county={JINGYUAN},{LIBO}")


@pytest.fixture
def operator(session, bearer):
    make_world()
    db.session.commit()
    return bearer(make_member("operator"))


def post_three() -> None:
    with transaction():
        for fen, county, channel in ((100, JINGYUAN, "shop"), (20, ANDING, "filing"), (3, LIBO, "contract")):
            post(fen, on=date(2026, 3, 1), facts=dimension(county_code=county, channel=channel))


def test_totals_lines_and_files_add_up_over_several_counties(client, operator):
    post_three()
    answers = [client.get(f"/api/v1/totals?by=county&{YEAR}&{asked}", headers=operator).json for asked in TWO]

    assert [answer["total"]["amount"] for answer in answers] == ["1.03"] * 3
    assert {answer["control_total"] for answer in answers} == {answers[0]["control_total"]}
    assert answers[0]["filters"] == {"county": f"{LIBO},{JINGYUAN}"}
    assert [row["keys"]["county"]["id"] for row in answers[0]["rows"]] == [LIBO, JINGYUAN]
    lines = client.get(f"/api/v1/totals/lines?{YEAR}&{TWO[0]}", headers=operator).json
    assert (lines["total"]["amount"], len(lines["items"])) == ("1.03", 2)
    assert client.get(f"/api/v1/totals/lines.csv?{YEAR}&{TWO[1]}", headers=operator).text.count("\n") == 3


def test_two_filters_of_several_values_hold_both(client, operator):
    post_three()

    asked = f"{YEAR}&{TWO[0]}&channel=shop,filing"
    assert client.get(f"/api/v1/totals?{asked}", headers=operator).json["total"]["amount"] == "1.00"


def test_one_wrong_value_among_several_is_named_and_too_many_are_refused(client, operator):
    wrong = client.get(f"/api/v1/totals?county={JINGYUAN}&county=abc", headers=operator)
    empty = client.get("/api/v1/totals?county=", headers=operator)
    many = client.get(f"/api/v1/totals?county={','.join(str(n) for n in range(100001, 100060))}", headers=operator)

    assert [answer.status_code for answer in (wrong, empty, many)] == [422, 422, 422]
    assert [error["pointer"] for answer in (wrong, many) for error in answer.json["errors"]] == ["#/county"] * 2


def test_the_officials_pages_keep_several_values_in_their_links(client, login, operator):
    post_three()
    login(make_member("operator", "operator_auditor"))

    page = client.get(f"/official/lines?{YEAR}&{TWO[0]}").text
    assert "1.03" in page
    assert "荔波县、靖远县" in page
    assert f"county={LIBO},{JINGYUAN}" in page.replace("%2C", ",")
    assert client.get(f"/official?{YEAR}&{TWO[2]}").status_code == 200


def test_lists_take_several_states_and_counties(client, bearer, operator):
    first = submitted(officials()[0])
    second = submitted(officials(ANDING)[0], county_code=ANDING, keys=another())

    def numbers(query: str) -> list[str]:
        return [one["number"] for one in client.get(f"/api/v1/filings?{query}", headers=operator).json["items"]]

    assert numbers(f"county={JINGYUAN},{ANDING}") == [second.number, first.number]
    assert numbers(f"county={LIBO}&county={JINGYUAN}") == [first.number]
    assert numbers("status=draft,submitted") == [second.number, first.number]
    assert numbers("status=draft&status=refused") == []
    assert client.get("/api/v1/filings?status=draft,nothing", headers=operator).status_code == 422
    for path in ("orders?status=confirmed,shipped", "payments?status=recorded&status=confirmed",
                 "refunds?status=requested,recorded", "invoices?status=recorded,checked"):  # fmt: skip
        assert client.get(f"/api/v1/{path}", headers=operator).status_code in (200, 403), path
