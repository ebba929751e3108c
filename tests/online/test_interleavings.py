"""One procurement's events in any order, with repeats, and the payer coming back at any time: one outcome, one entry a fact."""

import random

import pytest
from sqlalchemy import text

from orders.online import events, paying, performing
from orders.payments import refund_sending, refunds
from shop import clock
from shop.db import db, transaction
from tests.conftest import NOON
from tests.counting.build import accept
from tests.online.help import ask, differing, make_purchase, settle

#: How often what has come waits for more.
WAITS = 0.5
#: What a payment, its refund and its dispute leave behind, however they were told.
STATE = """
    SELECT (SELECT array_agg(row(received_fen, refunded_fen, refunding_fen, held_fen, stripe_fen)::text ORDER BY id) FROM orders
            WHERE procurement_id = :key),
           (SELECT array_agg(status ORDER BY id) FROM payment_intents WHERE procurement_id = :key),
           (SELECT array_agg(row(amount_fen, refunded_fen, disputed_fen)::text ORDER BY id) FROM charges
            WHERE procurement_id = :key),
           (SELECT array_agg(row(r.cause, r.status, r.amount_fen)::text ORDER BY r.cause, r.amount_fen) FROM refunds r
            JOIN orders o ON o.id = r.order_id WHERE o.procurement_id = :key),
           (SELECT array_agg(d.status ORDER BY d.id) FROM disputes d JOIN charges c ON c.id = d.charge_id
            WHERE c.procurement_id = :key)"""
ENTRIES = """
    SELECT e.key, count(*) FROM journal_entries e JOIN orders o ON o.id = e.order_id
    WHERE o.procurement_id = :key GROUP BY e.key HAVING count(*) > 1"""


def story(double, deliver):
    """A try that fails, a payment, a refund, a dispute that is lost: all of it has happened, little of it was told."""
    purchase = make_purchase()
    with transaction():
        for order in purchase.orders:
            accept(order, ("10", "0"))
    intent = ask(purchase)
    double.fail(intent.intent_ref)
    charge = double.pay(intent.intent_ref, "alipay")
    paying.refresh(intent.public_id, purchase.buyer)
    settle(deliver)
    with transaction():
        made = refunds.request(purchase.orders[0].public_id, 3000, "质量问题", actor=purchase.buyer, at=NOON)
        refund_sending.send(made.public_id, purchase.trades[0].clerk, NOON)
    settle(deliver)
    double.settle_refund(double.client().v1.refunds.list().data[0].id)
    double.lose(double.dispute(charge, 5000))
    return purchase, intent, charge


def outcome(purchase):
    with transaction():
        state = db.session.execute(text(STATE), {"key": purchase.procurement.id}).one()
        twice = db.session.execute(text(ENTRIES), {"key": purchase.procurement.id}).all()
    return tuple(state), [tuple(row) for row in twice]


def play(double, purchase, intent, order, deliver, chance):
    """Deliver so, now and then applying what has come; ``None`` is the payer who comes back."""
    for each in order:
        if each is None:
            paying.refresh(intent.public_id, purchase.buyer)
            continue
        with transaction():
            events.receive(each, "v1", clock.now())
        if chance.random() < WAITS:
            continue
        deliver()
        performing.perform_all()
    settle(deliver)


def mentions(event, refs):
    return any(ref in str(event["data"]["object"]) for ref in refs)


def any_order(double, deliver, seed):
    """Tell a story in an order of the seed's, with repeats, the payer coming back in between."""
    chance = random.Random(seed)  # noqa: S311  the same in every run
    purchase, intent, charge = story(double, deliver)
    told = [event for event in double.told("platform") if mentions(event, (intent.intent_ref, charge))]
    order = [*told, *chance.choices(told, k=chance.randrange(5)), *([None] * chance.randrange(3))]
    chance.shuffle(order)

    play(double, purchase, intent, order, deliver, chance)

    # 100.00 and 60.00 are paid, 30.00 of the first goes back; 50.00 of what is left, 70.00 and 60.00, is lost.
    assert outcome(purchase) == (
        (
            ["(10000,5692,0,0,4308)", "(6000,2308,0,0,3692)"],
            ["succeeded"],
            ["(16000,3000,5000)"],
            ["(agreed,confirmed,3000)", "(dispute,confirmed,2308)", "(dispute,confirmed,2692)"],
            ["lost"],
        ),
        [],
    )
    assert differing() == []


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("seed", range(25))
def test_any_order_and_any_repeats_end_alike(card, deliver, seed):
    any_order(card, deliver, seed)


@pytest.mark.soak
@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("seed", range(25, 500))
def test_five_hundred_orders_end_alike(card, deliver, seed):
    any_order(card, deliver, seed)
