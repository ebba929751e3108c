"""What the bank is said not to have paid: two persons, and the statement that shows otherwise is never paid a second time by us."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orders.banking.models import SupervisedAccount
from orders.payments.models import MoneyException
from orders.purchase.machine import WrongState
from orders.reconciliation import payout_lines, unexecuted
from orders.settlement import bank, finding, proposals
from orders.settlement.bank import Confirmation
from orders.settlement.models import Payout, PayoutRun
from orders.settlement.proposals import BadRuleValue, RuleFacts
from shop import clock
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests.banking.help import bring, row
from tests.banking.sheets import plain
from tests.counting.build import make_actor, make_trade
from tests.payments.test_races import at_once
from tests.settlement.help import (
    DUE,
    balance,
    confirm,
    differences,
    fail,
    give_account,
    make_operators,
    row_of,
    run,
    send,
    sold,
)

NEXT = DUE + timedelta(days=1)
SESSION = pytest.mark.usefixtures("session")


@pytest.fixture
def people(session):
    with transaction():
        return make_operators()


@pytest.fixture
def trade(people):
    with transaction():
        trade = make_trade()
        give_account(trade.clerk.organisation_id)
        return trade


def sent(people, at=DUE):
    with transaction():
        a, b = people
        (payout,) = run(a, at)
        send([payout], a, b, at)
        return payout


def failed(people, trade, **sale):
    """A payout of 100.00 that two persons have said to have failed."""
    with transaction():
        order = sold(trade, 10_000, supervised=10_000, **sale)
    payout = sent(people)
    with transaction():
        fail(payout, "户名不符", *people)
    return order, payout


def statement(people, payout, *, serial="B1", at=NEXT, named=True):
    """Import a line of a payout, and let it be matched."""
    with transaction():
        operator = db.session.get_one(Organisation, people[0].organisation_id)
        one = make_actor(operator)
        account = db.session.scalars(select(SupervisedAccount.public_id)).one()
    line = row("", payout.number if named else "", day=str(at.date()), serial=serial, name=payout.account_holder,
               account=payout.account_number, out=f"{payout.amount_fen // 100}.{payout.amount_fen % 100:02d}")  # fmt: skip
    with clock.stopped_at(at):
        bring(account, one, plain(line))
        with transaction():
            return payout_lines.match(at)


@SESSION
def test_one_person_says_so_and_another_agrees(people, trade):
    a, b = people
    with transaction():
        order = sold(trade, 10_000, supervised=10_000)
    payout = sent(people)
    with transaction():
        bank.doubt(payout.public_id, "户名不符", b, DUE)
        with pytest.raises(WrongState):
            bank.fail(payout.public_id, b, DUE)
        assert (payout.status, row_of(order).bank_settling_fen, differences()) == ("failing", 10_000, [])
        bank.trust(payout.public_id, a, DUE)
        with pytest.raises(WrongState):
            bank.fail(payout.public_id, b, DUE)
        bank.doubt(payout.public_id, "户名不符", a, DUE)
        bank.fail(payout.public_id, b, DUE)
        with pytest.raises(IntegrityError, match="ck_payouts_failed"), db.session.begin_nested():
            db.session.execute(text("UPDATE payouts SET decided_by = doubted_by"))

    assert (payout.status, payout.failure, row_of(order).bank_settling_fen, differences()) == (
        "failed",
        "户名不符",
        0,
        [],
    )


@SESSION
def test_a_line_of_what_somebody_doubts_pays_it(people, trade):
    with transaction():
        order = sold(trade, 10_000, supervised=10_000)
    payout = sent(people)
    with transaction():
        bank.doubt(payout.public_id, "户名不符", people[0], DUE)

    assert statement(people, payout) == 1
    assert (payout.status, payout.failure, payout.doubted_by, row_of(order).bank_settled_fen) == (
        "paid",
        "",
        None,
        10_000,
    )
    assert differences() == []


@SESSION
@pytest.mark.parametrize("named", [True, False])
def test_a_line_of_a_failed_payout_pays_it_and_what_was_prepared_again_is_given_up(people, trade, named):
    order, payout = failed(people, trade, fee_bp=100)
    with transaction():
        (again,) = run(people[0], NEXT)
        bank.release([again.public_id], people[1], NEXT)

    assert statement(people, payout, named=named) == 1

    assert [(each.status, each.found_at is None) for each in (payout, again)] == [("paid", False), ("cancelled", True)]
    owner = f"org:{trade.clerk.organisation_id}"
    assert [balance(kind, owner) for kind in ("producer_payable", "bank_supervised")] == [0, 0]
    assert (balance("operator_bank", "platform"), row_of(order).bank_settled_fen) == (100, 9_900)
    assert differences() == []
    with transaction():
        assert run(people[0], NEXT) == []
        assert db.session.scalars(select(MoneyException)).all() == []


@SESSION
def test_what_had_gone_to_the_bank_again_is_paid_twice_told_and_netted(people, trade):
    order, payout = failed(people, trade)
    again = sent(people, NEXT)

    assert statement(people, payout) == 1

    (told,) = db.session.scalars(select(MoneyException)).all()
    assert (told.kind, told.subject, told.amount_fen) == ("payout_paid_twice", payout.number, -10_000)
    with transaction():
        confirm([again], people[1], NEXT)
        assert differences() == []
        sold(trade, 15_000, supervised=15_000)
        (netted,) = run(people[0], NEXT)

    assert (netted.amount_fen, row_of(order).bank_settled_fen) == (5_000, 20_000)


@pytest.mark.committed
@pytest.mark.parametrize("rival", ["send", "prepare"])
def test_a_statement_and_a_second_payment_at_once_pay_once_or_say_that_it_was_twice(committed_app, rival):
    with transaction():
        people = make_operators()
        trade = make_trade()
        give_account(trade.clerk.organisation_id)
        order = sold(trade, 10_000, supervised=10_000).id
    payout = sent(people)
    with transaction():
        fail(payout, "户名不符", *people)
        told = Confirmation(payout=payout.public_id, bank_serial="B1", value_on=DUE.date())
        run_id = None
        if rival == "send":
            (again,) = run(people[0], DUE)
            bank.release([again.public_id], people[1], DUE)
            run_id = db.session.get_one(PayoutRun, again.run_id).public_id

    def pay_again():
        if run_id is not None:
            bank.send(run_id, "csv", people[0], DUE)
        else:
            run(people[0], DUE)

    at_once(committed_app, lambda: finding.find_paid(told, DUE), pay_again)

    with transaction():
        states = sorted(db.session.scalars(select(Payout.status)))
        twice = list(db.session.scalars(select(MoneyException.amount_fen)))
        assert (states, twice) in [(["paid"], []), (["cancelled", "paid"], []), (["paid", "sent"], [-10_000])]
        settled = "SELECT bank_settled_fen FROM order_settlements WHERE order_id = :order"
        assert db.session.execute(text(settled), {"order": order}).scalar_one() == 10_000
        assert differences() == []


@SESSION
def test_a_transfer_without_a_line_is_an_exception_after_the_days_of_the_rule_until_it_ends(people, trade):
    a, b = people
    with transaction():
        sold(trade, 10_000, supervised=10_000)
    payout = sent(people)

    def tell(days):
        with transaction():
            return unexecuted.tell((DUE + timedelta(days=days)).date(), DUE + timedelta(days=days))

    assert (tell(4), tell(5), tell(6)) == (0, 1, 1)
    (told,) = db.session.scalars(select(MoneyException)).all()
    assert (told.kind, told.subject, told.amount_fen, told.status) == (
        "payout_not_executed",
        payout.number,
        -10_000,
        "open",
    )
    facts = RuleFacts(kind="unpaid", value=9, valid_from=(DUE + timedelta(days=7)).date())
    with transaction():
        producer = db.session.get_one(Organisation, trade.clerk.organisation_id).public_id
        with pytest.raises(BadRuleValue):
            proposals.propose(replace(facts, producer=producer), a, DUE)
        proposals.confirm(proposals.propose(facts, a, DUE).public_id, b, DUE)
    assert (tell(7), told.status, told.resolution) == (0, "closed", "settled")
    with transaction():
        confirm([payout], b, DUE)
    assert tell(12) == 0
