"""Lists of money as workbooks: the same rows as the page and their sums, to whom they belong, text that is no formula."""

import io

import pytest
from python_calamine import CalamineWorkbook

from shop import clock
from shop.db import transaction
from tests import factories
from tests.banking.help import bring_rows, own_account, row
from tests.counting.build import make_trade
from tests.settlement.help import DUE, charge, dispute, give_account, make_operators, pay_out, run, sold

pytestmark = pytest.mark.usefixtures("session")


def sheet(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith('.xlsx"') or "xlsx" in answer.headers["Content-Disposition"]
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()


@pytest.fixture
def trade():
    with transaction():
        trade = make_trade(members=True)
        give_account(trade.clerk.organisation_id, "=HYPERLINK(1)合作社")
    return trade


def test_payouts_with_the_sum_of_what_was_not_lost(trade, login):
    with clock.stopped_at(DUE):
        with transaction():
            people = make_operators()
            sold(trade, 10000, supervised=10000)
            pay_out(*people)
            sold(trade, 2550, supervised=2550)
            run(people[0])
            other = make_trade(members=True)
            give_account(other.clerk.organisation_id)
            sold(other, 7000, supervised=7000)
            run(people[0])

        rows = sheet(login(trade.clerk), "/producer/payouts/list.xlsx")
        paid = sheet(login(trade.clerk), "/producer/payouts/list.xlsx?status=paid")

    titles, *lines, total = rows
    assert titles[:5] == ["付款编号", "供应商", "方式", "金额（元）", "其中在线支付款（元）"]
    assert [(line[3], line[10]) for line in lines] == [(25.5, "待复核放款"), (100.0, "已付")]
    assert {line[5] for line in lines} == {"'=HYPERLINK(1)合作社"}
    assert (total[0], total[1], total[3]) == ("合计", "2 笔", 125.5)
    assert (len(paid), paid[-1][3]) == (3, 100.0)


def test_disputes_for_the_operator_only(trade, login):
    with transaction():
        order = sold(trade, 10000)
        dispute(order, charge(order, 10000), 4000)

    rows = sheet(login(factories.make_member("operator", "operator_finance")), "/operator/stripe/disputes/list.xlsx")

    assert [(line[3], line[4], line[9]) for line in rows[1:-1]] == [(40.0, 40.0, "争议中")]
    assert rows[-1][:5] == ["合计", "1 笔", "", 40.0, 40.0]
    assert login(trade.clerk).get("/operator/stripe/disputes/list.xlsx").status_code in (403, 404)


def test_bank_lines_as_the_page_asks_for_them(trade, login):
    with transaction():
        account = own_account(trade)
        other = make_trade(members=True)
        foreign = own_account(other, "6222020000000009")
    bring_rows(account, trade.clerk, row("12.30", "@SUM(1)"), row("", "手续费", out="1.50"), row("7.00"))
    bring_rows(foreign, other.clerk, row("99.00"))
    client = login(trade.clerk)

    titles, *lines, total = sheet(client, "/producer/bank-lines/list.xlsx")
    incoming = sheet(client, "/producer/bank-lines/list.xlsx?direction=in")

    assert titles[4:6] == ["收入（元）", "支出（元）"]
    assert sorted((line[4], line[5], line[8]) for line in lines if line[4] != "") == [
        (7.0, "", ""),
        (12.3, "", "'@SUM(1)"),
    ]
    assert (total[0], total[1], total[4], total[5]) == ("合计", "3 笔", 19.3, 1.5)
    assert len(incoming) == 4
