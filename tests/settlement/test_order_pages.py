"""The page that says of each order what its producer gets, when and why; and the other pages of the same sums."""

from datetime import date

import pytest

from orders.settlement import holding, order_queries, queries
from orders.settlement.order_queries import Sums
from shop import clock
from shop.db import transaction
from tests import factories
from tests.conftest import NOON
from tests.counting.build import make_trade
from tests.settlement.help import DUE, confirm, give_account, give_payer, pay_out, run, send, sold

pytestmark = pytest.mark.usefixtures("session")
TODAY = date(2026, 7, 22)


@pytest.fixture
def operators(session):
    with transaction():
        operator = factories.make_organisation("operator")
        give_payer(operator)
    return [
        factories.make_member("operator", role, organisation=operator)
        for role in ("operator_finance", "operator_confirmer")
    ]


@pytest.fixture
def trade(operators):
    with transaction():
        trade = make_trade(members=True)
        give_account(trade.clerk.organisation_id)
    return trade


@pytest.fixture(autouse=True)
def a_week_later():
    with clock.stopped_at(DUE):
        yield


def rows_of(actor, **changes):
    return order_queries.list_orders(actor, TODAY, limit=100, **changes).items


def test_each_sum_is_what_was_paid_less_what_is_there_kept_and_paid_out(operators, trade):
    a, b = operators
    with transaction():
        paid_out = sold(trade, 10000, supervised=10000, fee_bp=60)
        pay_out(a, b)
        due = sold(trade, 10000, supervised=6000, direct=1000, fee_bp=60)
        coming = sold(trade, 5000, supervised=5000, accepted_at=DUE)
        unpaid = sold(trade, 7000, accepted_at=DUE)
        held = sold(trade, 3000, supervised=3000)
        holding.hold(held.public_id, "核查", a, DUE)

    found = {row.order: row for row in rows_of(trade.clerk)}

    assert paid_out.public_id not in found
    row = found[due.public_id]
    assert (row.earned_fen, row.applied_fen, row.direct_fen, row.fee_fen, row.open_fen) == (10000, 7000, 1000, 42, 5958)
    assert (row.unpaid_fen, row.state(TODAY), row.buyer == row.producer) == (3000, "due", False)
    states = {key: (found[key].state(TODAY), found[key].open_fen) for key in found}
    assert states == {
        due.public_id: ("due", 5958), coming.public_id: ("coming", 5000), unpaid.public_id: ("unpaid", 0),
        held.public_id: ("held", 3000),
    }  # fmt: skip
    assert order_queries.sum_orders(trade.clerk, TODAY) == Sums(4, 25000, 15000, 1000, 42, 0, 0, 13958)


def test_what_is_on_its_way_and_what_is_owed_back_is_told(operators, trade):
    a, b = operators
    with transaction():
        order = sold(trade, 10000, supervised=10000)
        made = run(a)
        send(made, a, b)

    [moving] = rows_of(trade.clerk)
    assert (moving.state(TODAY), moving.settling_fen, moving.open_fen) == ("moving", 10000, 0)
    with transaction():
        confirm(made, b)
    assert rows_of(trade.clerk) == []

    with transaction():
        order.fee_fen = 60
    [owed] = rows_of(trade.clerk)
    assert (owed.state(TODAY), owed.settled_fen, owed.open_fen) == ("owed", 10000, -60)


def test_a_days_figure_leads_to_the_orders_that_make_it_up(operators, trade, login):
    with transaction():
        sold(trade, 10000, supervised=10000)
        sold(trade, 2000, supervised=2000, accepted_at=NOON)
        sold(trade, 5000, supervised=5000, accepted_at=DUE)

    days = queries.overview(trade.clerk, TODAY).days
    sums = [order_queries.sum_orders(trade.clerk, TODAY, each.due_on) for each in days]

    assert [(each.open_fen, each.count) for each in sums] == [(each.amount_fen, each.orders) for each in days]
    client = login(trade.clerk)
    assert "/producer/payouts/orders?due=2026-07-22" in client.get("/producer/payouts").text
    page = client.get("/producer/payouts/orders?due=2026-07-22").text
    assert ("120.00" in page, "50.00" in page) == (True, False)
    assert client.get("/producer/payouts/orders?due=x").status_code == 404


def test_the_page_and_its_sheet_say_the_same_and_only_to_whom_it_concerns(operators, trade, login):
    with transaction():
        order = sold(trade, 10000, supervised=4000, fee_bp=100)
        other = make_trade(members=True)

    client = login(trade.clerk)
    page = client.get("/producer/payouts/orders").text
    for words in (
        order.number,
        "39.60",
        "采购单位还有 60.00 元未付",
        "最后一次验收后 7 天到期",
        "已到期，随下一批付款",
    ):
        assert words in page
    assert client.get("/producer/payouts/orders.xlsx").data[:2] == b"PK"
    assert order.number in login(operators[0]).get("/operator/payouts/orders").text
    assert "没有待结算的订单" in login(other.clerk).get("/producer/payouts/orders").text
    assert login(trade.buyer).get("/producer/payouts/orders").status_code == 403


def test_pages_of_the_list_follow_one_another(operators, trade):
    with transaction():
        keys = [sold(trade, 1000, supervised=1000).public_id for _n in range(3)]

    first = order_queries.list_orders(trade.clerk, TODAY, limit=2)
    second = order_queries.list_orders(trade.clerk, TODAY, limit=2, cursor=first.next)

    assert [row.order for row in (*first.items, *second.items)] == keys
    assert second.next is None


def test_what_was_paid_last_is_all_of_the_last_day(operators, trade):
    a, b = operators
    with transaction():
        other = make_trade(members=True)
        give_account(other.clerk.organisation_id)
        sold(trade, 10000, supervised=10000)
        sold(other, 5000, supervised=5000)
        pay_out(a, b)

    everybody, mine = queries.overview(a, TODAY), queries.overview(trade.clerk, TODAY)

    assert (everybody.last_paid_fen, everybody.last_paid_on, everybody.last_paid_count) == (15000, TODAY, 2)
    assert (mine.last_paid_fen, mine.last_paid_count) == (10000, 1)


def test_the_statement_says_what_the_month_is_made_of(operators, trade, login):
    with transaction():
        sold(trade, 10000, supervised=10000, fee_bp=60)
        sold(trade, 5000, supervised=5000, fee_bp=60)
        pay_out(*operators)

    page = login(trade.clerk).get("/producer/account-statements?month=2026-07").text

    table = page[page.index("本月应付货款怎么来的") : page.index("应得货款")]
    for words in ("验收货款", "150.00", "平台服务费", "-0.90", "结算付款", "-149.10", "货款已全部结清"):
        assert words in (table if words != "货款已全部结清" else page)


def test_payouts_without_a_serial_number_are_not_confirmed(operators, trade, login):
    a, b = operators
    with transaction():
        other = make_trade(members=True)
        give_account(other.clerk.organisation_id)
        sold(trade, 10000, supervised=10000)
        sold(other, 5000, supervised=5000)
        made = run(a)
        send(made, a, b)
    client = login(b)
    path = f"/operator/payout-runs/{queries.get_payout(made[0].public_id, b, TODAY).run}"
    assert all(each.number in client.get(path).text for each in made)
    form = {"value_on": "2026-07-22", "serials": f"{made[0].number} \n{made[1].number} S-1"}

    nothing = client.post(f"{path}/confirm", data={**form, "serials": f"{made[0].number} "})
    some = client.post(f"{path}/confirm", data=form)

    assert (nothing.status_code, some.status_code) == (422, 302)
    assert "请在付款编号后填写银行流水号" in nothing.text
    assert [queries.get_payout(each.public_id, b, TODAY).status for each in made] == ["sent", "paid"]


def test_a_paid_payout_says_what_the_fee_took(operators, trade, login):
    a, b = operators
    with transaction():
        sold(trade, 10000, supervised=10000, fee_bp=60)
        made = run(a)
    client = login(trade.clerk)
    path = f"/producer/payouts/{made[0].public_id}"
    assert ("已扣平台服务费" in client.get(path).text, "-0.60" in client.get(path).text) == (True, False)
    with transaction():
        send(made, a, b)
        confirm(made, b)

    page = client.get(path).text

    assert [words in page for words in ("100.00", "-0.60", "99.40", "货款减平台服务费等于付款")] == [True] * 4


def test_the_operator_starts_at_the_supervised_account_and_a_producer_at_its_own(operators, trade, login):
    for actor, desk, clearing in ((operators[0], "operator", "supervised"), (trade.clerk, "producer", "direct")):
        assert f'<option selected value="{clearing}">' in login(actor).get(f"/{desk}/payments/new").text
