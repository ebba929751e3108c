"""Payouts that the bank sends back after they were paid: two persons, every fen owed again, paid again once that makes sense."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orders.purchase.machine import WrongState
from orders.reconciliation import desk_queries, payout_lines
from orders.settlement import returns, statements, unpayable
from orders.settlement.models import Payout, PayoutReturn
from orders.settlement.returns import BadReturnDay, ReturnFacts, ReturnKnown
from shop import clock
from shop.db import db, transaction
from shop.errors import Forbidden, NotFound
from shop.identity.models import BankAccount, Organisation
from tests.banking.help import bring, operators, row, supervised
from tests.banking.sheets import plain
from tests.conftest import count
from tests.counting.build import make_trade
from tests.payments.test_races import at_once
from tests.settlement.help import (
    DUE,
    balance,
    change_account,
    confirm,
    connect,
    differences,
    give_account,
    items_of,
    make_operators,
    pay_out,
    row_of,
    run,
    send,
    sold,
)

LATER = DUE + timedelta(days=2)
BACK = ReturnFacts(returned_on=LATER.date(), bank_serial="R1", reason="户名不符")
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


def came_back(payout, people, **changes):
    made = returns.record(payout.public_id, BACK, people[0], LATER)
    returns.confirm(made.public_id, people[1], LATER, **changes)
    return made


@SESSION
def test_what_came_back_is_owed_again_and_paid_once_the_account_is_changed(people, trade):
    with transaction():
        order = sold(trade, 10000, supervised=10000, fee_bp=60)
        (payout,) = pay_out(*people)
        owner = f"org:{trade.clerk.organisation_id}"
        before = [balance(kind, owner) for kind in ("producer_payable", "bank_supervised")]
        came_back(payout, people)

        assert before == [0, 0]
        assert [balance(kind, owner) for kind in ("producer_payable", "bank_supervised")] == [-9940, 9940]
        assert balance("operator_bank", "platform") == 60
        assert (payout.status, payout.failure, row_of(order).bank_settled_fen) == ("returned", "户名不符", 0)
        assert differences() == []
        assert run(people[0], LATER) == []
        (waiting,) = unpayable.list_unpayable(people[0], LATER.date())
        assert (waiting.amount_fen, waiting.reason) == (9940, "上次付款被银行退回，收款账户尚未更正")
        change_account(trade, people[1], "62229999999999999", LATER)
        (second,) = pay_out(people[0], people[1], LATER)

        assert (second.status, second.amount_fen, second.account_number) == ("paid", 9940, "62229999999999999")
        assert [balance(kind, owner) for kind in ("producer_payable", "bank_supervised")] == [0, 0]
        assert differences() == []


@SESSION
def test_an_account_that_was_right_is_paid_to_again(people, trade):
    with transaction():
        sold(trade, 10000, supervised=10000)
        (payout,) = pay_out(*people)
        came_back(payout, people, same_account=True)
        (second,) = pay_out(people[0], people[1], LATER)
        came_back(second, people)
        assert run(people[0], LATER) == []
        returns.allow_account(second.public_id, people[1])
        (third,) = pay_out(people[0], people[1], LATER)

    assert (second.amount_fen, third.amount_fen, third.account_number) == (10000, 10000, payout.account_number)
    assert differences() == []


@SESSION
def test_what_was_netted_in_it_is_owed_back_again(people, trade):
    with transaction():
        owing = sold(trade, 5000, direct=5000, fee_bp=1000)
        earning = sold(trade, 8000, supervised=8000)
        (payout,) = pay_out(*people)
        came_back(payout, people)

        assert items_of(payout) == [(owing.id, -500, 0), (earning.id, 8000, 0)]
        assert (row_of(owing).bank_settled_fen, row_of(earning).bank_settled_fen) == (0, 0)
        assert differences() == []


@SESSION
def test_card_money_that_the_bank_paid_leaves_the_supervised_account_and_comes_back_to_it(people, trade):
    with transaction():
        sold(trade, 10000, card=6000, supervised=4000)
        (payout,) = pay_out(*people)
        owner = f"org:{trade.clerk.organisation_id}"
        names = [
            ("bank_supervised", owner),
            ("stripe_cash", owner),
            ("bank_supervised", "platform"),
            ("stripe_cash", "platform"),
        ]
        paid = [balance(*name) for name in names]
        came_back(payout, people)

    assert items_of(payout)[0][1:] == (10000, 6000)
    assert paid == [0, 0, -6000, 6000]
    assert [balance(*name) for name in names] == [4000, 6000, 0, 0]
    assert differences() == []


@SESSION
def test_refusals_change_nothing(people, trade):
    a, b = people
    with transaction():
        sold(trade, 10000, supervised=10000)
        (payout,) = run(a)
        with pytest.raises(WrongState):
            returns.record(payout.public_id, BACK, a, LATER)
        send([payout], a, b)
        confirm([payout], b)
        for day in (DUE.date() - timedelta(days=1), LATER.date() + timedelta(days=1)):
            with pytest.raises(BadReturnDay):
                returns.record(payout.public_id, ReturnFacts(returned_on=day, bank_serial="R", reason="x"), a, LATER)
        with pytest.raises(Forbidden):
            returns.record(payout.public_id, BACK, b, LATER)
        with pytest.raises(NotFound):
            returns.record(payout.public_id, BACK, trade.clerk, LATER)
        made = returns.record(payout.public_id, BACK, a, LATER)
        with pytest.raises(ReturnKnown):
            returns.record(payout.public_id, BACK, a, LATER)
        both = type(a)(**{**a.__dict__, "permissions": a.permissions | b.permissions})
        with pytest.raises(WrongState):
            returns.confirm(made.public_id, both, LATER)
        with pytest.raises(NotFound):
            returns.confirm(made.public_id, trade.clerk, LATER)
        with pytest.raises(IntegrityError, match="two_persons"), db.session.begin_nested():
            db.session.execute(text("UPDATE payout_returns SET status = 'confirmed', decided_by = recorded_by"))
        returns.refuse(made.public_id, "是另一笔", b, LATER)
        assert (payout.status, balance("producer_payable", f"org:{trade.clerk.organisation_id}")) == ("paid", 0)
        again = returns.record(payout.public_id, BACK, a, LATER)
        returns.confirm(again.public_id, b, LATER)

    assert payout.status == "returned"
    assert differences() == []


@SESSION
def test_the_statement_and_the_desk_show_it(people, trade):
    with transaction():
        sold(trade, 10000, supervised=10000)
        (payout,) = pay_out(*people)
        came_back(payout, people)
        producer = db.session.get_one(Organisation, trade.clerk.organisation_id)
        blocks = statements.make_statement(producer, date(2026, 7, 1)).blocks
        page = desk_queries.list_things("supervised", LATER.date(), LATER.date(), limit=10)

    words = {
        (block.account, each.words, each.document, each.amount_fen) for block in blocks for each in block.movements
    }
    assert ("producer_payable", "银行退汇", payout.number, 10000) in words
    assert ("bank_supervised", "银行退汇", payout.number, 10000) in words
    assert blocks[0].closing_fen == 10000
    assert [(one.name, one.ours_fen) for one in page.items] == [("R1", 10000)]


@SESSION
def test_lines_of_the_bank_confirm_a_payout_and_tell_that_it_came_back(trade, people, deliver):
    a, b = people
    with transaction():
        sold(trade, 10000, supervised=10000)
        one, two = operators()
        account = supervised(one, two)
        (payout,) = run(a)
        send([payout], a, b)
        number = payout.number
    with clock.stopped_at(LATER):
        bring(
            account, one,
            plain(
                row("", f"货款 {number}", day="2026-07-22", serial="OUT1", out="100.00", account=payout.account_number),
                row("100.00", f"退汇 {number} 户名不符", day="2026-07-24", serial="IN1", account=payout.account_number),
            ),
        )  # fmt: skip
        deliver(times=2)

    with transaction():
        db.session.refresh(payout)
        assert (payout.status, payout.bank_serial, payout.value_on) == ("paid", "OUT1", date(2026, 7, 22))
        made = db.session.scalars(select(PayoutReturn)).one()
        assert (made.status, made.bank_serial, made.recorded_by) == ("recorded", "IN1", one.user_id)
        assert lines() == {"OUT1": ("matched", "payout"), "IN1": ("returned", "payout_return")}
        importer = type(b)(**{**b.__dict__, "user_id": one.user_id})
        with pytest.raises(WrongState):
            returns.confirm(made.public_id, importer, LATER)
        returns.refuse(made.public_id, "另一笔的退汇", b, LATER)
    deliver()
    with clock.stopped_at(LATER), transaction():
        payout_lines.match(LATER)
    assert lines()["IN1"] == ("unmatched", "payout_return")
    assert count("payout_returns") == 1
    with transaction():
        assert differences() == []


@SESSION
@pytest.mark.parametrize("is_confirmed", [False, True])
def test_the_line_of_a_return_that_a_person_typed_first_is_its(trade, people, deliver, is_confirmed):
    a, b = people
    with transaction():
        sold(trade, 10000, supervised=10000)
        one, two = operators()
        account = supervised(one, two)
        (payout,) = pay_out(a, b)
        made = returns.record(payout.public_id, BACK, a, LATER)
        if is_confirmed:
            returns.confirm(made.public_id, b, LATER)
    with clock.stopped_at(LATER):
        rows = [
            row(fen, "退汇", day="2026-07-24", serial=serial) for fen, serial in (("100.00", "R1"), ("99.00", "R2"))
        ]
        bring(account, one, plain(*rows))
        deliver(times=2)

    db.session.refresh(made)
    line_id = db.session.scalar(text("SELECT id FROM bank_statement_lines WHERE serial = 'R1'"))
    assert (made.line_id, count("payout_returns")) == (line_id, 1)
    assert (lines()["R1"], lines()["R2"][0]) == (("returned", "payout_return"), "unmatched")
    with transaction():
        assert differences() == []


def lines():
    with_states = text("SELECT serial, state, rule FROM bank_statement_lines")
    return {line.serial: (line.state, line.rule) for line in db.session.execute(with_states)}


@SESSION
def test_of_two_payouts_that_look_alike_none_is_taken(trade, people, deliver):
    a, b = people
    with transaction():
        other = make_trade()
        number = db.session.scalars(
            select(BankAccount.number).where(BankAccount.organisation_id == trade.clerk.organisation_id)
        ).one()
        give_account(other.clerk.organisation_id, number=number)
        sold(trade, 10000, supervised=10000)
        sold(other, 10000, supervised=10000)
        one, two = operators()
        account = supervised(one, two)
        made = run(a)
        send(made, a, b)
    with clock.stopped_at(LATER):
        bring(account, one, plain(row("", "货款", day="2026-07-22", serial="OUT1", out="100.00", account=number)))
        deliver()

    with transaction():
        assert set(db.session.scalars(select(Payout.status))) == {"sent"}
    assert lines() == {"OUT1": ("unmatched", "")}


@pytest.mark.committed
def test_two_reports_of_one_return_post_once(committed_app):
    with transaction():
        a, b = make_operators()
        trade = make_trade()
        give_account(trade.clerk.organisation_id)
        connect(trade)
        sold(trade, 10000, supervised=10000)
        (payout,) = pay_out(a, b)
        key = payout.public_id

    recorded = at_once(committed_app, *(lambda: returns.record(key, BACK, a, LATER) for _ in range(3)))
    with transaction():
        made = db.session.scalars(select(PayoutReturn.public_id)).one()
    confirmed = at_once(committed_app, *(lambda: returns.confirm(made, b, LATER) for _ in range(3)))

    assert sorted(recorded, key=str) == [ReturnKnown, ReturnKnown, None]
    assert sorted(confirmed, key=str) == [WrongState, WrongState, None]
    with transaction():
        assert balance("producer_payable", f"org:{trade.clerk.organisation_id}") == -10000
        assert differences() == []
