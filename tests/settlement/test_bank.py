"""Payouts by bank: due days, two persons, the file, and the end."""

import csv
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orders.banking import accounts
from orders.banking.accounts import SupervisedFacts
from orders.purchase.machine import WrongState
from orders.settlement import bank, holding, unpayable
from orders.settlement.bank import BadValueDay, NotChecked, NothingToSend
from orders.settlement.models import PayoutItem, PayoutRun, SettlementRule
from orders.settlement.payees import PayeeAccountChanged
from orders.settlement.payers import NoFeeAccount, NoPayerAccount
from orders.settlement.payment_files import NotInEncoding
from shop.db import db, transaction
from shop.errors import Forbidden, NotFound
from shop.files import services as files
from shop.files.models import StoredFile
from shop.identity import account_changes
from shop.identity.models import BankAccount
from tests.banking import help as banking
from tests.conftest import NOON, count
from tests.counting.build import make_actor, make_organisation, make_trade
from tests.payments.help import refund
from tests.settlement.help import (
    DUE,
    balance,
    change_account,
    confirm,
    differences,
    fail,
    give_account,
    items_of,
    make_operators,
    pay_out,
    row_of,
    run,
    send,
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
        return trade


def test_money_is_due_so_many_days_after_acceptance_by_the_rule_of_that_day(people, trade):
    with transaction():
        db.session.add(
            SettlementRule(
                producer_id=trade.clerk.organisation_id, days=2, valid_from=date(2026, 7, 15), created_at=NOON
            )
        )
        own = sold(trade, 10000, supervised=10000)
        earlier = sold(trade, 10000, supervised=10000, accepted_at=NOON - timedelta(days=1))

    assert (row_of(own).due_on, row_of(earlier).due_on) == (date(2026, 7, 17), date(2026, 7, 21))


def test_a_run_pays_what_is_due_once_and_by_two_persons(people, trade):
    a, b = people
    with transaction():
        one = sold(trade, 10000, supervised=10000)
        two = sold(trade, 5000, supervised=2000)
        later = sold(trade, 7000, supervised=7000, accepted_at=DUE)
        (payout,) = run(a)
        again = run(a)
        with pytest.raises(WrongState):
            bank.release([payout.public_id], a_with_release(a), DUE)
        send([payout], a, b)
        confirm([payout], b)

    assert again == []
    assert (payout.status, payout.amount_fen, payout.account_holder) == ("paid", 12000, "靖远枸杞合作社")
    assert items_of(payout) == [(one.id, 10000, 0), (two.id, 2000, 0)]
    assert (row_of(one).bank_settled_fen, row_of(two).bank_settled_fen, row_of(later).bank_settling_fen) == (
        10000,
        2000,
        0,
    )
    owner = f"org:{trade.clerk.organisation_id}"
    assert (balance("producer_payable", owner), balance("bank_supervised", owner)) == (-10000, 7000)
    assert differences() == []


def a_with_release(actor):
    return type(actor)(**{**actor.__dict__, "permissions": actor.permissions | {"payouts:release"}})


def test_what_the_schedule_made_is_checked_by_one_and_released_by_another(people, trade):
    a, b = people
    with transaction():
        sold(trade, 10000, supervised=10000)
        (payout,) = run(None)
        with pytest.raises(NotChecked):
            bank.release([payout.public_id], b, DUE)
        bank.check([payout.public_id], a)
        bank.release([payout.public_id], b, DUE)

    assert (payout.status, payout.prepared_by, payout.released_by) == ("released", a.user_id, b.user_id)


def test_the_database_asks_for_two_persons_too(people, trade):
    a, _b = people
    with transaction():
        sold(trade, 10000, supervised=10000)
        (payout,) = run(a)
        db.session.flush()
        with pytest.raises(IntegrityError, match="two_persons"), db.session.begin_nested():
            db.session.execute(
                text("UPDATE payouts SET status = 'released', released_by = :a WHERE id = :id"),
                {"a": a.user_id, "id": payout.id},
            )
        with pytest.raises(IntegrityError, match="released"), db.session.begin_nested():
            db.session.execute(text("UPDATE payouts SET status = 'sent'"))


def test_refusals_change_nothing(people, trade):
    a, b = people
    with transaction():
        order = sold(trade, 10000, supervised=10000)
        (payout,) = run(a)
        db.session.flush()
        before = (payout.version, count("moves"), count("postings"))
        for act in (
            lambda: bank.release([payout.public_id], a, DUE),
            lambda: bank.confirm(
                [bank.Confirmation(payout=payout.public_id, bank_serial="1", value_on=DUE.date())], b, DUE
            ),
            lambda: bank.doubt(payout.public_id, "退回", b, DUE),
            lambda: bank.fail(payout.public_id, b, DUE),
            lambda: bank.send(db.session.get_one(PayoutRun, payout.run_id).public_id, "csv", a, DUE),
            lambda: bank.cancel(payout.public_id, "不付了", trade.clerk, DUE),
            lambda: holding.hold(order.public_id, "核查", trade.clerk, DUE),
        ):
            with pytest.raises((Forbidden, WrongState, NothingToSend, NotFound)):
                act()
        db.session.flush()

    assert (payout.version, count("moves"), count("postings")) == before
    assert payout.status == "prepared"


def test_the_banks_day_lies_between_the_release_and_today(people, trade):
    a, b = people
    with transaction():
        sold(trade, 10000, supervised=10000)
        (payout,) = run(a)
        send([payout], a, b)
        for day in (DUE.date() - timedelta(days=1), DUE.date() + timedelta(days=1)):
            with pytest.raises(BadValueDay):
                confirm([payout], b, value_on=day)

    assert (payout.status, payout.bank_serial) == ("sent", None)


def test_what_the_bank_returns_is_owed_again_and_paid_by_the_next_run(people, trade):
    a, b = people
    with transaction():
        order = sold(trade, 10000, supervised=10000)
        (payout,) = run(a)
        send([payout], a, b)
        fail(payout, "账号户名不符", a, b)
        assert (payout.status, payout.failure, row_of(order).bank_settling_fen) == ("failed", "账号户名不符", 0)
        assert differences() == []
        (second,) = pay_out(a, b, DUE + timedelta(days=1))

    assert (second.status, second.amount_fen, row_of(order).bank_settled_fen) == ("paid", 10000, 10000)
    assert differences() == []


def test_a_cancelled_payout_is_the_payables_again(people, trade):
    a, b = people
    with transaction():
        order = sold(trade, 10000, supervised=10000)
        (payout,) = run(a)
        bank.cancel(payout.public_id, "金额待核", b, DUE)

    assert (payout.status, payout.failure, row_of(order).bank_settling_fen) == ("cancelled", "金额待核", 0)


def test_a_held_order_waits_until_it_is_let_go(people, trade):
    a, _b = people
    with transaction():
        order = sold(trade, 10000, supervised=10000)
        holding.hold(order.public_id, "质量投诉", a, NOON)
        held = run(a)
        holding.let_go(order.public_id, a, DUE)
        (payout,) = run(a)

    assert (held, payout.amount_fen) == ([], 10000)


def test_a_producer_without_an_account_gets_nothing_and_loses_nothing(people):
    a, b = people
    with transaction():
        trade = make_trade()
        order = sold(trade, 10000, supervised=10000)
        assert run(a) == []
        give_account(trade.clerk.organisation_id)
        (payout,) = pay_out(a, b)

    assert (payout.amount_fen, row_of(order).bank_settled_fen) == (10000, 10000)


def test_a_refund_after_the_payout_is_netted_from_the_next(people, trade):
    a, b = people
    with transaction():
        one = sold(trade, 10000, supervised=10000)
        pay_out(a, b)
        refund(trade, one, 3000, clearing="supervised")
        assert run(a) == []
        two = sold(trade, 8000, supervised=8000)
        (payout,) = pay_out(a, b, DUE + timedelta(days=7))

    assert (payout.amount_fen, items_of(payout)) == (5000, [(one.id, -3000, 0), (two.id, 8000, 0)])
    assert row_of(one).bank_settled_fen == 7000
    assert balance("bank_supervised", f"org:{trade.clerk.organisation_id}") == 0
    assert differences() == []


def test_who_only_owes_or_owes_more_than_is_due_starts_no_run(people, trade):
    a, b = people
    with transaction():
        one = sold(trade, 10000, supervised=10000)
        pay_out(a, b)
        refund(trade, one, 3000, clearing="supervised")
        runs_before = count("payout_runs")
        run(None)
        sold(trade, 2000, supervised=2000)
        assert (run(a), count("payout_runs")) == ([], runs_before)
        sold(trade, 1001, supervised=1001)
        (payout,) = run(a)

    assert (payout.amount_fen, count("payout_runs")) == (1, runs_before + 2)


def test_the_fee_of_what_was_paid_directly_is_netted_and_every_fen_adds_up(people, trade):
    a, b = people
    with transaction():
        direct = sold(trade, 33333, direct=33333, fee_bp=60)
        ours = sold(trade, 12345, supervised=12345, fee_bp=60)
        (payout,) = pay_out(a, b)

    assert (direct.fee_fen, ours.fee_fen) == (200, 74)
    assert (payout.amount_fen, items_of(payout)) == (12071, [(direct.id, -200, 0), (ours.id, 12271, 0)])
    owner = f"org:{trade.clerk.organisation_id}"
    assert [balance(kind, owner) for kind in ("producer_payable", "bank_supervised", "paid_direct")] == [0, 0, 0]
    assert (balance("operator_bank", "platform"), balance("fees", "platform")) == (274, -274)
    assert differences() == []


def test_the_file_is_kept_with_its_hash_in_the_form_that_was_chosen(people, trade):
    a, b = people
    with transaction():
        sold(trade, 12345, supervised=12345)
        (payout,) = run(a)
        send([payout], a, b)
        sheet = stored_file(payout)
        run_id = db.session.get_one(PayoutRun, payout.run_id).public_id
        gbk = bank.send(run_id, "csv_gbk", a, DUE)
        message = bank.send(run_id, "pain001", a, DUE)

    text_ = files.read_bytes(sheet).decode("utf-8-sig")
    assert text_.splitlines()[1] == (
        f"1,62000000000000001,平台监管户,{payout.account_number},靖远枸杞合作社,甘肃银行靖远支行,123.45,CNY,"
        f"货款 {payout.number},{payout.number}"
    )
    assert files.read_bytes(gbk).decode("gbk") == text_
    xml = files.read_bytes(message).decode()
    assert '<InstdAmt Ccy="CNY">123.45</InstdAmt>' in xml
    assert (xml.count("<CtrlSum>123.45</CtrlSum>"), message.media_type) == (2, "application/xml")
    assert stored_file(payout).sha256 == message.sha256


def test_each_supervised_account_pays_its_own_and_the_fee_goes_to_the_operators_own_account(people, trade):
    a, b = people
    with transaction():
        other = make_trade()
        give_account(other.clerk.organisation_id)
        one, two = banking.operators()
        banking.supervised(one, two, "6200000000000077", other.clerk.organisation_public_id, holder="分账户")
        banking.supervised(one, two, "6200000000000088", valid_from=date(2027, 1, 1))
        sold(trade, 10000, supervised=10000, fee_bp=60)
        sold(other, 5000, supervised=5000, fee_bp=100)
        made = run(a)
        send(made, a, b)
        file, run_ = stored_file(made[0]), db.session.get_one(PayoutRun, made[0].run_id)
        again = bank.send(run_.public_id, "pain001", a, DUE)
    sheet = list(csv.reader(files.read_bytes(file).decode("utf-8-sig").splitlines()))[1:]
    message = files.read_bytes(again).decode()
    items = db.session.scalars(select(PayoutItem).where(PayoutItem.payout_id.in_([each.id for each in made]))).all()

    by_producer = {each.producer_id: each for each in made}
    mine, others = by_producer[trade.clerk.organisation_id], by_producer[other.clerk.organisation_id]
    assert [(row[0], row[1], row[3], row[6], row[8]) for row in sheet] == [
        ("1", "62000000000000001", mine.account_number, "99.40", f"货款 {mine.number}"),
        ("2", "62000000000000001", "62000000000000999", "0.60", f"平台服务费 FW20260722-{run_.id}-1"),
        ("1", "6200000000000077", others.account_number, "49.50", f"货款 {others.number}"),
        ("2", "6200000000000077", "62000000000000999", "0.50", f"平台服务费 FW20260722-{run_.id}-2"),
    ]
    assert [message.count(f"<CtrlSum>{sum_}</CtrlSum>") for sum_ in ("150.00", "100.00", "50.00")] == [1, 1, 1]
    assert (message.count("<PmtInf>"), message.count("<Dbtr>")) == (2, 2)
    assert [(each.fee_bank_fen, each.fee_card_fen) for each in items] == [(0, 0), (0, 0)]
    assert differences() == []


@pytest.mark.parametrize("status", ["entered", "refused", "ended"])
def test_without_a_supervised_account_that_two_persons_confirmed_nothing_is_sent(people, trade, status):
    a, b = people
    with transaction():
        sold(trade, 10000, supervised=10000)
        (payout,) = run(a)
        bank.release([payout.public_id], b, DUE)
        if status == "ended":
            db.session.execute(text("UPDATE supervised_accounts SET valid_to = '2026-07-21'"))
        else:
            db.session.execute(text("DELETE FROM supervised_accounts"))
            facts = SupervisedFacts(number="110000002", holder="平台监管户", bank="某银行", valid_from=date(2026, 1, 1))
            entered = accounts.enter(facts, make_actor(make_organisation("operator")), NOON)
            if status == "refused":
                accounts.decide(entered.public_id, "refused", make_actor(make_organisation("operator")), NOON)
    with pytest.raises(NoPayerAccount) as refusal, transaction():
        bank.send(db.session.get_one(PayoutRun, payout.run_id).public_id, "csv", a, DUE)

    assert refusal.value.members["payouts"] == [payout.number]
    assert (payout.status, count("stored_files")) == ("released", 0)


def test_a_fee_does_not_go_to_a_supervised_account(people, trade):
    a, b = people
    with transaction():
        sold(trade, 10000, supervised=10000, fee_bp=60)
        (payout,) = run(a)
        bank.release([payout.public_id], b, DUE)
        one, two = banking.operators()
        banking.supervised(one, two, "62000000000000999")
    with pytest.raises(NoFeeAccount), transaction():
        bank.send(db.session.get_one(PayoutRun, payout.run_id).public_id, "csv", a, DUE)

    assert (payout.status, count("stored_files")) == ("released", 0)


def stored_file(payout):
    run_ = db.session.get_one(PayoutRun, payout.run_id)
    return db.session.scalars(select(StoredFile).where(StoredFile.id == run_.file_id)).one()


def test_a_name_that_gbk_cannot_write_is_named_and_nothing_is_sent(people):
    a, b = people
    with transaction():
        trade = make_trade()
        give_account(trade.clerk.organisation_id, "𠮷田合作社")
        sold(trade, 10000, supervised=10000)
        (payout,) = run(a)
        bank.release([payout.public_id], b, DUE)
        with pytest.raises(NotInEncoding) as refusal:
            bank.send(db.session.get_one(PayoutRun, payout.run_id).public_id, "csv_gbk", a, DUE)

    assert refusal.value.members["payouts"] == [payout.number]
    assert (payout.status, count("stored_files")) == ("released", 0)


def test_times_are_days_of_shanghai(people, trade):
    late = datetime.fromisoformat("2026-07-15T23:30:00+08:00")
    with transaction():
        order = sold(trade, 10000, supervised=10000, accepted_at=late)

    assert row_of(order).due_on == date(2026, 7, 22)


@pytest.mark.parametrize("what", ["closed", "replaced"])
def test_a_payout_to_an_account_that_is_not_used_any_more_is_neither_released_nor_sent(people, trade, what):
    a, b = people
    with transaction():
        sold(trade, 10000, supervised=10000)
        (payout,) = run(a)
    account = db.session.scalars(select(BankAccount).where(BankAccount.number == payout.account_number)).one()

    def end(at):
        if what == "closed":
            account.is_default, account.closed_at = False, at
        else:
            change_account(trade, b, "6222111122223333", at)

    with transaction():
        end(DUE)
    with pytest.raises(PayeeAccountChanged) as refused, transaction():
        bank.release([payout.public_id], b, DUE)
    assert (refused.value.members["payouts"], payout.status) == ([payout.number], "prepared")
    with transaction():
        bank.cancel(payout.public_id, "账户变更", a, DUE)
    rows = unpayable.list_unpayable(a, DUE.date())
    assert [row.amount_fen for row in rows] == ([10000] if what == "closed" else [])


def test_a_released_payout_is_not_sent_to_an_account_that_was_closed_meanwhile(people, trade):
    a, b = people
    with transaction():
        sold(trade, 10000, supervised=10000)
        (payout,) = run(a)
        bank.release([payout.public_id], b, DUE)
        account = db.session.scalars(select(BankAccount).where(BankAccount.number == payout.account_number)).one()
        account.is_default, account.closed_at = False, DUE
        run_id = db.session.get_one(PayoutRun, payout.run_id).public_id

    with pytest.raises(PayeeAccountChanged), transaction():
        bank.send(run_id, "csv", a, DUE)

    db.session.refresh(payout)
    assert (payout.status, db.session.get_one(PayoutRun, payout.run_id).file_id) == ("released", None)
    with transaction():
        bank.cancel(payout.public_id, "账户已停用", b, DUE)
        change_account(trade, b, "6222999988887777", DUE)
        (again,) = run(a)
    assert (again.account_number, again.amount_fen, differences()) == ("6222999988887777", 10000, [])


def test_in_the_cooling_days_of_a_change_who_cannot_be_paid_is_listed(people, trade):
    a, b = people
    with transaction():
        sold(trade, 10000, supervised=10000)
        old = db.session.scalars(
            select(BankAccount).where(BankAccount.organisation_id == trade.clerk.organisation_id)
        ).one()
        account = BankAccount(
            organisation_id=trade.clerk.organisation_id, holder="合作社", bank="某银行", number="6222111122223333",
            is_default=False,
        )  # fmt: skip
        db.session.add(account)
        db.session.flush()
        asked = account_changes.ask(account, trade.clerk, DUE)
        agreeing = replace(b, permissions=b.permissions | {"organisations:verify"})
        account_changes.confirm(asked.public_id, agreeing, DUE, cooling_days=3)
        db.session.refresh(old)
        old.is_default, old.closed_at = False, DUE

    with transaction():
        assert run(a) == []
    assert [row.reason for row in unpayable.list_unpayable(a, DUE.date())] == ["没有可用的收款账户"]
    later = DUE + timedelta(days=3)
    assert unpayable.list_unpayable(a, later.date()) == []
    with transaction():
        (payout,) = run(a, later)
    assert payout.account_number == "6222111122223333"
