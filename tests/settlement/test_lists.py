"""Lists that go on: statements, holds and supervised accounts, with the sums of all rows and not of a page."""

import io

import pytest
from python_calamine import CalamineWorkbook

from orders.settlement import holding
from shop import clock
from shop.db import transaction
from tests import factories
from tests.banking import help as banking
from tests.counting.build import make_trade
from tests.settlement.help import DUE, give_account, give_payer, sold

pytestmark = pytest.mark.usefixtures("session")
COUNT = 23


@pytest.fixture
def scene(session):
    """Two persons of the operator, and more producers with money open than a page has."""
    with transaction():
        operator = factories.make_organisation("operator")
        give_payer(operator)
    people = [
        factories.make_member("operator", role, organisation=operator)
        for role in ("operator_finance", "operator_confirmer")
    ]
    trades = []
    with transaction():
        for n in range(COUNT):
            trade = make_trade(members=n == 0)
            give_account(trade.clerk.organisation_id)
            trades.append((trade, sold(trade, 1000 + n, supervised=1000 + n)))
        one, two = banking.operators()
        for n in range(COUNT):
            banking.supervised(one, two, f"7700{n:08d}", trades[n][0].clerk.organisation_public_id)
    with clock.stopped_at(DUE):
        yield people, trades


def walk(client, header, path, **query):
    """Return the items of all pages, and the last page."""
    items, cursor = [], None
    while True:
        page = client.get(path, headers=header, query_string={**query, **({"cursor": cursor} if cursor else {})}).json
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items, page


def test_lists_go_on_to_the_last_row_and_their_sums_are_of_all_rows(client, login, bearer, scene):
    (finance, _confirmer), trades = scene
    total = sum(1000 + n for n in range(COUNT))
    with transaction():
        holding.hold(trades[5][1].public_id, "核对发票", finance, clock.now())

    page = login(finance).get("/operator/account-statements").text
    assert (page.count("<tr>") <= 22, f"合计（{COUNT} 家）" in page, f"{total // 100}.{total % 100:02d}" in page) == (
        True,
    ) * 3
    holds = client.get("/operator/holds").text
    assert (
        f"合计（{COUNT} 单，暂缓 1 单）" in holds,
        holds.index("核对发票") < holds.index("原因（供应商看得到）"),
    ) == (
        True,
        True,
    )
    rest = client.get("/operator/holds?cursor=" + _next(holds)).text
    assert [sum(trade[1].number in text for trade in trades) for text in (holds, rest)] == [20, 3]
    found = client.get(f"/operator/holds?q={trades[7][1].number.lower()}").text
    assert "合计（1 单，暂缓 0 单）" in found
    accounts = client.get("/operator/supervised-accounts").text
    assert ("平台监管户" in accounts, f"共 {COUNT + 1} 条" in accounts) == (True, True)
    assert "770000000022" in client.get("/operator/supervised-accounts?q=7700-0000-0022").text

    header = bearer(finance)
    producers, last = walk(client, header, "/api/v1/account-statements", limit=10)
    assert (len({row["producer"] for row in producers}), last["total"]) == (COUNT, COUNT)
    assert last["payable"] == {"amount": f"{total // 100}.{total % 100:02d}", "currency": "CNY"}
    numbers, last = walk(client, header, "/api/v1/supervised-accounts", limit=10)
    assert (len({row["number"] for row in numbers}), last["total"]) == (COUNT + 1, COUNT + 1)
    only = client.get("/api/v1/supervised-accounts?status=entered", headers=header).json
    assert (only["items"], only["total"]) == ([], 0)


def _next(page: str) -> str:
    return page.split("cursor=")[1].split('"', maxsplit=1)[0].split("&", maxsplit=1)[0]


def test_statements_and_taxes_come_over_the_api_and_all_producers_in_one_workbook(client, login, bearer, scene):
    (finance, _confirmer), trades = scene
    trade = trades[0][0]
    producer = trade.clerk.organisation_public_id
    own, operators = bearer(trade.clerk), bearer(finance)

    mine = client.get(f"/api/v1/account-statements/{producer}?month=2026-07", headers=own).json
    theirs = client.get(f"/api/v1/account-statements/{producer}?month=2026-07", headers=operators).json
    payable = mine["accounts"][0]
    assert mine == theirs
    assert (payable["account"], payable["opening"]["amount"], payable["closing"]["amount"]) == (
        "producer_payable", "0.00", "10.00",
    )  # fmt: skip
    assert [move["amount"]["amount"] for move in payable["movements"]] == ["10.00"]
    other = trades[1][0].clerk.organisation_public_id
    assert client.get(f"/api/v1/account-statements/{other}", headers=own).status_code == 404
    for month in ("0001-01", "9999-12"):
        path = f"/api/v1/account-statements/{producer}?month={month}"
        assert client.get(path, headers=own).json["type"] == "/problems/bad-month"

    sheet = client.get("/api/v1/seller-taxes?quarter=2026Q3", headers=operators).json
    assert (len(sheet["sellers"]), sheet["reported_sha256"], sheet["last_day"]) == (COUNT, None, "2026-09-30")
    assert client.get("/api/v1/seller-taxes", headers=own).status_code == 403

    client = login(finance)
    book = client.get("/operator/account-statements/all.xlsx?month=2026-07")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book.data)).get_sheet_by_index(0).to_python()
    closings = [row for row in rows if row[1:4:2] == ["应得货款", "期末余额"]]
    assert len(closings) == COUNT
    assert sum(round(float(str(row[6])) * 100) for row in closings) == sum(1000 + n for n in range(COUNT))
    assert login(trade.clerk).get("/operator/account-statements/all.xlsx").status_code == 404
