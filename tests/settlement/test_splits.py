"""Goods money on the main supervised account goes to a producer's sub-account: two persons, the bank's file, both statements."""

import csv
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from orders.banking.models import BankStatementLine
from orders.payments import receipts
from orders.payments.models import MoneyException, Payment
from orders.payments.serials import SerialTaken
from orders.purchase.machine import WrongState
from orders.purchase.models import Order
from orders.reconciliation import desk_queries
from orders.settlement import dues, split_lines, split_queries, splits
from orders.settlement.split_models import Split
from orders.settlement.splits import NothingToSplit, SplitHasLeft
from shop import clock
from shop.db import db, transaction
from shop.errors import NotFound
from shop.files import services as files
from shop.files.models import StoredFile
from tests.banking.help import bring, bring_rows, operators, row, supervised
from tests.banking.sheets import plain
from tests.conftest import NOON, count
from tests.counting.build import accept, make_order, make_trade
from tests.payments.help import facts
from tests.payments.test_races import at_once
from tests.settlement.help import DUE, balance, differences, give_account, make_operators, pay_out

MAIN, SUB = "110000001", "110000002"
SESSION = pytest.mark.usefixtures("session")
LATER = NOON + timedelta(days=1)


class World:
    """Two persons who split, two who import and confirm, and a producer with money on the main account."""

    def __init__(self, *, sub: bool = True) -> None:
        with transaction():
            self.a, self.b = make_operators()
            self.one, self.two = operators()
            self.main = supervised(self.one, self.two, number=MAIN)
            self.trade = make_trade()
            give_account(self.trade.clerk.organisation_id)
            self.owner = f"org:{self.trade.clerk.organisation_id}"
        self.sub = self.open_sub() if sub else None

    def open_sub(self, **changes):
        producer = self.trade.clerk.organisation_public_id
        with transaction():
            return supervised(self.one, self.two, number=SUB, producer=producer, **changes)

    def receive(self, yuan="100.00", account=None, day="2026-07-14"):
        """An order of so much is paid, and the receipt of the statement's line confirmed."""
        with transaction():
            order = make_order(self.trade, [(10000, "1")])
            code = order.reference_code
        (line,) = bring_rows(account or self.main, self.one, row(yuan, code, day=day))
        with transaction():
            payment = db.session.scalars(select(Payment).where(Payment.bank_serial == line.serial)).one()
            return receipts.confirm(payment.public_id, self.two, NOON)

    def sent(self):
        with transaction():
            run = splits.prepare([], self.a, NOON)
            splits.release(run.public_id, self.b, NOON)
            splits.send(run.public_id, "csv", self.a, NOON)
            return run

    def standing(self):
        """What the book has on the producer's supervised account and on its way, and how the splits stand."""
        with transaction():
            states = list(db.session.scalars(select(Split.status).order_by(Split.id)))
            return balance("bank_supervised", self.owner), balance("bank_moving", self.owner), states


@pytest.fixture
def world(session):
    return World()


def state(line):
    db.session.refresh(line)
    return line.state, line.rule


@SESSION
def test_money_is_split_by_two_persons_a_file_and_both_statements(world):
    first, second = world.receive("100.00"), world.receive("30.00")
    run = world.sent()
    with transaction():
        (split,) = split_queries.get_run(run.public_id, world.a).items
        stored = db.session.get_one(StoredFile, run.file_id)
        sheet = list(csv.reader(files.read_bytes(stored).decode("utf-8-sig").splitlines()))
    assert sheet[1][1:] == [
        MAIN,
        "平台监管户",
        SUB,
        "平台监管户",
        "某银行",
        "130.00",
        "CNY",
        f"划拨 {split.number}",
        split.number,
    ]
    db.session.expire_all()
    assert (first.split_fen, second.split_fen) == (10000, 3000)
    assert world.standing() == (13000, 0, ["sent"])

    with clock.stopped_at(LATER):
        (out,) = bring_rows(world.main, world.one, row("", f"转账 {split.number}", out="130.00", day="2026-07-15"))
        assert (state(out), world.standing()) == (("matched", "split"), (0, 13000, ["sent"]))
        assert differences() == []
        came_in = row("130.00", f"划拨{split.number}", serial="IN1", name="平台监管户", account=MAIN, day="2026-07-15")
        bring(world.sub, world.one, plain(came_in))

    came = db.session.scalars(select(BankStatementLine).where(BankStatementLine.serial == "IN1")).one()
    assert (state(came), world.standing()) == (("matched", "split"), (13000, 0, ["done"]))
    assert count("payments") == 2
    with transaction():
        assert differences() == []
        page = desk_queries.list_things("supervised", date(2026, 7, 15), date(2026, 7, 15), limit=10)
    assert {(one.theirs_fen, one.ours_fen) for one in page.items} == {(-13000, -13000), (13000, 13000)}
    with transaction():
        with pytest.raises(NothingToSplit):
            splits.prepare([], world.a, LATER)
        typed = facts(
            amount=13000, bank_serial="IN1", clearing="supervised", payee=world.trade.clerk.organisation_public_id
        )
        with pytest.raises(SerialTaken):
            receipts.record(typed, world.one, NOON)


@SESSION
def test_what_the_bank_tells_without_the_number_is_found_by_accounts_and_what_comes_back_is_split_again(world):
    world.receive()
    world.sent()
    with clock.stopped_at(LATER):
        out = row("", "转账", out="100.00", account=SUB, name="平台监管户", day="2026-07-15")
        other = row("", "转账", out="100.00", account="6222000", day="2026-07-15")
        lines = bring_rows(world.main, world.one, other, out)
        with transaction():
            split = db.session.scalars(select(Split)).one()
            with pytest.raises(SplitHasLeft):
                splits.fail(split.public_id, "银行未办", world.b, LATER)
            number = split.number
        (back,) = bring_rows(world.main, world.one, row("100.00", f"退汇 {number}", day="2026-07-15"))

    assert sorted(state(line) for line in lines) == [("matched", "split"), ("unmatched", "")]
    assert (state(back), world.standing()) == (("returned", "split_return"), (10000, 0, ["failed"]))
    with transaction():
        again = splits.prepare([], world.a, LATER)
        (item,) = split_queries.get_run(again.public_id, world.a).items
        assert item.amount_fen == 10000
        splits.cancel(item.id, "改日再办", world.a, LATER)
        assert [one.amount_fen for one in split_queries.list_waiting(world.a, NOON.date())] == [10000]
        assert differences() == []


@SESSION
def test_refusals_change_nothing_and_what_came_to_the_sub_account_stays_there(world):
    world.receive()
    world.receive("25.00", account=world.sub)
    with transaction():
        run = splits.prepare([], world.a, NOON)
        (item,) = split_queries.get_run(run.public_id, world.a).items
        same = type(world.b)(**{**world.b.__dict__, "user_id": world.a.user_id})
        with pytest.raises(WrongState):
            splits.release(run.public_id, same, NOON)
        with pytest.raises(NothingToSplit):
            splits.send(run.public_id, "csv", world.a, NOON)
        with pytest.raises(NothingToSplit):
            splits.prepare([], world.a, NOON)
        for act in (
            lambda: splits.prepare([], world.trade.clerk, NOON),
            lambda: splits.cancel(item.id, "x", world.trade.clerk, NOON),
            lambda: split_queries.get_run(run.public_id, world.trade.clerk),
        ):
            with pytest.raises(NotFound):
                act()
    assert (item.amount_fen, world.standing()) == (10000, (12500, 0, ["prepared"]))
    with transaction():
        assert differences() == []


@SESSION
def test_what_does_not_arrive_waits_in_the_queue_until_it_does(world):
    world.receive()
    world.sent()
    with transaction():
        number = db.session.scalars(select(Split.number)).one()
    much_later = NOON + timedelta(days=9)
    with clock.stopped_at(much_later):
        bring_rows(world.main, world.one, row("", number, out="100.00", day="2026-07-15"))
        with transaction():
            assert split_lines.tell(much_later) == 1
            found = db.session.scalars(select(MoneyException)).one()
            assert (found.kind, found.amount_fen, found.status) == ("split_not_arrived", 10000, "open")
        bring_rows(world.sub, world.one, row("100.00", number, account=MAIN, day="2026-07-18"))
        with transaction():
            assert (split_lines.tell(much_later), found.status, found.resolution) == (0, "closed", "settled")


@SESSION
def test_what_was_paid_from_the_main_account_before_there_was_a_sub_account_is_not_split(session):
    world = World(sub=False)
    world.receive("40.00")
    after = DUE + timedelta(days=1)
    with transaction():
        paid = db.session.scalars(select(Order)).one()
        accept(paid, ("1", "0"), at=NOON)
        dues.set_due(paid, NOON.date())
        pay_out(world.a, world.b)
    world.open_sub(valid_from=after.date())
    world.receive("60.00")

    with transaction():
        assert split_queries.list_waiting(world.a, DUE.date()) == []
        waiting = split_queries.list_waiting(world.a, after.date())
        assert [(one.amount_fen, one.account_number) for one in waiting] == [(6000, SUB)]
        assert differences() == []


@pytest.mark.committed
def test_two_who_prepare_at_once_take_each_receipt_once(committed_app):
    world = World()
    world.receive("100.00")
    world.receive("20.00")

    outcomes = at_once(committed_app, *(lambda: splits.prepare([], world.a, NOON) for _ in range(3)))

    assert sorted(outcomes, key=str) == [NothingToSplit, NothingToSplit, None]
    with transaction():
        assert list(db.session.scalars(select(Split.amount_fen))) == [12000]
        assert sorted(db.session.scalars(select(Payment.split_fen))) == [2000, 10000]
        assert differences() == []
