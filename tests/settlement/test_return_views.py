"""Payouts that came back, over the API and on the pages: who may say so, who agrees, and what each side sees."""

import pytest

from orders.settlement.models import Payout
from shop import clock
from shop.db import db, transaction
from tests import factories
from tests.conftest import count
from tests.counting.build import make_trade
from tests.settlement.help import DUE, confirm, give_account, give_payer, run, send, sold
from tests.settlement.test_views import post

pytestmark = pytest.mark.usefixtures("session")
BODY = {"returned_on": "2026-07-22", "bank_serial": "R1", "reason": "户名不符"}


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


@pytest.fixture
def paid(operators, trade):
    """Two payouts that were paid, of two producers."""
    a, b = operators
    with clock.stopped_at(DUE):
        with transaction():
            other = make_trade(members=True)
            give_account(other.clerk.organisation_id)
            sold(trade, 10000, supervised=10000)
            sold(other, 7000, supervised=7000)
            made = run(a, DUE)
            send(made, a, b)
            confirm(made, b)
        yield made


def status_of(payout):
    return db.session.get_one(Payout, payout.id, populate_existing=True).status


def test_two_persons_over_the_api(client, bearer, operators, trade, paid):
    a, b = (bearer(each) for each in operators)
    mine, theirs = paid
    path = f"/payouts/{mine.public_id}/return"

    outside = post(client, bearer(trade.clerk), path, "0", BODY)
    wrong = post(client, a, path, "1", {**BODY, "returned_on": "2026-07-23"})
    made = post(client, a, path, "2", BODY)
    again = post(client, a, path, "3", BODY)
    key = made.json["returned"]["id"]
    same = post(client, a, f"/payout-returns/{key}/confirm", "4")
    assert status_of(mine) == "paid"
    agreed = post(client, b, f"/payout-returns/{key}/confirm", "5")
    late = post(client, b, f"/payout-returns/{key}/refuse", "6", {"reason": "不是"})

    assert (outside.status_code, wrong.json["type"], again.json["type"]) == (
        403, "/problems/bad-return-day", "/problems/return-known",
    )  # fmt: skip
    assert (same.status_code, late.status_code) == (403, 409)
    assert (agreed.json["status"], agreed.json["returned"]["same_account"]) == ("returned", False)
    assert status_of(theirs) == "paid"
    seen = client.get(f"/api/v1/payouts/{mine.public_id}", headers=bearer(trade.clerk)).json
    assert (seen["status"], seen["returned"]["reason"]) == ("returned", "户名不符")


def test_the_pages_lead_through_it_and_a_return_is_only_its_own_payouts(login, operators, trade, paid):
    a, b = operators
    mine, theirs = paid
    page = f"/operator/payouts/{mine.public_id}"
    client = login(a)
    assert "登记银行退汇" in client.get(page).text
    form = {**BODY, "idempotency_key": "1"}
    assert client.post(f"{page}/return", data={**form, "bank_serial": ""}).status_code == 422
    assert client.post(f"{page}/return", data={**form, "idempotency_key": "2"}).status_code == 302
    assert "银行退汇（待确认）" in client.get(page).text
    client = login(b)
    shown = client.get(page).text
    (act,) = {part.split('"')[0] for part in shown.split('action="')[1:] if part.split('"')[0].endswith("/confirm")}

    foreign = act.replace(str(mine.public_id), str(theirs.public_id))
    assert client.post(foreign, data={"idempotency_key": "3"}).status_code == 404
    assert (status_of(mine), count("journal_entries WHERE fact = 'payout_returned'")) == ("paid", 0)
    assert client.post(act, data={"idempotency_key": "4"}).status_code == 302

    assert status_of(mine) == "returned"
    assert "账户无误，允许再付" in client.get(page).text
    assert client.post(f"{page}/allow-account", data={"idempotency_key": "5"}).status_code == 302
    client = login(trade.clerk)
    assert "银行退汇，款项退回应付" in client.get(f"/producer/payouts/{mine.public_id}").text
