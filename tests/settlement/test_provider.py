"""The whole way with a Stripe of the test's own: transfers, answers that were lost, reversals, and what it refuses."""

import pytest
from sqlalchemy import select, text

from orders.online import performing
from orders.online.models import ConnectedAccount
from orders.payments import charges, refund_sending, refunds
from orders.payments.charges import ChargeFacts
from orders.payments.models import MoneyException
from orders.purchase.models import Procurement
from orders.settlement import reversals
from orders.settlement.models import Payout, Transfer, TransferReversal
from orders.settlement.standing import lock_standings
from shop import clock
from shop.db import db, transaction
from tests.conftest import NOON
from tests.counting.build import make_trade
from tests.online.conftest import card, stripe_double
from tests.settlement.help import DUE, differences, give_account, make_operators, row_of, run, sold
from tests.stripe_double.test_accounts import RECIPIENT

__all__ = ["card", "stripe_double"]
pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def story(card):
    """An order of 100 yuan that was paid by card, and its producer's active account."""
    client = card.client()
    account = client.v2.core.accounts.create(RECIPIENT).id
    card.activate(account)
    with transaction():
        a, _b = make_operators()
        trade = make_trade()
        give_account(trade.clerk.organisation_id)
        db.session.add(
            ConnectedAccount(
                organisation_id=trade.clerk.organisation_id, account_ref=account, status="active", requirements=[],
                created_by=trade.clerk.user_id, created_at=NOON,
            )
        )  # fmt: skip
        order = sold(trade, 10000, fee_bp=60)
        group = db.session.get_one(Procurement, order.procurement_id).number
    intent = client.v1.payment_intents.create({"amount": 10000, "currency": "cny", "transfer_group": group})
    ref = card.pay(intent.id)
    facts = ChargeFacts(
        charge_ref=ref, procurement_id=order.procurement_id, buyer_id=order.buyer_id, amount_fen=10000, method="card",
        succeeded_at=NOON,
    )  # fmt: skip
    with transaction():
        charges.take(facts, {order.id: 10000}, NOON)
        run(a)
    return card, client, trade, order, account


def free_calls():
    """Let calls that were put off be made now."""
    with transaction():
        db.session.execute(text("UPDATE provider_calls SET claimed_until = NULL WHERE status = 'pending'"))


def test_a_transfer_whose_answer_was_lost_is_made_once(story):
    double, client, _trade, order, account = story
    double.faults.lose_answer("post", "/v1/transfers")

    assert performing.perform() == "pending"
    free_calls()
    assert performing.perform() == "done"

    (made,) = client.v1.transfers.list({"destination": account}).data
    kept = db.session.scalars(select(Transfer)).one()
    assert (made.amount, made.id, kept.status) == (9940, kept.transfer_ref, "done")
    assert (db.session.scalars(select(Payout)).one().status, row_of(order).stripe_settled_fen) == ("paid", 9940)
    assert differences() == []


def test_a_refund_takes_the_transfer_back(story):
    _double, client, trade, order, account = story
    performing.perform_all()
    refund_and_ask_back(trade, order)

    assert performing.perform_all() == 1
    (made,) = client.v1.transfers.list({"destination": account}).data
    assert (made.amount_reversed, row_of(order).stripe_settled_fen) == (2982, 6958)
    assert differences() == []


def test_what_the_account_no_longer_has_stays_owed(story):
    double, _client, trade, order, account = story
    performing.perform_all()
    double.make_available()
    double.pay_out(account)
    refund_and_ask_back(trade, order)

    performing.perform_all()
    kept = db.session.scalars(select(TransferReversal)).one()
    trouble = db.session.scalars(select(MoneyException)).one()
    assert (kept.status, "insufficient funds" in kept.failure, trouble.kind) == ("failed", True, "reversal_failed")
    assert (row_of(order).stripe_settled_fen, lock_standings([order.id])[order.id].open.total_fen) == (9940, -2982)
    assert differences() == []


def refund_and_ask_back(trade, order):
    with transaction():
        made = refunds.request(order.public_id, 3000, "协商", actor=trade.buyer, at=DUE)
        refund_sending.send(made.public_id, trade.clerk, DUE)
        refund_sending.confirm(made.id, f"re_{made.id}", clock.business_day(DUE), DUE)
        for standing in lock_standings([order.id]).values():
            assert reversals.ask_back(standing, at=DUE) == 2982
