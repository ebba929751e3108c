"""A buyer pays by card: one payment at a time, taken once, in any order of what is told."""

import pytest
from sqlalchemy import select, text

from orders.online import intents, paying
from orders.online.intents import AboveCardLimit, MoreThanOwed, NothingToPay, Wish
from orders.online.models import PaymentIntent
from orders.payments.models import Charge, Payment
from orders.purchase import changes
from shop import clock
from shop.db import db, transaction
from shop.errors import NotFound
from tests.conftest import count
from tests.counting.build import accept, cancel_rest, make_actor, make_organisation
from tests.online.help import ask, differing, make_purchase, newest, outcomes, settle, tell
from tests.payments.help import pay

pytestmark = pytest.mark.usefixtures("session", "card")


@pytest.fixture
def purchase():
    return make_purchase()


def intents_at(double):
    return [(one.amount, one.status) for one in double.client().v1.payment_intents.list().data]


def test_a_payment_is_asked_for_once_and_names_ours(purchase, card):
    intent = ask(purchase)

    (made,) = card.client().v1.payment_intents.list().data
    assert (intent.status, intent.intent_ref, intent.client_secret) == ("open", made.id, made.client_secret)
    assert (made.amount, made.currency, made.transfer_group) == (16000, "cny", purchase.procurement.number)
    assert made.metadata["duikou_subject"] == str(intent.public_id)
    assert made.metadata["duikou_procurement"] == purchase.procurement.number
    assert ask(purchase).id == intent.id
    assert len(intents_at(card)) == 1


def test_a_payment_that_succeeds_pays_each_order_once(purchase, card, deliver):
    with transaction():
        accept(purchase.orders[0], ("10", "0"))
    intent = ask(purchase)
    charge = card.pay(intent.intent_ref, "alipay")

    tell(card)
    tell(card)
    settle(deliver)

    assert purchase.sums() == [(10000, 0, 0, 0), (6000, 0, 0, 0)]
    assert (count("charges"), count("payments")) == (1, 2)
    with transaction():
        taken = db.session.scalars(select(Charge)).one()
    assert (taken.charge_ref, taken.amount_fen, taken.method) == (charge, 16000, "alipay")
    assert (newest(purchase.procurement.id).status, newest(purchase.procurement.id).charge_ref) == ("succeeded", charge)
    assert differing() == []


@pytest.mark.parametrize("mode", ["checkout", "invoice"])
def test_a_payment_on_the_providers_own_page_pays_as_well(purchase, card, deliver, mode):
    intent = ask(purchase, mode)
    assert db.session.execute(text("SELECT error FROM provider_calls")).all() == [("",)]
    assert intent.hosted_url.startswith(card.url)

    if mode == "checkout":
        card.complete(intent.session_ref)
    else:
        card.pay_invoice(intent.invoice_ref)
    tell(card)
    settle(deliver)

    assert purchase.sums() == [(10000, 0, 0, 0), (6000, 0, 0, 0)]
    assert newest(purchase.procurement.id).status == "succeeded"
    assert differing() == []


def test_another_amount_takes_the_place_of_the_first(purchase, card):
    first = ask(purchase)

    second = ask(purchase, amount_fen=12000)

    assert (second.attempt, second.amount_fen, second.status) == (2, 12000, "open")
    assert sorted(intents_at(card)) == [(12000, "requires_payment_method"), (16000, "canceled")]
    with transaction():
        assert db.session.get_one(PaymentIntent, first.id).status == "cancelled"
        assert intents.shares_of(second.id) == {purchase.orders[0].id: 10000, purchase.orders[1].id: 2000}


def test_what_is_being_paid_is_not_replaced(purchase, card, deliver):
    first = ask(purchase)
    card.pay(first.intent_ref)

    ask(purchase, amount_fen=12000)
    settle(deliver)

    assert newest(purchase.procurement.id).status == "succeeded"
    assert purchase.sums() == [(10000, 0, 0, 0), (6000, 0, 0, 0)]


@pytest.mark.parametrize(("amount", "refusal"), [(16001, MoreThanOwed), (1, None)])
def test_no_more_than_is_owed_can_be_asked_for(purchase, card, amount, refusal):
    if refusal is None:
        assert ask(purchase, amount_fen=amount).amount_fen == amount
        return
    with pytest.raises(refusal) as told, transaction():
        intents.ask(
            purchase.procurement.public_id, Wish(mode="element", amount_fen=amount), purchase.buyer, clock.now()
        )

    assert told.value.members == {"unpaid": {"amount": "160.00", "currency": "CNY"}}
    assert count("payment_intents") == 0


def test_what_is_paid_owes_nothing(purchase, card):
    with transaction():
        for trade, order, fen in zip(purchase.trades, purchase.orders, (10000, 6000), strict=True):
            pay(trade, (order, fen))

    with pytest.raises(NothingToPay), transaction():
        intents.ask(purchase.procurement.public_id, Wish(mode="element"), purchase.buyer, clock.now())


def test_more_than_the_provider_takes_at_once_is_refused(purchase, card):
    with transaction():
        order = purchase.orders[0]
        db.session.execute(text("UPDATE orders SET due_fen = 200000000 WHERE id = :id"), {"id": order.id})
        db.session.expire_all()

    with pytest.raises(AboveCardLimit), transaction():
        intents.ask(purchase.procurement.public_id, Wish(mode="element"), purchase.buyer, clock.now())


def test_another_organisations_procurement_is_not_there(purchase, card):
    with transaction():
        stranger = make_actor(make_organisation(), "payments:pay")

    with pytest.raises(NotFound), transaction():
        intents.ask(purchase.procurement.public_id, Wish(mode="element"), stranger, clock.now())


def test_a_failed_try_can_be_made_again_and_a_late_failure_changes_nothing(purchase, card, deliver):
    intent = ask(purchase)
    card.fail(intent.intent_ref)
    tell(card)
    settle(deliver)
    assert (newest(purchase.procurement.id).status, newest(purchase.procurement.id).failure) == (
        "open",
        "Your card was declined.",
    )

    card.pay(intent.intent_ref)
    *_before, _failed_charge, failed = [e for e in card.told("platform") if "failed" in e["type"]]
    tell(card, [e for e in card.told("platform") if "succeeded" in e["type"]])
    tell(card, [{**failed, "id": "evt_late"}])
    settle(deliver)

    assert (newest(purchase.procurement.id).status, newest(purchase.procurement.id).failure) == ("succeeded", "")
    assert outcomes()["evt_late"] == "nothing_new"


def test_money_for_a_cancelled_order_goes_back_once_and_stock_stays_as_it_is(card, deliver):
    purchase = make_purchase(status="confirmed")
    intent = ask(purchase)
    order = purchase.orders[0]
    card.pay(intent.intent_ref)
    with transaction():
        locked = intents.lock_orders_of(purchase.procurement.id)[0]
        locked.status = "cancelled"
        cancel_rest(locked)
        changes.tell("orders.order_cancelled", locked, why="", at=clock.now().isoformat())
    stock = stock_rows()

    tell(card)
    settle(deliver)
    tell(card)
    settle(deliver)

    (refund,) = card.client().v1.refunds.list().data
    assert (refund.amount, refund.metadata["duikou_subject"]) == (10000, refunds_of(order.id))
    card.settle_refund(refund.id) if refund.status == "pending" else None
    assert purchase.sums() == [(10000, 10000, 0, 0), (6000, 0, 0, 0)]
    assert stock_rows() == stock
    assert differing() == []


def stock_rows():
    return [tuple(row) for row in db.session.execute(text("SELECT * FROM sku_stock ORDER BY 1"))]


def refunds_of(order_id):
    query = text("SELECT public_id::text FROM refunds WHERE order_id = :id")
    return db.session.execute(query, {"id": order_id}).scalar_one()


def test_a_cancelled_order_ends_the_payment_that_was_open(card, deliver):
    purchase = make_purchase(status="confirmed")
    ask(purchase)
    with transaction():
        locked = intents.lock_orders_of(purchase.procurement.id)[0]
        locked.status = "cancelled"
        cancel_rest(locked)
        changes.tell("orders.order_cancelled", locked, why="", at=clock.now().isoformat())

    settle(deliver)

    assert newest(purchase.procurement.id).status == "cancelled"
    assert intents_at(card) == [(16000, "canceled")]


def test_the_payer_who_comes_back_is_taken_in_before_any_event(purchase, card):
    intent = ask(purchase)
    card.pay(intent.intent_ref)

    paying.refresh(intent.public_id, purchase.buyer)

    assert purchase.sums() == [(10000, 0, 0, 0), (6000, 0, 0, 0)]
    with transaction():
        assert [p.rail for p in db.session.scalars(select(Payment))] == ["stripe", "stripe"]


def test_what_the_provider_refuses_is_shown_and_can_be_tried_again(purchase, card):
    card.behaviour.currencies = ("usd",)
    failed = ask(purchase)
    assert (failed.status, failed.failure) == ("failed", "Invalid currency: cny.")

    card.behaviour.currencies = ("cny",)

    assert ask(purchase).attempt == 2
    assert newest(purchase.procurement.id).status == "open"
