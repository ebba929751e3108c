"""Pages of receipts, refunds, due days and the certificate, for each desk."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from orders.payments import certificate, receipts
from orders.payments.models import Payment, Refund, RefundLine, TransferAnnouncement
from orders.purchase.models import Order
from shop.db import db, transaction
from shop.identity.models import BankAccount
from tests.conftest import NOON, count
from tests.counting.build import accept, lines_of, make_order, make_trade
from tests.factories import make_member
from tests.payments.help import facts, pay

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade(session):
    with transaction():
        return make_trade(members=True)


@pytest.fixture
def order(trade):
    with transaction():
        order = make_order(trade, freight_fen=500)
        accept(order, ("7", "3"))
    return order


def receipt_form(order, **changes):
    return {
        "bank_serial": "B1", "payer_name": "和平区财政局", "amount": "75.00", "value_on": "2026-07-14",
        "clearing": "direct", "allocations": f"{order.number} 75.00", "idempotency_key": "k1",
    } | changes  # fmt: skip


def test_the_producer_records_and_a_second_person_confirms(login, trade, order):
    client = login(trade.clerk)
    assert "待收款" in client.get("/producer/payments").text
    assert order.number in client.get(f"/producer/payments/new?order={order.public_id}").text
    answer = client.post("/producer/payments/new", data=receipt_form(order))
    payment = db.session.scalars(select(Payment)).one()
    assert (answer.status_code, answer.location) == (302, f"/producer/payments/{payment.public_id}")
    page = client.get(answer.location).text
    assert "等待另一位" in page
    assert "确认到账</button>" not in page

    client = login(trade.checker)
    assert "确认后，75.00 元按 2026年7月14日 计入 1 个订单，不能撤回" in client.get(answer.location).text
    assert client.post(f"{answer.location}/confirm", data={"idempotency_key": "k2"}).status_code == 302

    assert db.session.get_one(Order, order.id).received_fen == 7500
    assert "已确认" in client.get("/producer/payments?status=confirmed").text


def test_a_row_without_an_amount_takes_what_is_unpaid(login, trade, order):
    answer = login(trade.clerk).post(
        "/producer/payments/new", data=receipt_form(order, allocations=order.reference_code, amount="1,000.00")
    )

    assert answer.status_code == 302
    assert db.session.scalars(select(Payment)).one().allocated_fen == 7500


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": "1.234"}, "至多两位小数"),
        ({"amount": ""}, "请填写"),
        ({"allocations": "DK20260101-XXXXXX 5"}, "第 1 行"),
        ({"value_on": "2026-07-16"}, "起息日不能晚于今天"),
        ({"amount": "74.99"}, "分配共 75.00 元，超过了可分配的余额 74.99 元"),
    ],
)
def test_a_wrong_receipt_is_shown_again_with_what_was_typed(login, trade, order, changes, words):
    answer = login(trade.clerk).post("/producer/payments/new", data=receipt_form(order, **changes))

    assert answer.status_code == 422
    assert words in answer.text
    assert "和平区财政局" in answer.text
    assert count("payments") == 0


def test_a_refused_receipt_says_why(login, trade, order):
    with transaction():
        payment = pay_later(trade, order)
    client = login(trade.checker)

    assert client.post(f"/producer/payments/{payment}/refuse", data={"reason": ""}).status_code == 422
    assert client.post(f"/producer/payments/{payment}/refuse", data={"reason": "户名不符"}).status_code == 302

    assert "户名不符" in client.get(f"/producer/payments/{payment}").text


def test_who_confirms_a_receipt_is_warned_of_an_order_that_is_paid_too_much(login, trade, order):
    with transaction():
        payment = pay_later(trade, order)
        order.due_fen -= 100
    page = login(trade.checker).get(f"/producer/payments/{payment}").text

    assert "现未付 74.00 元，本次分配 75.00 元，多出 1.00 元" in page
    assert "没有上传回单" in page


def pay_later(trade, order):
    return receipts.record(facts((order, 7500)), trade.clerk, NOON).public_id


def test_the_operator_finds_the_payee_by_the_remark_and_allocates(login, trade, order):
    with transaction():
        operator = make_member("operator", "operator_finance")
    client = login(operator)
    form = receipt_form(order, allocations="", remark=f"货款{order.reference_code}", clearing="supervised")

    answer = client.post("/operator/payments/new", data=form)

    assert answer.status_code == 302
    assert f"{order.number} 75.00" in client.get(answer.location).text
    rows = {"allocations": f"{order.number} 75.00"}
    assert client.post(f"{answer.location}/allocate", data=rows).status_code == 302
    payment = db.session.scalars(select(Payment)).one()
    assert (payment.payee_id, payment.buyer_id, payment.allocated_fen) == (order.producer_id, order.buyer_id, 7500)
    assert client.get("/operator/payments").status_code == 200
    assert client.get("/operator/payments/due").status_code == 200


def test_the_institution_sees_what_is_due_and_announces(login, trade, order):
    client = login(trade.buyer)
    page = client.get("/desk/payments").text
    assert order.reference_code in page
    assert "75.00" in page

    path = f"/desk/payments/{order.public_id}"
    assert client.get(f"{path}/announce").status_code == 200
    form = {"payer_name": "国库", "amount": "75.00", "planned_on": "2026-07-20", "idempotency_key": "a"}
    assert client.post(f"{path}/announce", data=form).status_code == 302
    assert client.post(f"{path}/announce", data={**form, "planned_on": "2026-07-01"}).status_code == 422
    (made,) = db.session.scalars(select(TransferAnnouncement))
    assert "国库" in client.get(path).text
    assert client.post(f"{path}/announcements/{made.public_id}/withdraw").status_code == 302
    assert made.withdrawn_at == NOON


def test_a_refund_is_asked_for_recorded_and_confirmed(login, trade, order):
    with transaction():
        pay(trade, (order, 7500), payer_account="0302 1300 4567")
    client = login(trade.buyer)
    path = f"/desk/payments/{order.public_id}/refund"
    assert client.get(path).status_code == 200
    assert client.post(path, data={"amount": "80", "reason": "破损"}).status_code == 422
    assert client.post(path, data={"amount": "10", "reason": "破损"}).status_code == 302
    refund = db.session.scalars(select(Refund)).one()

    client = login(trade.clerk)
    path = f"/producer/refunds/{refund.public_id}"
    assert "破损" in client.get("/producer/refunds").text
    assert "/producer/refunds?status=requested" in client.get("/producer").text
    page = client.get(path).text
    assert ("登记退款" in page, "0302 1300 4567" in page, "10.00" in page) == (True, True, True)
    slip = {"bank_serial": "R1", "value_on": "2026-07-15", "clearing": "direct"}
    assert client.post(f"{path}/record", data=slip).status_code == 302
    assert client.post(f"{path}/confirm").status_code == 409

    client = login(trade.checker)
    assert "退款待第二人确认" in client.get("/producer").text
    assert "确认后，退款 10.00 元" in client.get(path).text
    assert client.post(f"{path}/confirm").status_code == 302
    assert "/producer/refunds?status=" not in client.get("/producer").text
    assert db.session.get_one(Order, order.id).refunded_fen == 1000


def test_what_was_given_back_for_a_line_is_not_payable_on_the_certificate(trade, order):
    with transaction():
        first = lines_of(order)[0]
        first.allowed_fen = 500
        db.session.flush()
        made = certificate.issue(order, date(2026, 7, 15), "secret")

    assert sum(payable for _line, payable in made.lines) == made.money.goods_payable_fen


def test_the_certificate_is_printed_and_anyone_can_verify_it_with_its_account(login, client, trade, order):
    with transaction():
        db.session.add(
            BankAccount(
                organisation_id=order.producer_id,
                holder="合作社",
                bank="某银行",
                number="6222020000000001",
                is_default=True,
            )
        )
    page = login(trade.buyer).get(f"/desk/payments/{order.public_id}/certificate").text
    code = re.search(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", page)
    assert code is not None
    assert "尚应付款 75.00 元" in page
    assert "6222020000000001" in page

    client.delete_cookie("session")
    address = f"/verify/payment-request?number={order.number}&on=2026-07-15&code={code[0]}&account=6222+0200+0000+0001&amount="
    assert "真实" in client.get(f"{address}75.00").text
    assert "不符" in client.get(f"{address}75.01").text
    assert "不符" in client.get(f"{address}nonsense").text
    redirected = address.replace("0001&", "0002&")
    assert "不符" in client.get(f"{redirected}75.00").text
    assert "不符" in client.get(f"{address.replace('&account=6222+0200+0000+0001', '')}75.00").text


def test_another_organisations_pages_are_not_there(login, trade, order):
    with transaction():
        payment = pay_later(trade, order)
        stranger = make_trade(members=True)

    client = login(stranger.buyer)
    for path in ("", "/announce", "/refund", "/certificate"):
        assert client.get(f"/desk/payments/{order.public_id}{path}").status_code == 404
    client = login(stranger.clerk)
    assert client.get(f"/producer/payments/{payment}").status_code == 404
    assert client.post(f"/producer/payments/{payment}/confirm").status_code == 404


def test_credit_pays_another_order_by_its_number(login, trade, order):
    with transaction():
        pay(trade, (order, 7500), amount=10000)
        other = make_order(trade)
    client = login(trade.clerk)
    path = "/producer/payments/use-credit"

    assert "25.00" in client.get(path).text
    assert client.post(path, data={"order": other.number, "amount": "25.01"}).status_code == 422
    assert client.post(path, data={"order": other.reference_code, "amount": "25.00"}).status_code == 302

    assert db.session.get_one(Order, other.id).received_fen == 2500


def test_a_pay_first_deadline_is_extended_once(login, trade):
    with transaction():
        order = make_order(trade, status="confirmed", payment_mode="pay_first")
        order.pay_due_on = date(2026, 8, 1)
    client = login(trade.buyer)
    path = f"/desk/payments/{order.public_id}"
    assert "延期付款" in client.get(path).text

    assert client.post(f"{path}/extend").status_code == 302
    assert client.post(f"{path}/extend").status_code == 409

    assert (order.pay_due_on, order.pay_extended) == (date(2026, 8, 16), True)
    assert "延期付款" not in client.get(path).text


def test_a_buyer_asks_money_back_for_accepted_goods_by_the_line(login, trade, order):
    with transaction():
        pay(trade, (order, order.due_fen))
    client, path = login(trade.buyer), f"/desk/payments/{order.public_id}/refund"
    typed = {"amount": "", "line_0": "70.01", "reason": "变质", "idempotency_key": "k1"}

    page = client.get(path).text
    nothing = client.post(path, data={**typed, "line_0": ""})
    refused = client.post(path, data={**typed, "idempotency_key": "k2"})
    before = count("refunds")
    done = client.post(path, data={**typed, "line_0": "30", "idempotency_key": "k3"})

    assert ("已验收商品的退款" in page, "最多可退 70.00 元" in page) == (True, True)
    assert "请填写退款金额，或按商品填写。" in nothing.text
    assert "该行最多可退 70.00 元" in refused.text
    assert (before, done.status_code) == (0, 302)
    refund = db.session.scalars(select(Refund)).one()
    share = db.session.scalars(select(RefundLine)).one()
    assert (refund.amount_fen, refund.cause, share.refund_id, share.amount_fen) == (3000, "agreed", refund.id, 3000)


def test_credit_goes_back_by_the_pages_of_all_three_sides(login, trade, order):
    with transaction():
        payment = pay(trade, (order, 7500), amount=8800, payer_account="6001")
    buyer = login(trade.buyer)
    assert "/desk/credit-refunds" in buyer.get("/desk/payments").text
    assert "13.00" in buyer.get("/desk/credit-refunds").text
    path = f"/desk/credit-refunds/new/{payment.public_id}"
    assert 'value="13.00"' in buyer.get(path).text
    assert buyer.post(path, data={"amount": "13.01", "reason": "多付"}).status_code == 422
    sent = buyer.post(path, data={"amount": "13.00", "reason": "多付"})
    assert sent.status_code == 302
    assert "等待收款方退回并登记" in buyer.get(sent.location).text
    page = sent.location.replace("/desk/", "/producer/")
    assert buyer.post(f"{page}/record", data={}).status_code == 403

    clerk = login(trade.clerk)
    assert (
        f"/producer/credit-refunds/new/{payment.public_id}"
        not in clerk.get(f"/producer/payments/{payment.public_id}").text
    )
    assert "登记退款</button>" in clerk.get(page).text
    form = {"bank_serial": "T1", "value_on": "2026-07-15", "clearing": "direct"}
    assert clerk.post(f"{page}/record", data=form).status_code == 302
    checker = login(trade.checker)
    assert "余额 13.00 元于 2026年7月15日 退回 和平区财政局" in checker.get(page).text
    assert checker.post(f"{page}/confirm").status_code == 302
    assert "已退款" in checker.get("/producer/credit-refunds?status=confirmed").text
    assert db.session.get_one(Payment, payment.id, populate_existing=True).returned_fen == 1300


def test_who_asks_for_a_refund_sees_to_whom_it_will_go(login, trade, order):
    with transaction():
        pay(trade, (order, 3000), payer_name="和平区一小食堂", payer_account="6001")
        pay(trade, (order, 4500), payer_name="和平区一小工会")
    client = login(trade.buyer)

    page = client.get(f"/desk/payments/{order.public_id}/refund").text
    assert [words in page for words in ("和平区一小食堂", "6001", "30.00", "和平区一小工会", "45.00")] == [True] * 5
    assert (
        client.post(f"/desk/payments/{order.public_id}/refund", data={"amount": "50.00", "reason": "协商"}).status_code
        == 302
    )

    made = db.session.scalars(select(Refund).order_by(Refund.id)).all()
    assert [each.amount_fen for each in made] == [4500, 500]
    shown = login(trade.clerk).get(f"/producer/refunds/{made[1].public_id}").text
    assert [words in shown for words in ("和平区一小食堂", "和平区一小工会")] == [True, False]
