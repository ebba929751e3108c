"""The API and the pages of settlement: what each side sees and does, and what it may not."""

import pytest
from sqlalchemy import select, text

from orders.settlement.models import Payout, PayoutRun
from shop import clock
from shop.db import db, transaction
from tests import factories
from tests.conftest import count
from tests.counting.build import make_trade
from tests.settlement.help import DUE, confirm, give_account, give_payer, run, send, sold

pytestmark = pytest.mark.usefixtures("session")


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
        sold(trade, 10000, supervised=10000)
    return trade


@pytest.fixture(autouse=True)
def a_week_later():
    with clock.stopped_at(DUE):
        yield


def post(client, header, path, key, body=None):
    return client.post(f"/api/v1{path}", json=body or {}, headers={**header, "Idempotency-Key": key})


@pytest.mark.parametrize(
    "path",
    [
        "account-statements?month={day:.7}", "account-statements.xlsx?month={day:.7}", "taxes?quarter={day:.4}Q1",
        "taxes.csv?quarter={day:.4}Q4", "taxes?quarter=2026Q12", "payouts/orders?due={day}",
        "reconciliation/supervised?month={day:.7}", "reconciliation/supervised/{day}", "exceptions?on={day}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_of_all_times_are_answered(login, operators, trade, path, day):
    producer = f"&producer={trade.clerk.organisation_public_id}" if "account-statements" in path else ""
    answer = login(operators[0]).get(f"/operator/{path.format(day=day)}{producer}")

    assert answer.status_code in {200, 404, 422}


def test_a_payout_from_run_to_paid_over_the_api(client, bearer, deliver, operators, trade):
    a, b = (bearer(each) for each in operators)

    started = post(client, a, "/payout-runs", "run")
    deliver()
    (payout,) = client.get("/api/v1/payouts", headers=a).json["items"]
    ids = {"payouts": [payout["id"]]}
    same = post(client, a, "/payouts/release", "same", ids)
    released = post(client, b, "/payouts/release", "release", ids)
    file = post(client, a, f"/payout-runs/{payout['run_id']}/file", "file", {"format": "pain001"})
    told = {"payouts": [{"payout": payout["id"], "bank_serial": "S1", "value_on": "2026-07-22"}]}
    paid = post(client, b, "/payouts/confirm", "paid", told)

    assert (started.status_code, [each["rail"] for each in started.json["items"]]) == (201, ["bank", "stripe"])
    assert (payout["amount"]["amount"], payout["status"]) == ("100.00", "prepared")
    assert (same.status_code, released.status_code, file.status_code, paid.status_code) == (403, 200, 200, 200)
    assert len(file.json["file_sha256"]) == 64
    assert (paid.json["items"][0]["status"], paid.json["items"][0]["items"][0]["amount"]["amount"]) == (
        "paid",
        "100.00",
    )


def test_a_producer_sees_its_own_money_and_moves_nothing(client, bearer, operators, trade):
    with transaction():
        other = make_trade(members=True)
        (payout,) = run(None)
    mine, others = bearer(trade.clerk), bearer(other.clerk)

    overview = client.get("/api/v1/payouts/overview", headers=mine).json
    seen = client.get(f"/api/v1/payouts/{payout.public_id}", headers=mine)
    foreign = client.get(f"/api/v1/payouts/{payout.public_id}", headers=others)
    cancelled = post(client, mine, f"/payouts/{payout.public_id}/cancel", "c", {"reason": "不要"})

    assert (overview["moving"]["amount"], overview["days"], seen.status_code) == ("100.00", [], 200)
    assert (foreign.status_code, cancelled.status_code) == (404, 403)
    assert client.get("/api/v1/payouts", headers=others).json["items"] == []
    assert db.session.get_one(Payout, payout.id).status == "prepared"


def test_money_due_by_day(client, bearer, operators, trade):
    with transaction():
        sold(trade, 5000, supervised=5000, accepted_at=DUE)

    days = client.get("/api/v1/payouts/overview", headers=bearer(trade.clerk)).json["days"]

    assert [(each["due_on"], each["amount"]["amount"], each["orders"]) for each in days] == [
        ("2026-07-22", "100.00", 1), ("2026-07-29", "50.00", 1),
    ]  # fmt: skip


def test_rules_by_two_persons_over_the_api(client, bearer, operators):
    a, b = (bearer(each) for each in operators)
    body = {"kind": "fee", "value": 60, "valid_from": "2026-07-22"}

    made = post(client, a, "/fee-rules", "1", body)
    wrong = post(client, a, "/fee-rules", "2", {**body, "value": 20000})
    early = post(client, a, "/fee-rules", "3", {**body, "valid_from": "2026-07-21"})
    agreed = post(client, b, f"/fee-rules/{made.json['id']}/confirm", "4")

    assert (made.status_code, wrong.status_code, early.json["type"]) == (201, 422, "/problems/rule-in-the-past")
    assert (agreed.json["status"], count("fee_rules")) == ("confirmed", 1)


def test_an_order_is_held_and_let_go_over_the_api(client, bearer, operators, trade):
    a = bearer(operators[0])
    order = db.session.execute(text("SELECT public_id FROM orders")).scalar_one()

    held = post(client, a, f"/orders/{order}/hold-payout", "1", {"reason": "核查"})
    again = post(client, a, f"/orders/{order}/hold-payout", "2", {"reason": "核查"})
    went = post(client, a, f"/orders/{order}/let-payout-go", "3")

    assert (held.json["held_why"], again.json["type"], went.json["held_at"]) == ("核查", "/problems/held-already", None)


def test_the_operators_pages_from_run_to_paid(login, deliver, operators, trade):
    a, b = operators
    client = login(a)
    assert "还没有付款批次" in client.get("/operator/payout-runs").text
    client.post("/operator/payout-runs", data={"idempotency_key": "1"})
    deliver()
    with transaction():
        payout = db.session.scalars(select(Payout)).one()
        path = f"/operator/payout-runs/{db.session.get_one(PayoutRun, payout.run_id).public_id}"
        number = payout.number
    assert "100.00" in client.get("/operator/payout-runs").text
    client = login(b)
    assert "共 100.00 元可发送银行付款" in client.get(path).text
    stale = client.post(f"{path}/release", data={"idempotency_key": "2a", "seen": "1:9999"})
    assert (stale.status_code, "付款单有变化" in stale.text) == (412, True)
    assert db.session.get_one(Payout, payout.id, populate_existing=True).status == "prepared"
    assert client.post(f"{path}/release", data={"idempotency_key": "2", "seen": "1:10000"}).status_code == 302
    client = login(a)
    assert client.post(f"{path}/file", data={"idempotency_key": "3", "format": "csv"}).status_code == 302
    assert "SHA-256" in client.get(path).text
    client = login(b)
    wrong = client.post(f"{path}/confirm", data={"idempotency_key": "4", "value_on": "2026-07-22", "serials": "X 1"})
    right = client.post(
        f"{path}/confirm", data={"idempotency_key": "5", "value_on": "2026-07-22", "serials": f"{number}\tS-1"}
    )

    assert (wrong.status_code, right.status_code) == (422, 302)
    assert "第 1 行须是本批的付款编号" in wrong.text
    assert "已付" in client.get(path).text


PAGES = {
    "/operator/payouts": "100.00", "/operator/holds": "100.00", "/operator/fees": "还没有录入规则",
    "/operator/account-statements": "100.00", "/operator/taxes?quarter=2026Q3": "100.00", "/operator/payout-runs": "100.00",
}  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_the_operators_pages_show_their_totals(login, operators, trade, path):
    answer = login(operators[0]).get(path)

    assert (answer.status_code, PAGES[path] in answer.text) == (200, True)


@pytest.mark.parametrize("path", ["/producer/payouts", "/producer/account-statements"])
def test_the_producers_pages_show_its_money(login, operators, trade, path):
    answer = login(trade.clerk).get(path)

    assert (answer.status_code, "100.00" in answer.text) == (200, True)


def test_downloads_are_sheets(login, operators, trade):
    client = login(trade.clerk)

    sheet = client.get("/producer/account-statements.csv?month=2026-07")
    assert sheet.data.decode("utf-8-sig").splitlines()[1] == "应得货款,2026-07-01,期初余额,,,0.00"
    assert client.get("/producer/account-statements.xlsx?month=2026-07").data[:2] == b"PK"
    client = login(operators[0])
    assert "收入总额（元）" in client.get("/operator/taxes.csv?quarter=2026Q3").data.decode("utf-8-sig")


def test_foreign_pages_are_not_there(login, operators, trade):
    with transaction():
        (payout,) = run(None)
        other = make_trade(members=True)
    client = login(other.clerk)

    paths = [
        f"/producer/payouts/{payout.public_id}", f"/producer/account-statements?producer={trade.clerk.organisation_public_id}",
        f"/producer/account-statements.csv?producer={trade.clerk.organisation_public_id}", "/operator/payout-runs", "/operator/holds",
    ]  # fmt: skip
    assert [client.get(path).status_code for path in paths] == [404] * 5
    assert client.get("/operator/taxes").status_code == 403


def test_a_payout_that_the_bank_returns_is_told_on_its_page(login, operators, trade):
    a, b = operators
    with transaction():
        made = run(a)
        send(made, a, b)
    path = f"/operator/payouts/{made[0].public_id}"
    client = login(b)

    assert "登记未付成" in client.get(path).text
    assert client.post(f"{path}/doubt", data={"idempotency_key": "1", "reason": "户名不符"}).status_code == 302
    shown = client.get(path).text
    assert ("户名不符" in shown, "等待登记人以外的同事复核" in shown, "确认未付成" in shown) == (True, True, False)
    assert client.post(f"{path}/fail", data={"idempotency_key": "2"}).status_code == 409
    assert login(a).post(f"{path}/trust", data={"idempotency_key": "3"}).status_code == 302
    assert made[0].status == "sent"


def test_the_first_screen_says_when_money_comes(login, operators, trade):
    with transaction():
        sold(trade, 1230000, supervised=1230000, accepted_at=DUE)
        (payout,) = run(None)
    page = login(trade.clerk).get("/producer").text

    assert (payout.amount_fen, "2026年7月29日 到期" in page, "12,300.00" in page, "付款中" in page) == (
        10000,
        True,
        True,
        True,
    )


def test_a_producer_is_told_that_it_was_paid(client, bearer, deliver, operators, trade):
    a, b = operators
    with transaction():
        made = run(a)
        send(made, a, b)
        confirm(made, b)
    deliver()

    notices = client.get("/api/v1/notices", headers=bearer(trade.clerk)).json["items"]
    assert [each["text"] for each in notices if each["kind"] == "payout_paid"] == [
        f"货款 100.00 元已付，付款编号 {made[0].number}。"
    ]
