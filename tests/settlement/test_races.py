"""Two runs at once, on real connections, pay once; so do two persons who confirm the same payout."""

import pytest
from sqlalchemy import select

from orders.purchase.machine import WrongState
from orders.settlement import bank, preparing, runs
from orders.settlement.bank import Confirmation
from orders.settlement.models import OrderSettlement, Payout, PayoutItem, PayoutRun, Transfer
from shop.db import db, transaction
from tests.counting.build import make_trade
from tests.payments.test_races import at_once
from tests.settlement.help import DUE, connect, differences, give_account, make_operators, run, send, sold


def start_runs():
    """Return the keys of a run by bank and one by card, as four different persons may start them."""
    made = {rail: PayoutRun(rail=rail, on=DUE.date(), started_at=DUE, producers=1) for rail in ("bank", "stripe")}
    db.session.add_all(made.values())
    db.session.flush()
    return {rail: each.id for rail, each in made.items()}


@pytest.mark.committed
def test_parallel_runs_pay_once(committed_app):
    with transaction():
        a, _b = make_operators()
        trade = make_trade()
        give_account(trade.clerk.organisation_id)
        connect(trade)
        orders = [sold(trade, 10000, supervised=4000, card=6000).id for _ in range(5)]
        started = [start_runs() for _ in range(4)]

    def prepare(keys):
        found = {rail: db.session.get_one(PayoutRun, key) for rail, key in keys.items()}
        preparing.prepare_producer(trade.clerk.organisation_id, found, on=DUE.date(), actor=a, at=DUE)

    outcomes = at_once(committed_app, *(lambda keys=keys: prepare(keys) for keys in started))

    assert outcomes == [None] * 4
    with transaction():
        payouts = db.session.scalars(select(Payout).order_by(Payout.rail)).all()
        assert [(each.rail, each.amount_fen) for each in payouts] == [("bank", 20000), ("stripe", 30000)]
        assert sorted(db.session.scalars(select(PayoutItem.order_id))) == sorted(orders * 2)
        assert sum(db.session.scalars(select(Transfer.amount_fen))) == 30000
        settlings = [
            (each.bank_settling_fen, each.stripe_settling_fen) for each in db.session.scalars(select(OrderSettlement))
        ]
        assert settlings == [(4000, 6000)] * 5
        assert differences() == []


@pytest.mark.committed
def test_two_confirmations_at_once_post_once(committed_app):
    with transaction():
        a, b = make_operators()
        trade = make_trade()
        give_account(trade.clerk.organisation_id)
        sold(trade, 10000, supervised=10000)
        made = run(a)
        send(made, a, b)
        told = [Confirmation(payout=made[0].public_id, bank_serial=f"S{n}", value_on=DUE.date()) for n in range(3)]

    outcomes = at_once(committed_app, *(lambda one=one: bank.confirm([one], b, DUE) for one in told))

    assert sorted(outcomes, key=str) == [WrongState, WrongState, None]
    with transaction():
        assert differences() == []


@pytest.mark.committed
def test_one_serial_number_pays_one_of_two_payouts_confirmed_at_once(committed_app):
    with transaction():
        a, b = make_operators()
        for _ in range(2):
            trade = make_trade()
            give_account(trade.clerk.organisation_id)
            sold(trade, 10000, supervised=10000)
        made = run(a)
        send(made, a, b)
        told = [Confirmation(payout=one.public_id, bank_serial="ONE", value_on=DUE.date()) for one in made]

    outcomes = at_once(committed_app, *(lambda one=one: bank.confirm([one], b, DUE) for one in told))

    assert sorted(outcomes, key=str) == [bank.PayoutSerialTaken, None]
    with transaction():
        assert sorted(db.session.scalars(select(Payout.status))) == ["paid", "sent"]
        assert differences() == []


@pytest.mark.committed
def test_schedules_that_start_at_once_prepare_a_payout_once(committed_app, deliver):
    with transaction():
        trade = make_trade()
        give_account(trade.clerk.organisation_id)
        sold(trade, 10000, supervised=10000)

    at_once(committed_app, *(lambda: runs.start(None, DUE) for _ in range(3)))
    deliver()

    with transaction():
        assert [each.amount_fen for each in db.session.scalars(select(Payout))] == [10000]
        assert differences() == []
