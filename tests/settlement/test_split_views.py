"""Splits over the API and on the pages: who prepares, who releases, and that others find nothing."""

import pytest
from sqlalchemy import select

from orders.payments import receipts
from orders.payments.models import Payment
from orders.settlement.split_models import Split
from shop import clock
from shop.db import db, transaction
from tests import factories
from tests.banking.help import bring_rows, operators, row, supervised
from tests.conftest import NOON
from tests.counting.build import make_order, make_trade
from tests.settlement.help import give_account
from tests.settlement.test_views import post

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def people(session):
    with transaction():
        operator = factories.make_organisation("operator")
    return [
        factories.make_member("operator", role, organisation=operator)
        for role in ("operator_finance", "operator_confirmer")
    ]


@pytest.fixture
def trade(people):
    """A producer with a sub-account, whose buyer paid 100 yuan to the main account."""
    with clock.stopped_at(NOON):
        with transaction():
            one, two = operators()
            main = supervised(one, two)
            trade = make_trade(members=True)
            give_account(trade.clerk.organisation_id)
            supervised(one, two, number="110000002", producer=trade.clerk.organisation_public_id)
            code = make_order(trade, [(10000, "1")]).reference_code
        (line,) = bring_rows(main, one, row("100.00", code))
        with transaction():
            payment = db.session.scalars(select(Payment).where(Payment.bank_serial == line.serial)).one()
            receipts.confirm(payment.public_id, two, NOON)
        yield trade


def test_two_persons_over_the_api(client, bearer, people, trade):
    a, b = (bearer(each) for each in people)

    waiting = client.get("/api/v1/split-runs/waiting", headers=a).json["items"]
    outside = client.get("/api/v1/split-runs", headers=bearer(trade.clerk))
    made = post(client, a, "/split-runs", "1").json
    early = post(client, a, f"/split-runs/{made['id']}/file", "2", {"format": "csv"})
    alone = post(client, a, f"/split-runs/{made['id']}/release", "3")
    released = post(client, b, f"/split-runs/{made['id']}/release", "4").json
    sent = post(client, a, f"/split-runs/{made['id']}/file", "5", {"format": "pain001"}).json
    split = sent["items"][0]
    failed = post(client, b, f"/splits/{split['id']}/fail", "6", {"reason": "网银维护"}).json

    assert [(one["amount"]["amount"], one["receipts"]) for one in waiting] == [("100.00", 1)]
    assert (outside.status_code, early.json["type"], alone.status_code) == (404, "/problems/nothing-to-split", 403)
    assert [one["items"][0]["status"] for one in (made, released, sent, failed)] == [
        "prepared", "released", "sent", "failed",
    ]  # fmt: skip
    assert (split["payer_number"], split["account_number"], len(sent["file_sha256"])) == ("110000001", "110000002", 64)
    assert (failed["splits"], failed["items"][0]["failure"]) == (0, "网银维护")


def test_the_pages_lead_through_it(login, people, trade):
    a, b = people
    client = login(a)
    shown = client.get("/operator/splits").text
    stale = client.post("/operator/splits", data={"idempotency_key": "1", "seen": "1:9999"})
    made = client.post("/operator/splits", data={"idempotency_key": "2", "seen": "1:10000"})
    page = made.headers["Location"]
    assert ("在主账户、应划到子账户的货款" in shown, stale.status_code, made.status_code) == (True, 412, 302)
    assert "等待另一位有放款权限的同事复核" in client.get(page).text
    client = login(b)
    assert client.post(f"{page}/release", data={"idempotency_key": "3", "seen": "1:10000"}).status_code == 302
    client = login(a)
    assert client.post(f"{page}/file", data={"idempotency_key": "4", "format": "csv"}).status_code == 302

    assert "划拨中" in client.get(page).text
    assert db.session.scalars(select(Split.status)).one() == "sent"
