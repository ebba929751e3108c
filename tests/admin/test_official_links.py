"""Each number of the officials' first screen leads to its lines; amounts in 万元 or 元; filters that people choose."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from typing import Any

import pytest

from catalog.papers.models import EligibilityBasis
from shop.db import db, transaction
from tests import factories
from tests.admin.test_official_watch import official, owed
from tests.factories import TODAY, make_member
from tests.ledger.world import ANDING, JINGYUAN, YUNYANG, dimension, make_world, post
from tests.purchase.world import make_world as make_trade


@pytest.fixture
def desk(session, login) -> Any:
    make_world()
    db.session.commit()
    with transaction():
        post(5_100_00, on=date(2026, 3, 1))
        post(1_234_00, on=date(2025, 3, 1))
        post(777_00, on=date(2025, 12, 1))
        post(66_00, on=date(2026, 3, 1), facts=dimension(county_code=ANDING, channel="filing", category_code="lamb"))
    return login(make_member("operator"))


def links(text: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'href="([^"]+)"', text)]


def test_last_year_s_figure_of_each_part_leads_to_its_lines(desk):
    board = desk.get("/official").text
    before = [one for one in links(board) if "from=2025-01-01&to=2025-07-15" in one]

    asked = {part for one in before for part in re.findall(r"(?:county|partner|channel|mode)=\w+", one)}
    assert asked == {f"county={JINGYUAN}", "partner=own", "channel=shop", "mode=direct"}
    assert all("1,234.00" in desk.get(one).text for one in before)


def rows_of(page: str) -> tuple[list[str], list[str]]:
    """Return the days of a page's lines, and their sums after the total's."""
    cell = r'<td class="%s" data-label="%s">([^<]+)'
    return re.findall(cell % ("nowrap", "日期"), page), re.findall(cell % ("num", "金额（元）"), page)


@pytest.mark.parametrize("by", ["month,year", "year,month", "day,month", "month,quarter", "quarter,year,day"])
def test_a_cell_of_several_time_dimensions_leads_to_its_own_lines(desk, by):
    with transaction():
        post(9_00, on=date(2026, 5, 9))

    asked = "&".join(f"by={bucket}" for bucket in by.split(","))
    table = desk.get(f"/official/totals?{asked}&from=2026-01-01&to=2026-12-31&show=yuan").text

    behind = [one for one in links(table) if one.startswith("/official/lines") and "from=2026-05" in one]
    days = "from=2026-05-09&to=2026-05-09" if "day" in by else "from=2026-05-01&to=2026-05-31"
    assert behind
    assert all(days in one for one in behind)
    assert all(rows_of(desk.get(one).text) == (["2026-05-09"], ["9.00", "9.00"]) for one in behind)


def test_what_has_no_prefecture_leads_to_its_lines(desk, client, bearer):
    with transaction():
        post(31_00, on=date(2026, 3, 1), facts=dimension(county_code=YUNYANG))

    table = desk.get("/official/totals?by=prefecture&show=yuan").text

    (behind,) = {one for one in links(table) if "prefecture=none" in one and one.startswith("/official/lines")}
    page = desk.get(behind).text
    assert (rows_of(page), "云阳县" in page, "靖远县" in page) == ((["2026-03-01"], ["31.00", "31.00"]), True, False)
    asked = client.get(
        "/api/v1/totals?prefecture=none&from=2026-01-01&to=2026-12-31", headers=bearer(make_member("operator"))
    )
    assert asked.json["total"]["amount"] == "31.00"


def test_amounts_are_shown_in_ten_thousands_or_in_yuan_and_links_keep_it(desk):
    wan, yuan = desk.get("/official").text, desk.get("/official?show=yuan").text
    assert ("0.51" in wan, "金额（万元）" in wan, ">按元显示</a>" in wan) == (True, True, True)
    assert (">5,100.00<" in yuan, "金额（元）" in yuan, "万元)" in yuan, ">按万元显示</a>" in yuan) == (
        True,
        True,
        False,
        True,
    )
    assert all("show=yuan" in one for one in links(yuan) if one.startswith("/official/totals"))
    table = desk.get("/official/totals?by=county&show=yuan").text
    assert (">5,100.00<" in table, ">0.51<" in desk.get("/official/totals?by=county").text) == (True, True)


def test_a_category_channel_and_partner_are_chosen_and_kept(desk):
    page = desk.get(f"/official?category=meat&channel=filing&county={ANDING}").text

    assert re.search(r'<select[^>]*name="category">.*?<option value="meat" selected>', page, re.DOTALL)
    assert re.search(r'<select[^>]*name="channel">.*?<option value="filing" selected>', page, re.DOTALL)
    assert 'name="partner"' in page
    assert f'<input type="hidden" name="county" value="{ANDING}">' in page
    assert "66.00 元" in page
    assert page.count('type="hidden" name="channel"') == 0
    for path in ("/official/totals", "/official/lines"):
        assert "66.00" in desk.get(f"{path}?category=meat&channel=filing").text


def test_a_producer_s_name_becomes_its_filter_and_an_unknown_one_is_said(desk):
    with transaction():
        one, two = (factories.make_organisation("producer", name=f"靖远黄河{n}合作社") for n in "甲乙")
        keys = sorted(str(each.public_id) for each in (one, two))

    found = desk.get("/official/lines?measure=paid&producer_name=黄河").location
    named = found.removeprefix("/official/lines?measure=paid&producer=").split("%2C")
    assert sorted(named) == keys
    page = desk.get(found).text
    assert all(f"靖远黄河{n}合作社" in page for n in "甲乙")
    assert f'name="producer" value="{",".join(keys)}"' in page
    missing = desk.get("/official?producer_name=没有这家", follow_redirects=True).text
    assert "没有名称含“没有这家”的供应商" in missing


def test_counts_of_unpaid_orders_and_both_kinds_of_expiring_papers_are_links(session, login):
    owed(make_trade())
    with transaction():
        for basis in db.session.query(EligibilityBasis):
            basis.valid_to = TODAY + timedelta(days=9)
    client = login(official(division=JINGYUAN))

    board = client.get("/official").text
    assert '<a href="/official/unpaid?county=620421">1</a>' in board
    address = "/official/expiring?days=30&kind=eligibility"
    assert address in links(board)
    assert "30天内没有到期" not in client.get(address).text
    assert "30天内没有到期" in client.get("/official/expiring?days=30&kind=certificate").text
    assert "kind=certificate" not in board  # there are none
    assert f"{address.replace('expiring?', 'expiring.xlsx?')}" in links(client.get(address).text)
