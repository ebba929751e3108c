"""Disputes of money that was passed on: asked back when they are told, netted where that is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from orders.online import calls, dispute_money, snapshots
from orders.online.models import ProviderCall
from orders.settlement.models import Transfer, TransferReversal
from shop.db import db, transaction
from tests.counting.build import make_trade
from tests.settlement.help import (
    DUE,
    answer_reversals,
    balance,
    charge,
    connect,
    differences,
    give_account,
    items_of,
    make_operators,
    pay_out,
    row_of,
    run,
    sold,
)

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


def tell(charge_, status, fen=4000):
    told = snapshots.Dispute(
        ref="dp_1", status=status, amount_fen=fen, currency="cny", charge_ref=charge_.charge_ref, reason="fraudulent",
        is_withdrawn=True, created_at=DUE, evidence_due_at=None,
    )  # fmt: skip
    with transaction():
        dispute_money.apply_dispute(told, DUE)


def reversed_now():
    with transaction():
        query = select(TransferReversal).order_by(TransferReversal.id).execution_options(populate_existing=True)
        return [(each.amount_fen, each.cause, each.status) for each in db.session.scalars(query)]


def topics():
    with transaction():
        query = "SELECT topic FROM outbox_events WHERE topic LIKE 'orders.dispute%' ORDER BY id"
        return list(db.session.scalars(text(query)))


def paid_out(people, trade):
    with transaction():
        order = sold(trade, 10000)
        disputed = charge(order, 10000)
        pay_out(*people)
    return order, disputed


def test_a_dispute_after_the_payout_is_asked_back_when_it_is_told_and_once(people, trade, deliver):
    order, disputed = paid_out(people, trade)

    tell(disputed, "needs_response")
    deliver(times=2)
    assert reversed_now() == [(4000, "dispute", "pending")]
    with transaction():
        answer_reversals()
    tell(disputed, "lost")
    deliver(times=2)

    assert reversed_now() == [(4000, "dispute", "done")]
    assert topics() == [
        "orders.dispute_opened", "orders.dispute_held", "orders.dispute_lost", "orders.dispute_closed",
    ]  # fmt: skip
    with transaction():
        assert (row_of(order).stripe_settled_fen, order.refunded_fen, order.held_fen) == (6000, 4000, 0)
        assert differences() == []


def test_a_dispute_told_when_it_is_lost_is_asked_back_too(people, trade, deliver):
    _order, disputed = paid_out(people, trade)

    tell(disputed, "lost")
    deliver()

    assert reversed_now() == [(4000, "dispute", "pending")]


def test_what_the_account_does_not_have_any_more_is_netted_from_the_next_payout(people, trade, deliver):
    order, disputed = paid_out(people, trade)
    tell(disputed, "lost")
    deliver()
    with transaction():
        answer_reversals(refuse="insufficient funds")
        assert run(people[0]) == []
        next_order = sold(trade, 9000, card=9000)
        (payout,) = pay_out(people[0], people[1], DUE + timedelta(days=7))

        assert (payout.amount_fen, items_of(payout)) == (5000, [(order.id, -4000, -4000), (next_order.id, 9000, 9000)])
        assert balance("stripe_cash", f"org:{trade.clerk.organisation_id}") == 0
        assert differences() == []


def test_a_dispute_that_is_won_is_paid_out_again(people, trade, deliver):
    order, disputed = paid_out(people, trade)
    tell(disputed, "needs_response")
    deliver()
    with transaction():
        answer_reversals()
    tell(disputed, "won")
    deliver()
    with transaction():
        (payout,) = pay_out(people[0], people[1], DUE + timedelta(days=1))

        assert (payout.amount_fen, row_of(order).stripe_settled_fen) == (4000, 10000)
        assert differences() == []
    assert topics()[-2:] == ["orders.dispute_won", "orders.dispute_closed"]


def test_what_was_disputed_while_the_transfer_was_under_way_is_asked_back_when_it_is_made(people, trade, deliver):
    with transaction():
        order = sold(trade, 10000)
        disputed = charge(order, 10000)
        run(people[0])
    tell(disputed, "needs_response")
    deliver()
    assert reversed_now() == []

    with transaction():
        transfer = db.session.scalars(select(Transfer)).one()
        row = db.session.scalars(select(ProviderCall).where(ProviderCall.kind == "transfer")).one()
        call = calls.claim(DUE, row.id)
        made = snapshots.Transfer(
            ref="tr_1", amount_fen=10000, reversed_fen=0, currency="cny", destination="acct", charge_ref="ch",
            transfer_group="", metadata={}, created_at=DUE,
        )  # fmt: skip
        assert call is not None
        calls.handler_of("transfer").store(call, made, DUE)

    assert transfer.status == "done"
    assert reversed_now() == [(4000, "dispute", "pending")]
    with transaction():
        assert differences() == []
