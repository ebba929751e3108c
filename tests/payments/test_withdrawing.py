"""What one recorded or asked for oneself is taken back before anybody has acted on it."""

from __future__ import annotations

import pytest

from orders.invoices import services as invoices
from orders.payments import receipts, refunds, withdrawing
from orders.purchase.machine import WrongState
from shop.db import db, transaction
from shop.errors import Forbidden
from tests.conftest import NOON, count
from tests.counting.build import accept, make_order, make_trade
from tests.invoices.help import invoice
from tests.payments.help import facts, pay

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade():
    with transaction():
        return make_trade(members=True)


@pytest.fixture
def order(trade):
    with transaction():
        order = make_order(trade)
        accept(order, ("10", "0"))
    return order


def test_who_recorded_a_receipt_takes_it_back_and_its_serial_is_free(trade, order, login):
    with transaction():
        made = receipts.record(facts((order, 10_000), bank_serial="B1"), trade.clerk, NOON)
    with pytest.raises(WrongState), transaction():
        withdrawing.withdraw_receipt(made.public_id, trade.checker, NOON)
    assert made.status == "recorded"
    page = login(trade.clerk)
    path = f"/producer/payments/{made.public_id}"
    assert "撤回登记" in page.get(path).text

    assert page.post(f"{path}/withdraw").status_code == 302

    db.session.refresh(made)
    assert (made.status, made.decided_by, made.reason) == ("refused", None, "登记人撤回")
    with transaction():
        again = receipts.record(facts((order, 10_000), bank_serial="B1"), trade.clerk, NOON)
        receipts.confirm(again.public_id, trade.checker, NOON)
    with pytest.raises(WrongState), transaction():
        withdrawing.withdraw_receipt(again.public_id, trade.clerk, NOON)
    assert (again.status, order.received_fen) == ("confirmed", 10_000)


def test_who_asked_for_a_refund_takes_it_back_and_nothing_is_set_aside(trade, order, client, bearer):
    with transaction():
        pay(trade, (order, 10_000))
        made = refunds.request(order.public_id, 4_000, "质量问题", actor=trade.buyer, at=NOON)
    with pytest.raises(WrongState), transaction():
        withdrawing.withdraw_refund(made.public_id, trade.clerk, NOON)
    assert order.refunding_fen == 4_000

    path = f"/api/v1/refunds/{made.public_id}/withdraw"
    answer = client.post(path, headers=bearer(trade.buyer) | {"Idempotency-Key": "w1"})

    assert (answer.status_code, answer.json["status"]) == (200, "refused")
    db.session.refresh(order)
    assert (order.refunding_fen, order.refunded_fen) == (0, 0)
    with transaction():
        two = refunds.request(order.public_id, 4_000, "质量问题", actor=trade.buyer, at=NOON)
    refused = client.post(
        f"/api/v1/refunds/{made.public_id}/withdraw", headers=bearer(trade.buyer) | {"Idempotency-Key": "w2"}
    )
    assert refused.status_code == 409
    assert two.status == "requested"


def test_who_recorded_an_invoice_takes_it_back_and_its_number_is_free(trade, order, login):
    with transaction():
        made = invoices.record(invoice(trade, (order, 10_000)), trade.clerk, NOON)
    with pytest.raises(WrongState), transaction():
        invoices.withdraw(made.public_id, trade.checker, NOON)
    with pytest.raises(Forbidden), transaction():
        invoices.withdraw(made.public_id, trade.buyer, NOON)
    page, path = login(trade.clerk), f"/producer/invoices/{made.public_id}"
    assert "撤回登记" in page.get(path).text

    assert page.post(f"{path}/withdraw").status_code == 302

    db.session.refresh(made)
    assert (made.status, made.checked_by, made.reason, count("invoices")) == ("refused", None, "登记人撤回", 1)
