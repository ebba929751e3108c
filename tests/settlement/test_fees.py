"""What files for the bank carry of the platform's fee: once, whatever becomes of their payouts."""

from __future__ import annotations

import csv
import re
from datetime import timedelta

import pytest

from orders.payments.models import MoneyException
from orders.reconciliation import fees
from orders.settlement import bank
from orders.settlement.models import PayoutItem, PayoutRun
from shop import clock
from shop.db import db, transaction
from shop.files import services as files
from shop.files.models import StoredFile
from shop.identity.models import Organisation
from tests.banking import help as banking
from tests.conftest import count
from tests.counting.build import make_actor, make_trade
from tests.payments.help import pay
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
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("session")
NEXT = DUE + timedelta(days=1)


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


def carried(payout):
    """What a run's file carries of the fee, in fen, with its number; nothing if it has no such row."""
    file = db.session.get_one(StoredFile, db.session.get_one(PayoutRun, payout.run_id).file_id)
    rows = list(csv.reader(files.read_bytes(file).decode("utf-8-sig").splitlines()))
    found = [row for row in rows if any(cell.startswith("平台服务费") for cell in row)]
    return [
        (int(next(cell for cell in row if re.fullmatch(r"\d+\.\d\d", cell)).replace(".", "")),
         next(cell for cell in row if cell.startswith("平台服务费")))
        for row in found
    ]  # fmt: skip


def file_of(people, at):
    a, b = people
    with transaction():
        (payout,) = run(a, at)
        send([payout], a, b, at)
        return payout


def statement(people, payout, fen, at, number="62000000000000008"):
    """A statement of a main account with the transfer of a file's fee."""
    remark = carried(payout)[0][1]
    finance, other = make_actor_of(people), make_actor_of(people)
    yuan = f"{fen // 100}.{fen % 100:02d}"
    with transaction():
        account = banking.supervised(finance, other, number=number)
    with clock.stopped_at(at):
        banking.bring_rows(account, finance, banking.row("", remark, out=yuan, day=str(at.date()), name="平台公司"))


def make_actor_of(people):
    from_operator = people[0].organisation_id
    with transaction():
        return make_actor(db.session.get_one(Organisation, from_operator))


def test_an_order_paid_in_two_parts_gives_its_fee_in_two_parts(people, trade):
    _a, b = people
    with transaction():
        order = sold(trade, 100_000, supervised=50_000, fee_bp=100)
    first = file_of(people, DUE)
    with transaction():
        pay(trade, (order, 50_000), clearing="supervised")
    second = file_of(people, NEXT)

    assert [(payout.amount_fen, [fen for fen, _ in carried(payout)]) for payout in (first, second)] == [
        (49_500, [500]), (49_500, [500]),
    ]  # fmt: skip
    assert (row_of(order).fee_settling_fen, row_of(order).fee_bank_fen, differences()) == (1000, 0, [])

    with transaction():
        confirm([second], b, NEXT)
    assert (row_of(order).fee_settling_fen, row_of(order).fee_bank_fen, balance("operator_bank", "platform")) == (
        500, 500, 500,
    )  # fmt: skip
    with transaction():
        confirm([first], b, NEXT)
    assert (row_of(order).fee_settling_fen, balance("operator_bank", "platform"), differences()) == (0, 1000, [])


def test_a_file_made_again_carries_the_same_fee(people, trade):
    a, _b = people
    with transaction():
        order = sold(trade, 100_000, supervised=100_000, fee_bp=100)
    payout = file_of(people, DUE)

    with transaction():
        bank.send(db.session.get_one(PayoutRun, payout.run_id).public_id, "csv", a, DUE)

    assert ([fen for fen, _ in carried(payout)], row_of(order).fee_settling_fen, differences()) == ([1000], 1000, [])


def test_the_fee_of_a_failed_payout_that_has_left_the_account_is_not_carried_again(people, trade):
    _a, b = people
    with transaction():
        order = sold(trade, 100_000, supervised=100_000, fee_bp=100)
    first = file_of(people, DUE)
    statement(people, first, 1000, DUE)

    with transaction():
        fail(first, "户名不符", *people)
    assert (row_of(order).fee_settling_fen, row_of(order).fee_bank_fen) == (0, 1000)
    assert (balance("operator_bank", "platform"), differences()) == (1000, [])

    second = file_of(people, NEXT)
    assert (second.amount_fen, carried(second)) == (99_000, [])
    with transaction():
        confirm([second], b, NEXT)
    assert (balance("operator_bank", "platform"), differences()) == (1000, [])
    assert balance("bank_supervised", f"org:{trade.clerk.organisation_id}") == 0


def test_the_fee_of_a_failed_payout_that_stayed_is_carried_by_the_next_file(people, trade):
    with transaction():
        order = sold(trade, 100_000, supervised=100_000, fee_bp=100)
    first = file_of(people, DUE)
    with transaction():
        fail(first, "整批退回", *people)

    second = file_of(people, NEXT)

    assert ([fen for fen, _ in carried(second)], balance("operator_bank", "platform")) == ([1000], 0)
    assert (row_of(order).fee_settling_fen, row_of(order).fee_bank_fen, differences()) == (1000, 0, [])


def test_a_payout_on_its_way_from_before_settles_as_it_began(people, trade):
    _a, b = people
    with transaction():
        order = sold(trade, 100_000, supervised=100_000, fee_bp=100)
    payout = file_of(people, DUE)
    with transaction():
        item = db.session.get_one(PayoutItem, (payout.id, order.id))
        item.fee_sent_fen, row_of(order).fee_settling_fen = None, 0

    with transaction():
        confirm([payout], b, DUE)

    assert (row_of(order).fee_bank_fen, balance("operator_bank", "platform"), differences()) == (1000, 1000, [])


def test_a_fee_that_moved_twice_is_an_exception_until_the_books_say_so_too(people, trade):
    _a, b = people
    with transaction():
        sold(trade, 100_000, supervised=100_000, fee_bp=100)
    payout = file_of(people, DUE)
    with transaction():
        confirm([payout], b, DUE)
    statement(people, payout, 1500, DUE)

    def tell(days):
        with transaction():
            return fees.tell((DUE + timedelta(days=days)).date(), 3, DUE + timedelta(days=days))

    assert (tell(2), count("money_exceptions")) == (0, 0)
    assert (tell(3), tell(4)) == (1, 1)
    found = db.session.query(MoneyException).one()
    assert (found.kind, found.subject, found.amount_fen, found.status) == (
        "amount_differs",
        "platform_fees",
        -500,
        "open",
    )
    with transaction():
        sold(trade, 50_000, supervised=50_000, fee_bp=100)
    more = file_of(people, DUE + timedelta(days=8))
    with transaction():
        confirm([more], b, DUE + timedelta(days=8))
    assert (tell(10), tell(11), count("money_exceptions")) == (1, 0, 1)
    assert (found.status, found.resolution) == ("closed", "settled")

    # The same sum again is another finding, though nobody has explained the first.
    statement(people, more, 500, DUE + timedelta(days=9), number="62000000000000007")
    assert (tell(12), tell(13), count("money_exceptions")) == (1, 1, 2)
    again = db.session.query(MoneyException).filter(MoneyException.id != found.id).one()
    assert (again.amount_fen, again.status, found.status, again.key) == (
        -500,
        "open",
        "closed",
        f"{found.key}:{(DUE + timedelta(days=12)).date()}",
    )


def test_the_fee_of_a_producer_that_has_moved_to_another_account_since_is_found_on_the_one_that_paid(people, trade):
    producer = db.session.get_one(Organisation, trade.clerk.organisation_id).public_id
    finance, other = make_actor_of(people), make_actor_of(people)
    with transaction():
        first = banking.supervised(finance, other, "62000000000000011", producer, valid_to=DUE.date())
        banking.supervised(finance, other, "62000000000000012", producer, valid_from=NEXT.date())
        order = sold(trade, 100_000, supervised=100_000, fee_bp=100)
    payout = file_of(people, DUE)
    with clock.stopped_at(NEXT):
        row = banking.row("", carried(payout)[0][1], out="10.00", day=str(DUE.date()), name="平台公司")
        banking.bring_rows(first, finance, row)

    with transaction():
        a, b = people
        fail(payout, "户名不符", a, b, NEXT)

    assert (row_of(order).fee_settling_fen, row_of(order).fee_bank_fen) == (0, 1000)
    assert (balance("operator_bank", "platform"), differences()) == (1000, [])
    assert carried(file_of(people, NEXT)) == []
