"""An institution's year by budget unit and fund source: figures that lead to their lines, and nobody else's."""

from __future__ import annotations

import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from orders.desk import budget
from orders.ledger import sealing
from orders.ledger.reporting import sealed_snapshot
from shop.db import db
from shop.identity.models import Organisation
from tests import factories
from tests.purchase.world import World, make_world


@pytest.fixture
def world(session) -> World:
    return make_world()


def bought(world: World) -> None:
    """Order 200 yuan for the union, of which 180 are accepted, and 100 yuan for the canteen."""
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "9", "1")
    world.place("5", fund_source="canteen")


def test_a_year_is_told_by_unit_and_fund(world):
    bought(world)

    with sealed_snapshot():
        found = budget.budget_of(world.buyer, 2026)
        before = budget.budget_of(world.buyer, 2025)

    assert {row.fund.id: dict(row.sums) for row in found.rows} == {
        "canteen": {"ordered": 100_00, "accepted": 0, "paid": 0, "counted": 0},
        "union": {"ordered": 200_00, "accepted": 180_00, "paid": 0, "counted": 0},
    }
    assert {row.unit.id for row in found.rows} == {str(world.unit_id)}
    assert found.sums == {"ordered": 300_00, "accepted": 180_00, "paid": 0, "counted": 0}
    assert before.rows == []


def test_a_figure_leads_to_its_lines_with_the_same_sum(world, login):
    bought(world)
    client = login(world.buyer)

    page = client.get("/desk").text
    seal = sealing.last_seq()
    asked = f"year=2026&amp;measure=accepted&amp;as_of={seal}&amp;unit={world.unit_id}&amp;fund_source=union"
    address = f"/desk/budget/lines?{asked}"
    assert f'<a href="{address}">180.00</a>' in page
    assert f'<a href="/desk/budget/lines?year=2026&amp;measure=ordered&amp;as_of={seal}">300.00</a>' in page

    lines = client.get(address.replace("&amp;", "&")).text
    assert ("180.00" in lines, "100.00" in lines, "共 1 行" in lines) == (True, False, True)
    for year in ("0202612", "20261", "²026", "2015", "9" * 5000):
        assert client.get(f"/desk/budget?year={year}").status_code == 422
    assert client.get("/desk/budget?year=2025").text.count("2025年还没有下单") == 1


def test_workbooks_hold_the_same_figures_with_a_total(world, login):
    bought(world)
    client = login(world.buyer)

    rows = sheet(client.get("/desk/budget.xlsx?year=2026").data)
    lines = sheet(client.get("/desk/budget/lines.xlsx?year=2026&measure=ordered&fund_source=canteen").data)

    assert rows[-1] == ["合计", "", 300.0, 180.0, 0.0, 0.0]
    assert sum(row[2] for row in rows[1:-1]) == 300.0
    assert [row[-1] for row in lines[1:]] == [100.0, 100.0]
    assert lines[-1][0] == "合计"


def test_another_organisation_s_purchases_are_not_in_it(world, login):
    bought(world)
    other = make_world()
    client = login(other.buyer)

    assert 'id="budget"' not in client.get("/desk").text
    assert "还没有下单" in client.get("/desk/budget").text
    lines = client.get(f"/desk/budget/lines?unit={world.unit_id}").text
    assert ("没有这样的明细" in lines, "200.00" in lines) == (True, False)
    assert login(world.producer).get("/desk/budget").status_code == 403


def test_what_is_bought_after_the_page_was_answered_changes_nothing_that_it_leads_to(world, login):
    bought(world)
    client = login(world.buyer)
    page = client.get("/desk/budget").text
    seal = sealing.last_seq()
    world.place("5", fund_source="canteen")

    assert f"/desk/budget.xlsx?year=2026&amp;as_of={seal}" in page
    assert sheet(client.get(f"/desk/budget.xlsx?year=2026&as_of={seal}").data)[-1][2] == 300
    old = client.get(f"/desk/budget/lines?year=2026&measure=ordered&as_of={seal}").text
    assert ("300.00" in old, "400.00" in old, ">看最新</a>" in old) == (True, False, True)
    assert f"/desk/budget/lines.xlsx?year=2026&amp;measure=ordered&amp;as_of={seal}" in old
    assert "400.00" in client.get("/desk/budget/lines?year=2026&measure=ordered").text


def test_who_may_not_read_totals_sees_no_budget(world, login):
    bought(world)
    organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
    client = login(factories.make_member("institution", "institution_requester", organisation=organisation))

    assert 'id="budget"' not in client.get("/desk").text
    assert client.get("/desk/budget").status_code == 403


@pytest.mark.parametrize("asked", ["year=1999", "year=x", "measure=profit", "fund_source=gold"])
def test_what_cannot_be_read_in_the_address_is_refused(world, login, asked):
    client = login(world.buyer)

    assert [client.get(f"/desk/budget{page}?{asked}").status_code for page in ("", ".xlsx", "/lines")] == [422] * 3


def sheet(data: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
