"""Header = drill-down: what a page links to and offers to download holds as of the instant the page was answered at."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from shop.db import db, transaction
from tests.factories import make_member
from tests.ledger.world import JINGYUAN, make_world, post

#: One more than a page of lines shows.
LINES = 51


@pytest.fixture
def desk(session, login) -> Any:
    make_world()
    db.session.commit()
    with transaction():
        for _ in range(LINES):
            post(100_00)
    return login(make_member("operator"))


def links(text: str, part: str) -> list[str]:
    """Return the addresses on a page that hold ``part``."""
    found = [html.unescape(address) for address in re.findall(r'(?:href|src|srcset)="([^"]+)"', text)]
    return [address for address in found if part in address]


def last_number(data: bytes) -> float:
    """Return the total of a workbook's first sheet."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    return float(str(rows[-1][-1]))


def test_every_figure_leads_to_the_same_figure_though_something_is_sold_meanwhile(desk):
    board = desk.get("/official").text
    table = desk.get("/official/totals?by=county").text
    lines = desk.get("/official/lines").text
    with transaction():
        post(7_00)

    for page in (board, table, lines):
        assert links(page, "as_of=")
        addressed = [
            one
            for one in links(page, "/official/")
            if re.search(r"totals|lines|months", one) and "?" in one and "lang=" not in one
        ]
        assert {one for one in addressed if f"as_of={LINES}" not in one} == set()
    figure = links(board, "/official/lines?measure=counted&from=2026-01-01&to=2026-07-15")[0]
    assert "5,100.00" in desk.get(figure).text
    assert "5,107.00" in desk.get("/official/lines").text
    assert links(table, f"county={JINGYUAN}")
    assert all("5,100.00" in desk.get(one).text for one in links(table, f"county={JINGYUAN}"))
    assert last_number(desk.get(links(table, "totals.xlsx")[0]).data) == 5100
    assert desk.get(links(table, "totals.csv")[0]).text.rstrip().endswith("5100.00")
    assert last_number(desk.get(links(lines, "lines.xlsx")[0]).data) == 5100


def test_the_next_page_of_lines_has_the_first_one_s_total_and_the_newest_is_a_link_away(desk):
    first = desk.get("/official/lines").text
    with transaction():
        post(7_00)
    (following,) = links(first, "cursor=")

    second = desk.get(following).text

    assert (second.count('data-label="县"'), "5,100.00" in second, "5,107.00" in second) == (2, True, False)
    (newest,) = [one for one in links(second, "/official/lines") if "as_of" not in one and "measure=" in one]
    assert "5,107.00" in desk.get(newest).text
    assert "看最新" not in first
    assert ">看最新</a>" in second


def test_a_filter_set_on_a_page_held_at_an_instant_stays_at_it(desk):
    assert 'name="as_of" value="51"' in desk.get("/official/totals?by=county&as_of=51").text
    assert 'name="as_of"' not in desk.get("/official/totals?by=county").text
