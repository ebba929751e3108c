"""Several rows of a list at once: shown with their sum first, each done by itself, what is refused named and left as it was."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from orders.payments import receipts
from orders.payments.models import Payment
from shop.db import db, transaction
from tests.conftest import NOON
from tests.counting.build import accept, make_order, make_trade
from tests.payments.help import facts

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade(session):
    with transaction():
        return make_trade(members=True)


@pytest.fixture
def waiting(trade):
    """Two receipts that the clerk recorded, and one that the checker did."""
    made = []
    for serial, fen, actor in (("B1", 10_00, trade.clerk), ("B2", 20_00, trade.clerk), ("B3", 5_00, trade.checker)):
        with transaction():
            order = make_order(trade)
            accept(order, ("7", "3"))
            payment = receipts.record(facts((order, fen), bank_serial=serial, amount_fen=fen), actor, NOON)
            made.append((payment.public_id, order.number))
    return made


def statuses() -> dict[str, str]:
    db.session.expire_all()
    return {row.bank_serial: row.status for row in db.session.scalars(select(Payment))}


def test_what_is_picked_is_shown_with_its_sum_and_each_is_confirmed_by_itself(login, trade, waiting):
    client = login(trade.checker)
    keys = [str(key) for key, _number in waiting]
    back = "/producer/payments?status=recorded"

    asked = client.get(
        "/producer/payments/confirm-selected", query_string={"pick": [*keys, str(uuid4())], "back": back}
    )
    assert ("确认 3 笔到账，合计 35.00 元" in asked.text, asked.text.count('name="pick"')) == (True, 3)
    assert set(statuses().values()) == {"recorded"}
    form = {"pick": keys, "back": back, "idempotency_key": "k"}
    done = [client.post("/producer/payments/confirm-selected", data=form) for _ in range(2)]

    assert [(answer.status_code, answer.location) for answer in done] == [(302, back)] * 2
    assert statuses() == {"B1": "confirmed", "B2": "confirmed", "B3": "recorded"}
    page = client.get(back).text
    assert ("已办理 2 条，共 3 条，合计 30.00 元。" in page, "B3 没有办理：登记" in page) == (True, True)


def test_nothing_picked_and_another_site_lead_back_to_the_list(login, trade, waiting):
    client = login(trade.checker)
    answer = client.get("/producer/payments/confirm-selected?pick=x&back=//evil.example/")
    assert (answer.status_code, answer.location) == (302, "/producer/payments")


def test_the_list_has_its_sum_finds_by_number_name_and_amount_and_links_orders(login, trade, waiting):
    client = login(trade.checker)
    page = client.get("/producer/payments").text
    assert ("到账，共 3 笔" in page, "35.00" in page, page.count('name="pick"')) == (True, True, 2)
    for q, serial in (("b2", None), ("B2", "B2"), ("20.00", "B2"), ("5.00元", "B3"), (waiting[0][1], "B1")):
        found = client.get("/producer/payments", query_string={"q": q}).text
        assert [s for s in ("B1", "B2", "B3") if f">{s}</a>" in found] == ([serial] if serial else [])
    assert f">{waiting[0][1]}</a>" in page


def test_a_page_leads_back_to_the_list_as_it_was_filtered(login, trade, waiting):
    client = login(trade.checker)
    address = f"/producer/payments/{waiting[0][0]}"
    before = client.get(address, headers={"Referer": "http://localhost/producer/payments?status=recorded&q=B1"}).text
    elsewhere = client.get(address, headers={"Referer": "http://other.example/producer/payments?q=B1"}).text
    assert 'href="/producer/payments?status=recorded&amp;q=B1"' in before
    assert 'href="/producer/payments"' in elsewhere
