"""Payouts by card: transfers that draw on charges, what becomes of refusals, and what is asked back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from orders.online.models import ProviderCall
from orders.payments import exceptions, refund_sending, refunds
from orders.payments.models import MoneyException
from orders.settlement import reversals, runs, transfers
from orders.settlement.models import PayoutRun, Transfer, TransferReversal
from orders.settlement.standing import lock_standings
from shop import clock
from shop.db import db, transaction
from tests.conftest import NOON, count
from tests.counting.build import make_trade
from tests.settlement.help import (
    DUE,
    answer_reversals,
    answer_transfers,
    balance,
    charge,
    connect,
    differences,
    dispute,
    give_account,
    items_of,
    make_operators,
    pay_out,
    row_of,
    run,
    sold,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def people(session):
    with transaction():
        return make_operators()


@pytest.fixture
def trade(people):
    with transaction():
        trade = make_trade()
        give_account(trade.clerk.organisation_id)
        connect(trade)
        return trade


def refund_by_card(trade, order, fen):
    made = refunds.request(order.public_id, fen, "协商", actor=trade.buyer, at=DUE)
    refund_sending.send(made.public_id, trade.clerk, DUE)
    return refund_sending.confirm(made.id, f"re_{made.id}", clock.business_day(DUE), DUE)


def test_card_money_goes_by_transfers_oldest_charge_first_and_the_rest_by_bank(people, trade):
    with transaction():
        order = sold(trade, 10000, supervised=3000, card=4000, fee_bp=60)
        first = db.session.scalars(select(Transfer)).all()
        charge(order, 3000)
        stripe, bank = sorted(run(people[0]), key=lambda each: each.rail, reverse=True)
        assert differences() == []
        calls = db.session.scalars(
            select(ProviderCall).where(ProviderCall.kind == "transfer").order_by(ProviderCall.id)
        ).all()
        answer_transfers()

    assert first == []
    assert (items_of(stripe), items_of(bank)) == ([(order.id, 6958, 6958)], [(order.id, 2982, 0)])
    assert [call.params["amount_fen"] for call in calls] == [4000, 2958]
    assert len({call.idempotency_key for call in calls}) == 2
    assert (stripe.status, bank.status, row_of(order).stripe_settled_fen) == ("paid", "prepared", 6958)
    assert (balance("stripe_cash", f"org:{trade.clerk.organisation_id}"), balance("stripe_cash", "platform")) == (0, 42)
    assert differences() == []


def test_without_an_account_there_card_money_is_paid_by_bank(people):
    with transaction():
        trade = make_trade()
        give_account(trade.clerk.organisation_id)
        connect(trade, "onboarding")
        order = sold(trade, 10000, card=10000, fee_bp=60)
        (payout,) = pay_out(*people)

    assert (payout.rail, items_of(payout)) == ("bank", [(order.id, 9940, 9940)])
    owner = f"org:{trade.clerk.organisation_id}"
    assert [balance("stripe_cash", owner), balance("bank_supervised", owner)] == [0, 0]
    # The operator still has to move it: all of the charge is there, and the bank has paid what had not come to it.
    assert [balance("stripe_cash", "platform"), balance("bank_supervised", "platform")] == [10000, -9940]
    assert (count("transfers"), differences()) == (0, [])


def test_a_refused_transfer_is_owed_again_and_somebody_is_told(people, trade):
    with transaction():
        order = sold(trade, 10000, card=10000)
        (payout,) = run(people[0])
        answer_transfers(refuse="account restricted")
        db.session.flush()
        trouble = db.session.scalars(select(MoneyException)).one()
        assert (payout.status, payout.failure) == ("failed", "account restricted")
        assert (trouble.kind, trouble.amount_fen, trouble.order_id) == ("transfer_failed", -10000, order.id)
        assert (row_of(order).stripe_settling_fen, differences()) == (0, [])
        (second,) = pay_out(*people)

    assert (second.status, second.amount_fen) == ("paid", 10000)
    assert differences() == []


def test_while_one_refusal_waits_the_same_cause_opens_no_other(people, trade):
    with transaction():
        sold(trade, 10000, card=10000)
        for day in range(3):
            run(people[0], DUE + timedelta(days=day))
            answer_transfers(DUE + timedelta(days=day), refuse="account restricted")
        db.session.flush()
        (trouble,) = db.session.scalars(select(MoneyException)).all()
        run(people[0], DUE + timedelta(days=3))
        answer_transfers(DUE + timedelta(days=3), refuse="account closed")
        exceptions.settle(trouble.key, DUE)
        run(people[0], DUE + timedelta(days=4))
        answer_transfers(DUE + timedelta(days=4), refuse="account restricted")
        rows = db.session.execute(
            select(MoneyException.detail, MoneyException.status).order_by(MoneyException.id)
        ).all()

    assert [tuple(row) for row in rows] == [
        ("account restricted", "closed"), ("account closed", "open"), ("account restricted", "open"),
    ]  # fmt: skip
    assert differences() == []


def test_of_two_transfers_one_may_be_refused(people, trade):
    with transaction():
        order = sold(trade, 10000, card=6000)
        charge(order, 4000)
        (payout,) = run(people[0])
        one, two = db.session.scalars(select(Transfer).order_by(Transfer.id))
        from_help = answer_one(two, refuse="no")
        assert (payout.status, from_help) == ("sent", "failed")
        answer_one(one)

    assert (payout.status, payout.amount_fen, items_of(payout)) == ("paid", 6000, [(order.id, 6000, 6000)])
    assert (row_of(order).stripe_settled_fen, row_of(order).stripe_settling_fen) == (6000, 0)
    assert differences() == []


def answer_one(transfer, *, refuse=""):
    if refuse:
        transfers.fail(transfer.id, refuse, DUE)
    else:
        transfers.take(transfer.id, f"tr_{transfer.id}", DUE)
    return transfer.status


def test_a_refund_after_the_payout_is_asked_back_with_its_fee(people, trade):
    with transaction():
        order = sold(trade, 10000, card=10000, fee_bp=60)
        pay_out(*people)
        refund_by_card(trade, order, 3000)
        for standing in lock_standings([order.id]).values():
            assert reversals.ask_back(standing, at=DUE) == 2982
        assert differences() == []
        (asked,) = answer_reversals()

    assert (asked.amount_fen, asked.fee_card_fen, asked.cause) == (2982, -18, "refund")
    assert (row_of(order).stripe_settled_fen, row_of(order).fee_card_fen, order.fee_fen) == (6958, 42, 42)
    assert (balance("stripe_cash", f"org:{trade.clerk.organisation_id}"), balance("stripe_cash", "platform")) == (0, 42)
    assert balance("producer_payable", f"org:{trade.clerk.organisation_id}") == -3000
    assert differences() == []


def test_what_a_buyer_only_asks_for_is_neither_asked_back_nor_netted(people, trade):
    with transaction():
        by_card = sold(trade, 10000, card=10000)
        by_bank = sold(trade, 5000, supervised=5000)
        pay_out(*people)
        asked = refunds.request(by_card.public_id, 10000, "全退", actor=trade.buyer, at=DUE)
        refunds.request(by_bank.public_id, 5000, "全退", actor=trade.buyer, at=DUE)
        other = sold(trade, 700, supervised=700)
        (payout,) = pay_out(*people)
        assert (items_of(payout), count("transfer_reversals")) == ([(other.id, 700, 0)], 0)
        assert differences() == []

        refund_sending.send(asked.public_id, trade.clerk, DUE)
        run(people[0])

    assert [each.amount_fen for each in db.session.scalars(select(TransferReversal))] == [10000]
    assert differences() == []


def test_the_event_of_a_refund_asks_back_once(people, trade, deliver):
    with transaction():
        order = sold(trade, 10000, card=10000)
        pay_out(*people)
    with transaction():
        refund_by_card(trade, order, 3000)

    deliver(times=2)

    assert [each.amount_fen for each in db.session.scalars(select(TransferReversal))] == [3000]


def test_what_cannot_be_asked_back_is_netted_and_not_asked_again(people, trade):
    with transaction():
        one = sold(trade, 10000, card=10000)
        pay_out(*people)
        refund_by_card(trade, one, 3000)
        run(people[0])
        answer_reversals(refuse="insufficient funds")
        trouble = db.session.scalars(select(MoneyException)).one()
        assert (trouble.kind, trouble.amount_fen, row_of(one).stripe_settling_fen) == ("reversal_failed", 3000, 0)
        assert (run(people[0]), count("transfer_reversals"), differences()) == ([], 1, [])
        two = sold(trade, 8000, card=8000)
        (payout,) = pay_out(people[0], people[1], DUE.replace(day=29))

    assert (payout.amount_fen, items_of(payout)) == (5000, [(one.id, -3000, -3000), (two.id, 8000, 8000)])
    assert [each.amount_fen for each in db.session.scalars(select(Transfer).order_by(Transfer.id))] == [10000, 5000]
    assert balance("stripe_cash", f"org:{trade.clerk.organisation_id}") == 0
    assert differences() == []


def test_a_fee_on_direct_money_that_is_netted_from_a_transfer_stays_at_the_provider(people, trade):
    with transaction():
        direct = sold(trade, 50000, direct=50000, fee_bp=100)
        ours = sold(trade, 8000, card=8000)
        (payout,) = pay_out(*people)
        (moved,) = db.session.scalars(select(Transfer))

    assert (items_of(payout), moved.amount_fen) == ([(direct.id, -500, 0), (ours.id, 8000, 8000)], 7500)
    owner = f"org:{trade.clerk.organisation_id}"
    assert [balance("stripe_cash", owner), balance("stripe_cash", "platform")] == [0, 500]
    # Nothing has come to the bank: the supervised account lays out what the operator takes of it as its fee.
    names = [("bank_supervised", owner), ("bank_supervised", "platform"), ("operator_bank", "platform")]
    assert [balance(*name) for name in names] == [0, -500, 500]
    assert (balance("producer_payable", owner), differences()) == (0, [])


def test_a_dispute_holds_the_payout_by_itself(people, trade):
    with transaction():
        order = sold(trade, 10000)
        dispute(order, charge(order, 10000), 4000, NOON)
        (payout,) = pay_out(*people)

    assert (payout.amount_fen, row_of(order).stripe_settled_fen) == (6000, 6000)
    assert differences() == []


def test_a_dispute_after_the_payout_is_asked_back_at_once(people, trade):
    with transaction():
        order = sold(trade, 10000)
        disputed = charge(order, 10000)
        pay_out(*people)
        dispute(order, disputed, 4000)
        run(people[0])
        (asked,) = answer_reversals()

    assert (asked.amount_fen, asked.cause, row_of(order).stripe_settled_fen) == (4000, "dispute", 6000)
    assert differences() == []


def test_runs_tell_how_far_they_are(people, trade, deliver):
    with transaction():
        sold(trade, 10000, card=10000)
    with clock.stopped_at(DUE), transaction():
        runs.start(None, DUE)
    before = [(each.producers, each.done, each.finished_at) for each in db.session.scalars(select(PayoutRun))]
    deliver(times=2)
    db.session.expire_all()

    assert before == [(1, 0, None), (1, 0, None)]
    assert [(each.producers, each.done, each.finished_at) for each in db.session.scalars(select(PayoutRun))] == [
        (1, 1, DUE)
    ] * 2
    assert [each.amount_fen for each in db.session.scalars(select(Transfer))] == [10000]
