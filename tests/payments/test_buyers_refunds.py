"""The institution's list of refunds, and a request for credit that who asked for it takes back."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from orders.payments import checks, credit_refunds, refunds
from orders.purchase.machine import WrongState
from shop.db import db, transaction
from shop.errors import NotFound
from shop.identity.models import Organisation
from tests.conftest import NOON, count
from tests.counting.build import accept, make_order, make_trade
from tests.factories import make_member
from tests.payments.help import pay

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade():
    with transaction():
        return make_trade(members=True)


def test_finance_finds_all_refunds_in_one_list_with_state_age_and_sum(trade, login):
    with transaction():
        order = make_order(trade)
        accept(order, ("10", "0"))
        pay(trade, (order, 10_000))
        refunds.request(order.public_id, 4_000, "质量问题", actor=trade.buyer, at=NOON)
        stranger = make_trade(members=True)
    client = login(trade.buyer)

    page = client.get("/desk/refunds").text
    none = client.get("/desk/refunds?status=confirmed").text
    other = login(stranger.buyer).get("/desk/refunds").text

    assert (order.number in page, ">40.00<" in page, "质量问题" in page, "待退款" in page) == (True, True, True, True)
    assert f'href="/desk/payments/{order.public_id}"' in page
    assert "已等待 0 天" in page
    assert ("没有退款。" in none, order.number in other) == (True, False)
    assert 'href="/desk/refunds"' in login(trade.buyer).get("/desk").text


def test_who_asked_for_credit_takes_it_back_and_it_is_credit_again(trade, login, client, bearer):
    with transaction():
        payment = pay(trade, (make_order(trade), 10_000), amount=13_000)
        back = credit_refunds.request(payment.public_id, 3_000, "多付", trade.buyer, NOON)
        buyers = db.session.get_one(Organisation, trade.buyer.organisation_id)
        colleague = make_member("institution", organisation=buyers)
        stranger = make_trade(members=True)
    for refused, actor in ((WrongState, colleague), (WrongState, trade.checker), (NotFound, stranger.buyer)):
        with pytest.raises(refused), transaction():
            credit_refunds.withdraw(back.public_id, actor, NOON)
    assert (back.status, payment.returned_fen) == ("requested", 3_000)

    page = login(trade.buyer)
    path = f"/desk/credit-refunds/{back.public_id}"
    assert "撤回后，30.00 元不再退还，仍是余额" in page.get(path).text
    assert "撤回申请…" not in login(trade.clerk).get(f"/producer/credit-refunds/{back.public_id}").text
    assert login(trade.buyer).post(f"{path}/withdraw").status_code == 302

    db.session.refresh(back)
    db.session.refresh(payment)
    assert (back.status, back.refusal, payment.returned_fen, payment.left_fen) == ("refused", "申请人撤回", 0, 3_000)
    assert count("audit_entries WHERE action = 'payments.credit_refund_withdrawn'") == 1
    assert [str(one) for one in checks.differing_sums() + checks.differing_balances()] == []
    with pytest.raises(WrongState), transaction():
        credit_refunds.withdraw(back.public_id, trade.buyer, NOON)
    with transaction():
        again = credit_refunds.request(payment.public_id, 3_000, "多付", trade.buyer, NOON).public_id
    answer = client.post(
        f"/api/v1/credit-refunds/{again}/withdraw", headers={**bearer(trade.buyer), "Idempotency-Key": "w"}
    )
    assert (answer.status_code, answer.json["status"]) == (200, "refused")
    assert db.session.scalar(text("SELECT count(*) FROM credit_refunds WHERE status = 'requested'")) == 0
