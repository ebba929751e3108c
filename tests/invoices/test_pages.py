"""Invoices over pages and API: recorded by one side, checked by the other."""

import pytest
from sqlalchemy import select

from orders.invoices.models import Invoice
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests.conftest import count
from tests.counting.build import accept, make_order, make_trade

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade(session):
    with transaction():
        return make_trade(members=True)


@pytest.fixture
def order(trade):
    with transaction():
        order = make_order(trade)
        accept(order, ("7", "3"))
    return order


def form_of(order, **changes):
    buyer = db.session.get_one(Organisation, order.buyer_id)
    return {
        "kind": "blue", "number": "1" * 20, "issued_on": "2026-07-15", "buyer_header": buyer.name,
        "buyer_tax_no": buyer.credit_code or "", "amount": "70.00", "tax_rate": "9", "tax": "5.78",
        "orders": order.number, "idempotency_key": "k",
    } | changes  # fmt: skip


def test_an_invoice_is_recorded_and_checked(login, trade, order):
    client = login(trade.clerk)
    assert f"{order.number} 70.00" in client.get(f"/producer/invoices/new?order={order.public_id}").text
    answer = client.post("/producer/invoices/new", data=form_of(order))
    invoice = db.session.scalars(select(Invoice)).one()
    assert (answer.status_code, answer.location) == (302, f"/producer/invoices/{invoice.public_id}")
    assert client.get(answer.location).status_code == 200
    assert "1" * 20 in client.get("/producer/invoices").text

    client = login(trade.buyer)
    path = f"/desk/invoices/{invoice.public_id}"
    assert "1" * 20 in client.get("/desk/invoices?status=recorded").text
    assert "核验通过" in client.get(path).text
    assert client.post(f"{path}/check").status_code == 302
    assert invoice.status == "checked"


def test_a_flagged_invoice_asks_for_a_look_and_can_be_refused(login, trade, order):
    login(trade.clerk).post("/producer/invoices/new", data=form_of(order, buyer_header="别的单位"))
    invoice = db.session.scalars(select(Invoice)).one()
    client = login(trade.buyer)
    path = f"/desk/invoices/{invoice.public_id}"

    assert "抬头与本单位名称不一致" in client.get(path).text
    assert client.post(f"{path}/check").status_code == 409
    assert client.post(f"{path}/refuse", data={"reason": ""}).status_code == 422
    assert client.post(f"{path}/refuse", data={"reason": "抬头有误"}).status_code == 302

    assert "抬头有误" in login(trade.clerk).get(f"/producer/invoices/{invoice.public_id}").text


def test_a_red_invoice_is_typed_without_its_sign(login, trade, order):
    client = login(trade.clerk)
    client.post("/producer/invoices/new", data=form_of(order))

    changes = {
        "kind": "red",
        "number": "2" * 20,
        "red_of": "1" * 20,
        "amount": "20",
        "tax": "1.65",
        "idempotency_key": "r",
    }
    answer = client.post("/producer/invoices/new", data=form_of(order, **changes))

    assert answer.status_code == 302
    red = db.session.scalars(select(Invoice).where(Invoice.kind == "red")).one()
    assert (red.amount_fen, red.tax_fen) == (-2000, -165)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "123"}, "20 位数字"),
        ({"orders": "没有"}, "第 1 行"),
        ({"amount": "x"}, "请填写金额"),
        ({"kind": "red"}, "蓝字发票"),
    ],
)
def test_a_wrong_invoice_is_shown_again(login, trade, order, changes, words):
    answer = login(trade.clerk).post("/producer/invoices/new", data=form_of(order, **changes))

    assert (answer.status_code, count("invoices")) == (422, 0)
    assert words in answer.text


def test_an_invoice_goes_over_the_api(client, bearer, trade, order):
    yuan = {"amount": "70.00", "currency": "CNY"}
    body = {
        "number": "3" * 20, "buyer_header": "x", "amount": yuan, "tax": {"amount": "5.78", "currency": "CNY"}, "tax_rate": "9",
        "issued_on": "2026-07-15", "orders": [{"order": str(order.public_id), "amount": yuan}],
    }  # fmt: skip
    seller, buyer = bearer(trade.clerk), bearer(trade.buyer)

    made = client.post("/api/v1/invoices", json=body, headers={**seller, "Idempotency-Key": "1"})
    assert (made.status_code, made.json["flags"]) == (201, ["header"])
    path = f"/api/v1/invoices/{made.json['id']}"
    refused = client.post(f"{path}/check", json={}, headers={**buyer, "Idempotency-Key": "2"})
    assert (refused.status_code, refused.json["flags"]) == (409, ["header"])
    checked = client.post(f"{path}/check", json={"despite_flags": True}, headers={**buyer, "Idempotency-Key": "3"})

    assert (checked.status_code, checked.json["status"]) == (200, "checked")
    listed = client.get(f"/api/v1/orders/{order.public_id}/invoices", headers=buyer).json["items"]
    assert listed == [client.get(path, headers=seller).json]
    with transaction():
        stranger = make_trade(members=True)
    other = bearer(stranger.buyer)
    assert client.get(path, headers=other).status_code == 404
    assert (
        client.post(f"{path}/refuse", json={"reason": "?"}, headers={**other, "Idempotency-Key": "4"}).status_code
        == 404
    )
