"""Two persons at once, on real connections: one payment, and no more back than came in."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from orders.payments import checks, receipts, refunds
from orders.payments.models import Payment, Refund
from orders.purchase.machine import WrongState
from orders.purchase.models import Order
from shop import clock
from shop.db import db, transaction
from shop.errors import DomainError
from shop.identity.models import Organisation
from tests.conftest import NOON, count
from tests.counting.build import accept, make_actor, make_order, make_trade
from tests.payments.help import facts, pay


def at_once(app, *acts):
    """Run every act in a thread of its own with its own connection; return what each refused with, or ``None``."""
    gate = Barrier(len(acts))

    def run(act):
        with app.app_context(), clock.stopped_at(NOON):
            gate.wait()
            try:
                with transaction():
                    act()
            except DomainError as error:
                return type(error)
            finally:
                db.session.remove()
            return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def confirm_twice(app):
    with transaction():
        trade = make_trade()
        third = make_actor(db.session.get_one(Organisation, trade.clerk.organisation_id))
        one, two = make_order(trade), make_order(trade)
        accept(one, ("10", "0"))
        made = receipts.record(facts((one, 10000), (two, 4000)), trade.clerk, NOON)
        key, orders = made.public_id, (one.id, two.id)

    outcomes = at_once(
        app, *(lambda actor=actor: receipts.confirm(key, actor, NOON) for actor in (trade.checker, third) * 2)
    )

    assert sorted(outcomes, key=str) == [WrongState, WrongState, WrongState, None]
    with transaction():
        assert [db.session.get_one(Order, each).received_fen for each in orders] == [10000, 4000]


def confirm_crossing(app):
    """Two receipts for the same two orders, named the other way round."""
    with transaction():
        trade = make_trade()
        one, two = make_order(trade), make_order(trade)
        first = receipts.record(facts((one, 100), (two, 200)), trade.clerk, NOON).public_id
        second = receipts.record(facts((two, 300), (one, 400)), trade.clerk, NOON).public_id
        orders = one.id, two.id

    outcomes = at_once(app, *(lambda key=key: receipts.confirm(key, trade.checker, NOON) for key in (first, second)))

    assert outcomes == [None, None]
    with transaction():
        assert [db.session.get_one(Order, each).received_fen for each in orders] == [500, 500]


def refund_thrice(app):
    with transaction():
        trade = make_trade()
        order = make_order(trade)
        pay(trade, (order, 10000))
        key, order_id, before = order.public_id, order.id, count("refunds")

    outcomes = at_once(
        app,
        *(lambda: refunds.request(key, 4000, "破损", actor=trade.buyer, at=NOON) for _ in range(3)),
    )

    assert sorted(outcomes, key=str) == [refunds.RefundTooHigh, None, None]
    with transaction():
        assert (db.session.get_one(Order, order_id).refunding_fen, count("refunds") - before) == (8000, 2)


def _number(model, status):
    return db.session.scalar(select(func.count()).select_from(model).where(model.status == status))


RACES = (confirm_twice, confirm_crossing, refund_thrice)


def run(app, times):
    for _ in range(times):
        for race in RACES:
            race(app)
    with transaction():
        assert checks.differing_lines() + checks.differing_sums() == []
        assert checks.differing_payments() + checks.differing_balances() == []
        assert _number(Payment, "recorded") == 0
        assert _number(Refund, "requested") == 2 * times


@pytest.mark.committed
def test_two_persons_at_once_make_one_payment_and_bounded_refunds(committed_app):
    run(committed_app, 2)


@pytest.mark.committed
@pytest.mark.soak
def test_twenty_times_over(committed_app):
    run(committed_app, 20)
