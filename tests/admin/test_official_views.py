"""What officials' pages show, by API: the same figures within the caller's scope; long breakdowns in pages."""

from __future__ import annotations

import re
from datetime import date

import pytest

from admin.official import pages
from shop.db import db, transaction
from tests.admin.test_official_watch import JINGYUAN, official, owed
from tests.factories import make_member
from tests.ledger import world as ledger
from tests.ledger.world import ANDING, LIBO, dimension, post
from tests.purchase.world import make_world


@pytest.fixture
def sold(session):
    """Three counties' sales of 2026 and one of the year before."""
    ledger.make_world()
    db.session.commit()
    with transaction():
        post(300_00)
        post(200_00, facts=dimension(county_code=ANDING, partner_level="elsewhere"))
        post(100_00, facts=dimension(county_code=LIBO))
        post(150_00, on=date(2025, 7, 1))


def test_the_overview_is_the_page_s_and_holds_as_of_a_seal(client, bearer, sold):
    west = bearer(official(division="620000"))

    body = client.get("/api/v1/official/overview", headers=west).json
    with transaction():
        post(5_00)
    again = client.get(f"/api/v1/official/overview?as_of={body['as_of']['seq']}", headers=west).json

    assert (body["total"]["amount"], body["before"]["amount"], body["change_bp"]) == ("500.00", "150.00", 23333)
    assert [(row["label"]["id"], row["amount"]["amount"], row["share_bp"]) for row in body["counties"]] == [
        (JINGYUAN, "300.00", 6000), (ANDING, "200.00", 4000),
    ]  # fmt: skip
    assert [(row["label"]["id"], row["amount"]["amount"]) for row in body["partners"]] == [
        ("own", "300.00"), ("elsewhere", "200.00"),
    ]  # fmt: skip
    assert body["months"][6] == {"month": 7, "amount": body["total"], "before": body["before"]}
    assert body["measures"]["counted"] == body["total"]
    assert (again["total"], again["control_total"]) == (body["total"], body["control_total"])


def test_unpaid_and_expiring_are_officials_alone_and_by_scope(client, bearer, session):
    order = owed(make_world(), "10")
    seen, elsewhere = bearer(official(division=JINGYUAN)), bearer(official(division="520000"))

    body = client.get("/api/v1/official/unpaid", headers=seen).json
    papers = client.get("/api/v1/official/expiring?days=30", headers=seen).json

    assert (body["orders"], body["total"]["amount"], body["items"][0]["number"]) == (1, "200.00", order.number)
    assert client.get("/api/v1/official/unpaid", headers=elsewhere).json["items"] == []
    assert [row["days"] for row in papers["counts"]] == [30, 60]
    institution = bearer(make_member("institution", "institution_admin"))
    assert client.get("/api/v1/official/unpaid", headers=institution).status_code == 403
    assert client.get("/api/v1/official/expiring", headers=institution).status_code == 403


def test_a_long_breakdown_comes_in_pages_with_ranks_and_downloads_name_the_seal(login, monkeypatch, sold):
    monkeypatch.setattr(pages, "_ROWS", 2)
    desk = login(make_member("operator"))

    first = desk.get("/official/totals?by=county&show=yuan").text
    following = re.findall(r'rel="next" href="([^"]+)"', first)[0].replace("&amp;", "&")
    second = desk.get(following).text
    whole = desk.get("/official/totals?by=county&all=1").text

    def ranks(text: str) -> list[str]:
        return re.findall(r'<tr><td class="num">(\d+)</td>', text)

    assert (ranks(first), ranks(second), ranks(whole)) == (["1", "2"], ["3"], ["1", "2", "3"])
    assert ("as_of=4" in following, "第 1 至 2 行" in first, "荔波县" in second) == (True, True, True)
    assert 'rel="prev"' in second
    sheet = desk.get("/official/totals.csv?by=county&as_of=4")
    assert sheet.headers["Content-Disposition"] == 'attachment; filename="totals-4.csv"'
