"""Lists as workbooks, with the filters of their pages."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from shop import downloads
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests.everything import make_everything
from tests.purchase.world import make_world


def sheet(client: Any, path: str) -> list[list[Any]]:
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (200, downloads.XLSX_TYPE), path
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()


def test_every_list_of_the_trade_is_a_workbook(session, login):
    world, _ids = make_everything()
    with transaction():
        db.session.execute(text("UPDATE payments SET remark = '=1+1', payer_name = '+86'"))
    seller = login(world.producer)

    sheets = {
        name: sheet(seller, f"/producer/{name}?format=xlsx")
        for name in ("orders", "payments", "refunds", "invoices", "lots")
    }
    sheets["members"] = sheet(seller, "/organisation/members?format=xlsx")
    sheets["filings"] = sheet(seller, "/producer/filings?format=xlsx&status=confirmed")
    empty = sheet(seller, "/producer/refunds?format=xlsx&status=confirmed")

    assert {name: len(rows) for name, rows in sheets.items()} == {
        "orders": 3, "payments": 4, "refunds": 3, "invoices": 3, "lots": 1 + count_lots(), "members": 4, "filings": 1,
    }  # fmt: skip
    title, row, _other, total = sheets["payments"]
    paid = db.session.execute(text("SELECT sum(amount_fen) FROM payments")).scalar_one()
    assert (row[title.index("附言")], row[title.index("付款人")]) == ("'=1+1", "'+86")
    assert (total[0], total[title.index("金额（元）")]) == ("合计", int(paid) / 100)
    assert len(empty) == 1


def count_lots() -> int:
    return int(db.session.execute(text("SELECT count(*) FROM lots")).scalar_one())


@pytest.fixture
def world(session):
    return make_world(stock="1000")


def test_orders_and_procurements_are_narrowed_by_day_and_party(world, login, bearer, client):
    first = world.order(world.place("10"))
    world.later(days=3)
    second = world.order(world.place("20"))
    name = db.session.get_one(Organisation, world.producer.organisation_id).name
    desk, header = login(world.buyer), bearer(world.buyer)
    day = (world.at - timedelta(days=1)).date().isoformat()

    def numbers(query: str) -> list[str]:
        rows = sheet(desk, f"/desk/orders?format=xlsx&{query}")
        page, answer = desk.get(f"/desk/orders?{query}").text, client.get(f"/api/v1/orders?{query}", headers=header)
        found = [row[0] for row in rows[1:-1]]
        assert [one["number"] for one in answer.json["items"]] == found
        assert all((order.number in page) is (order.number in found) for order in (first, second))
        return found

    assert numbers("") == [second.number, first.number]
    assert numbers(f"placed_from={day}") == [second.number]
    assert numbers(f"placed_to={day}") == [first.number]
    assert numbers(f"party={name[:4]}") == [second.number, first.number]
    assert numbers("party=没有这家") == []
    # Days that no calendar of ours has filter nothing.
    assert statuses_at_the_ends(desk) == {200}
    lists = {
        query: sheet(desk, f"/desk/procurements?format=xlsx&{query}")
        for query in (f"created_from={day}", f"party={name[:4]}", "party=%25")
    }
    assert [len(rows) for rows in lists.values()] == [3, 4, 1]
    assert lists[f"created_from={day}"][-1][-1] == 400.0
    answer = client.get(f"/api/v1/procurements?created_to={day}", headers=header)
    assert [one["number"] for one in answer.json["items"]] == [first.number.rsplit("-", 1)[0]]


def statuses_at_the_ends(desk) -> set[int]:
    """Return how lists answer the first and last days that can be written."""
    days = [
        f"{name}_{end}={day}"
        for name in ("placed", "created")
        for end in ("from", "to")
        for day in ("9999-12-31", "0001-01-01")
    ]
    paths = [f"/desk/{'orders' if day.startswith('placed') else 'procurements'}?{day}" for day in days]
    return {desk.get(path + form).status_code for path in paths for form in ("", "&format=xlsx")}


def test_a_workbook_stops_at_its_bound_and_says_so(world, login, monkeypatch):
    for _ in range(3):
        world.place("1")
    monkeypatch.setattr(downloads, "MOST_ROWS", 2)
    monkeypatch.setattr(downloads, "STEP", 1)

    answer = login(world.buyer).get("/desk/orders?format=xlsx")

    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert len(book.get_sheet_by_index(0).to_python()) == 4
    about = {str(name): value for name, value in book.get_sheet_by_index(1).to_python()}
    assert (about["行数"], about["注意"]) == (2.0, "最多 2 行，其余未列出，请缩小筛选范围。")
