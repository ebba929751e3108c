"""Receipts, refunds, announcements and credit over the API."""

import pytest

from orders.purchase.models import Order
from shop.db import db, transaction
from tests.conftest import count
from tests.counting.build import accept, make_order, make_trade


@pytest.fixture
def trade(session):
    with transaction():
        return make_trade(members=True)


@pytest.fixture
def order(trade):
    with transaction():
        order = make_order(trade)
        accept(order, ("10", "0"))
    return order


@pytest.fixture
def call(client, bearer):
    """Call the API as an actor: ``call(actor, "POST", path, body)`` returns status and document."""
    keys = iter(range(1000))

    def send(actor, method, path, body=None, **headers):
        extra = {"Idempotency-Key": f"k{next(keys)}"} if method == "POST" else {}
        answer = client.open(f"/api/v1{path}", method=method, json=body, headers={**bearer(actor), **extra, **headers})
        return answer.status_code, answer.json

    return send


def yuan(amount):
    return {"amount": amount, "currency": "CNY"}


def receipt(amount="100.00", serial="B1", **changes):
    return {"bank_serial": serial, "payer_name": "财政局", "amount": yuan(amount), "value_on": "2026-07-14", **changes}


def test_a_transfer_is_announced_recorded_and_confirmed(call, trade, order):
    status, announced = call(
        trade.buyer, "POST", f"/orders/{order.public_id}/announcements",
        {"payer_name": "和平区财政局", "amount": yuan("100.00"), "planned_on": "2026-07-20"},
    )  # fmt: skip
    assert (status, announced["reference_code"], announced["amount"]) == (201, order.reference_code, yuan("100.00"))

    status, recorded = call(trade.clerk, "POST", f"/orders/{order.public_id}/payments", receipt())
    assert (status, recorded["status"], recorded["left"]) == (201, "recorded", yuan("0.00"))
    assert recorded["allocations"] == [
        {"order": str(order.public_id), "number": order.number, "amount": yuan("100.00")}
    ]

    status, confirmed = call(trade.checker, "POST", f"/payments/{recorded['id']}/confirm")
    assert (status, confirmed["status"]) == (200, "confirmed")

    status, money = call(trade.buyer, "GET", f"/orders/{order.public_id}/money")
    assert (status, money["state"], money["received"], money["unpaid"], money["counted"]) == (
        200, "paid", yuan("100.00"), yuan("0.00"), yuan("100.00"),
    )  # fmt: skip
    assert call(trade.buyer, "GET", f"/orders/{order.public_id}/payments")[1]["items"][0]["id"] == recorded["id"]
    assert call(trade.buyer, "GET", f"/orders/{order.public_id}/announcements")[1]["items"] == [announced]


def test_who_recorded_is_refused_with_the_state(call, trade, order):
    _status, recorded = call(trade.clerk, "POST", f"/orders/{order.public_id}/payments", receipt())

    status, problem = call(trade.clerk, "POST", f"/payments/{recorded['id']}/confirm")

    assert (status, problem["type"], problem["state"]) == (409, "/problems/wrong-state", "recorded")


def test_a_repeat_with_the_same_key_records_once(client, bearer, trade, order):
    headers = {**bearer(trade.clerk), "Idempotency-Key": "one"}
    path = f"/api/v1/orders/{order.public_id}/payments"

    first = client.post(path, json=receipt(), headers=headers)
    again = client.post(path, json=receipt(), headers=headers)

    assert (first.status_code, again.status_code, first.json, count("payments")) == (201, 201, again.json, 1)
    assert client.post(path, json=receipt(), headers=bearer(trade.clerk)).status_code == 400


def test_a_remark_suggests_the_order(call, trade, order):
    body = receipt(remark=f"货款 {order.reference_code.lower()} 谢谢")

    status, recorded = call(trade.clerk, "POST", "/payments", body)

    assert (status, recorded["left"]) == (201, yuan("100.00"))
    assert [(s["order"], s["unpaid"]) for s in recorded["suggestions"]] == [(str(order.public_id), yuan("100.00"))]


def test_a_receipt_is_allocated_then_confirmed_then_its_rest_used(call, trade, order):
    with transaction():
        other = make_order(trade)
    _status, recorded = call(trade.clerk, "POST", "/payments", receipt("130.00"))
    share = {"allocations": [{"order": str(order.public_id), "amount": yuan("100.00")}]}
    assert call(trade.clerk, "POST", f"/payments/{recorded['id']}/allocate", share)[0] == 200
    assert call(trade.checker, "POST", f"/payments/{recorded['id']}/confirm")[0] == 200
    assert call(trade.buyer, "GET", "/credits")[1]["items"][0]["credit"] == yuan("30.00")

    status, money = call(trade.clerk, "POST", f"/orders/{other.public_id}/use-credit", {"amount": yuan("30.00")})

    assert (status, money["received"], money["state"]) == (200, yuan("30.00"), "part_paid")
    assert call(trade.buyer, "GET", "/credits")[1]["items"] == []


def test_a_refund_goes_through_two_persons(call, trade, order):
    _status, recorded = call(trade.clerk, "POST", f"/orders/{order.public_id}/payments", receipt())
    call(trade.checker, "POST", f"/payments/{recorded['id']}/confirm")
    path = f"/orders/{order.public_id}/refunds"

    status, asked = call(trade.buyer, "POST", path, {"amount": yuan("40.00"), "reason": "破损"})
    assert (status, asked["status"], asked["cause"]) == (201, "requested", "agreed")
    assert call(trade.buyer, "POST", path, {"amount": yuan("60.01"), "reason": "破损"})[0] == 422
    slip = {"bank_serial": "R1", "value_on": "2026-07-15"}
    assert call(trade.clerk, "POST", f"/refunds/{asked['id']}/record", slip)[0] == 200
    assert call(trade.clerk, "POST", f"/refunds/{asked['id']}/confirm")[0] == 409
    status, done = call(trade.checker, "POST", f"/refunds/{asked['id']}/confirm")

    assert (status, done["status"], done["value_on"]) == (200, "confirmed", "2026-07-15")
    money = call(trade.buyer, "GET", f"/orders/{order.public_id}/money")[1]
    assert (money["state"], money["refunded"], money["counted"]) == ("part_refunded", yuan("40.00"), yuan("60.00"))


def test_what_is_due_is_listed_by_day(call, trade, order):
    status, page = call(trade.buyer, "GET", "/due?limit=1")

    assert (status, [row["number"] for row in page["items"]], page["next"]) == (200, [order.number], None)


def test_another_organisation_finds_nothing(call, trade, order):
    _status, recorded = call(trade.clerk, "POST", f"/orders/{order.public_id}/payments", receipt())
    with transaction():
        stranger = make_trade(members=True)
    before = count("payments"), count("refunds"), count("transfer_announcements"), count("moves")

    paths = [
        ("GET", f"/orders/{order.public_id}/money", None),
        ("GET", f"/orders/{order.public_id}/payments", None),
        ("GET", f"/orders/{order.public_id}/refunds", None),
        ("GET", f"/orders/{order.public_id}/announcements", None),
        ("GET", f"/orders/{order.public_id}/invoices", None),
        ("GET", f"/payments/{recorded['id']}", None),
        ("POST", f"/payments/{recorded['id']}/confirm", None),
        ("POST", f"/payments/{recorded['id']}/refuse", {"reason": "?"}),
        ("POST", f"/orders/{order.public_id}/payments", receipt(serial="B9")),
        ("POST", f"/orders/{order.public_id}/refunds", {"amount": yuan("1.00"), "reason": "?"}),
        ("POST", f"/orders/{order.public_id}/use-credit", {"amount": yuan("1.00")}),
    ]
    assert [call(stranger.checker, *path)[0] for path in paths] == [404] * len(paths)
    assert before == (count("payments"), count("refunds"), count("transfer_announcements"), count("moves"))
    assert call(stranger.clerk, "GET", "/payments")[1] == {"items": [], "next": None}


def test_the_buyer_may_not_record_or_confirm(call, trade, order):
    _status, recorded = call(trade.clerk, "POST", f"/orders/{order.public_id}/payments", receipt())

    assert call(trade.buyer, "POST", f"/orders/{order.public_id}/payments", receipt(serial="B2"))[0] == 403
    assert call(trade.buyer, "POST", f"/payments/{recorded['id']}/confirm")[0] == 403
    assert db.session.get_one(Order, order.id).received_fen == 0


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"amount": 100}, "#/amount"),
        ({"amount": yuan("1e2")}, "#/amount"),
        ({"amount": yuan("0.00")}, "#/amount"),
        ({"value_on": "yesterday"}, "#/value_on"),
        ({"bank_serial": " "}, "#/bank_serial"),
        ({"clearing": "cash"}, "#/clearing"),
        ({"surprise": 1}, "#/surprise"),
    ],
)
def test_a_malformed_receipt_is_refused_by_member(call, trade, order, changes, pointer):
    status, problem = call(trade.clerk, "POST", f"/orders/{order.public_id}/payments", {**receipt(), **changes})

    assert (status, [error["pointer"] for error in problem["errors"]]) == (422, [pointer])
    assert count("payments") == 0
