"""Whose work money is: the operator's in the supervised account, the producer's in its own; and who is told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from orders.desk import queries as desk_queries
from orders.payments import announcements, credit, credit_refunds, receipts, refunds
from orders.payments.announcements import AnnouncementFacts
from orders.payments.clearing import PaidToSupervised
from orders.payments.receipts import Share
from orders.purchase.machine import WrongState
from shop import clock
from shop.db import db, transaction
from shop.errors import Forbidden
from shop.identity.models import Organisation
from shop.notices.models import Notice
from tests.conftest import NOON, count
from tests.counting.build import accept, make_actor, make_order, make_trade
from tests.factories import make_member
from tests.payments.help import facts, pay, slip

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def trade():
    with transaction():
        return make_trade(members=True)


@pytest.fixture
def operators(trade):
    one = make_member("operator", "operator_finance")
    organisation = db.session.get_one(Organisation, one.organisation_id)
    return one, make_member("operator", "operator_finance", organisation=organisation)


def order_to(trade, clearing):
    with transaction():
        order = make_order(trade)
        order.clearing = clearing
        accept(order, ("10", "0"))
        return order


def announce(trade, order):
    with transaction():
        said = AnnouncementFacts(payer_name="甲", amount_fen=10000, planned_on=clock.today())
        announcements.announce(order.public_id, said, trade.buyer, NOON)


def step_of(order, actor):
    step = desk_queries.get_order_page(order.public_id, actor, NOON).step
    return step.code, step.side, step.what


def links(kind, *actors):
    rows = db.session.execute(select(Notice.user_id, Notice.link).where(Notice.kind == kind).order_by(Notice.id))
    people = {actor.user_id for actor in actors}
    return [link for user, link in rows if user in people]


def test_an_announced_transfer_to_the_supervised_account_is_the_operators_to_record(trade, operators, deliver):
    order = order_to(trade, "supervised")
    announce(trade, order)
    deliver()

    assert step_of(order, trade.clerk) == ("receive", "operator", "已预告付款，待平台登记到账")
    assert links("transfer_announced_operator", *operators) == [f"/operator/payments/new?order={order.public_id}"] * 2
    assert links("transfer_announced", trade.clerk, trade.checker) == []
    with transaction():
        receipts.record(facts((order, 10000), clearing="supervised"), operators[0], NOON)
    assert step_of(order, trade.clerk)[:2] == ("count", "operator")


def test_one_to_the_producer_is_the_producers(trade, operators, deliver):
    order = order_to(trade, "direct")
    announce(trade, order)
    deliver()

    assert step_of(order, trade.clerk) == ("receive", "producer", "已预告付款，待登记到账")
    assert links("transfer_announced", trade.clerk) == [f"/producer/orders/{order.public_id}"]
    assert links("transfer_announced_operator", *operators) == []


def test_the_producers_page_of_an_order_paid_to_the_supervised_account_offers_no_receipt(trade, login):
    order, own = order_to(trade, "supervised"), order_to(trade, "direct")
    for each in (order, own):
        announce(trade, each)
    client = login(trade.clerk)

    pages = [client.get(f"/producer/orders/{each.public_id}").text for each in (order, own)]

    assert [f"/producer/payments/new?order={each.public_id}" in page for each, page in zip((order, own), pages, strict=True)] == [False, True]  # fmt: skip
    assert "待平台登记到账" in pages[0]


def test_a_producers_receipt_of_it_has_to_be_certain(trade):
    order = order_to(trade, "supervised")

    with pytest.raises(PaidToSupervised) as refused, transaction():
        receipts.record(facts((order, 10000)), trade.clerk, NOON)

    assert (refused.value.members["order"], count("payments"), count("moves WHERE machine = 'receipt'")) == (
        order.number, 0, 0,
    )  # fmt: skip
    with transaction():
        made = receipts.record(facts((order, 10000), is_certain=True), trade.clerk, NOON)
        receipts.confirm(made.public_id, trade.checker, NOON)
    assert (order.received_fen, order.direct_fen) == (10000, 10000)


def test_a_refund_from_the_supervised_account_is_told_to_the_operator(trade, operators, deliver):
    order = order_to(trade, "supervised")
    with transaction():
        pay(trade, (order, 10000), clearing="supervised")
        made = refunds.request(order.public_id, 500, "协商", actor=trade.buyer, at=NOON)
    deliver()

    assert links("refund_requested_operator", *operators) == [f"/operator/refunds/{made.public_id}"] * 2


def test_credit_in_the_supervised_account_is_the_operators_alone(trade, operators, deliver, login):
    with transaction():
        payment = pay(trade, (make_order(trade), 10000), amount=13000, clearing="supervised")
        back = credit_refunds.request(payment.public_id, 3000, "多付", trade.buyer, NOON)
    deliver()

    for act in (
        lambda: credit_refunds.refuse(back.public_id, "不退", trade.clerk, NOON),
        lambda: credit_refunds.record(back.public_id, slip(clearing="supervised"), trade.clerk, NOON),
    ):
        with pytest.raises(Forbidden), transaction():
            act()

    assert (back.status, payment.returned_fen) == ("requested", 3000)
    assert links("credit_refund_requested_operator", *operators) == [f"/operator/credit-refunds/{back.public_id}"] * 2
    assert links("credit_refund_requested", trade.clerk) == []
    page = login(trade.clerk).get(f"/producer/credit-refunds/{back.public_id}").text
    assert ("由平台退回、登记和确认" in page, "/record" in page, "/refuse" in page) == (True, False, False)


def test_two_of_the_operator_do_not_give_back_credit_of_the_producers_own_account(trade):
    with transaction():
        operator = db.session.get_one(Organisation, make_member("operator").organisation_id)
        one, two = make_actor(operator), make_actor(operator)
        payment = pay(trade, (make_order(trade), 10000), amount=13000)
        back = credit_refunds.request(payment.public_id, 3000, "多付", trade.buyer, NOON)
        credit_refunds.record(back.public_id, slip(), one, NOON)

    with pytest.raises(WrongState), transaction():
        credit_refunds.confirm(back.public_id, two, NOON)

    assert (back.status, count("journal_entries WHERE fact = 'credit_refund_confirmed'")) == ("recorded", 0)
    with transaction():
        credit_refunds.confirm(back.public_id, trade.checker, NOON)
    assert back.status == "confirmed"


def test_codes_of_others_in_a_remark_show_a_buyer_nothing_of_their_orders(client, bearer, trade):
    with transaction():
        theirs = make_trade()
        mine, second = make_order(trade), make_order(trade)
        other = make_order(theirs)
        other.producer_id = mine.producer_id
        remark = f"{mine.reference_code} {other.reference_code} {second.reference_code}"
        made = receipts.record(facts((mine, 10000), amount=20000, remark=remark), trade.clerk, NOON)
        key = made.public_id

    told = [
        client.get(f"/api/v1/payments/{key}", headers=bearer(actor)).json["suggestions"]
        for actor in (trade.buyer, trade.clerk)
    ]

    assert (told[0], [one["number"] for one in told[1]]) == ([], [mine.number, other.number, second.number])


def test_a_producers_receipt_without_orders_is_not_given_to_one_of_the_supervised_account_unasked(trade):
    order = order_to(trade, "supervised")
    with transaction():
        made = receipts.record(facts(amount=10000), trade.clerk, NOON)
    share = Share(order=order.public_id, amount_fen=10000)

    with pytest.raises(PaidToSupervised), transaction():
        credit.allocate(made.public_id, [share], trade.clerk, NOON)

    db.session.expire_all()
    assert (made.allocated_fen, count("payment_allocations")) == (0, 0)
    with transaction():
        credit.allocate(made.public_id, [share], trade.clerk, NOON, is_certain=True)
    assert made.allocated_fen == 10000
