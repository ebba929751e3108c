"""Payouts of the provider on their way to the supervised account: found by their line, missed after a week."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from orders.banking.models import BankStatementLine
from orders.payments import checks, exceptions
from orders.reconciliation import arrivals, desk_queries
from shop.db import db, transaction
from tests.conftest import NOON, count
from tests.reconciliation.help import make_people
from tests.reconciliation.lines import cash, line, take, waiting
from tests.reconciliation.test_desk import make_statement

pytestmark = pytest.mark.usefixtures("session")
NEXT = date(2026, 7, 17)


@pytest.fixture
def people(session):
    with transaction():
        return make_people()


def match(today=NEXT):
    with transaction():
        return arrivals.match(today, NOON)


def statement(people, *lines):
    with transaction():
        make_statement(people, lines)


def lines_stand():
    return {
        one.serial: (one.state, one.rule)
        for one in db.session.execute(text("SELECT serial, state, rule FROM bank_statement_lines")).all()
    }


def test_a_payout_is_found_by_the_only_line_of_its_sum(people):
    take(line("payout", -9700, "po_1"))
    statement(people, ("S1", 9700, NEXT, None), ("S2", 9600, NEXT, None))

    assert (match(), match()) == (1, 0)

    assert cash() == {"bank_supervised platform": 9700, "stripe_cash platform": -9700}
    assert lines_stand() == {"S1": ("matched", "provider_payout"), "S2": ("unmatched", "")}
    assert checks.differing_balances() == []
    page = desk_queries.list_things("supervised", NEXT, NEXT, limit=10)
    assert [(one.name, one.state) for one in page.items] == [("S2", "missing_here"), ("S1", "equal")]


def test_of_two_that_are_alike_none_is_taken_unless_it_is_named(people):
    take(line("payout", -9700, "po_1"), line("payout", -9700, "po_2"))
    statement(people, ("S1", 9700, NEXT, None), ("S2", 9700, NEXT, None))
    assert match() == 0

    with transaction():
        db.session.execute(text("UPDATE bank_statement_lines SET remark = 'STRIPE po_2' WHERE serial = 'S1'"))

    # The one that is named leaves one line for one payout.
    assert (match(), match()) == (1, 1)
    assert cash() == {"bank_supervised platform": 19400, "stripe_cash platform": -19400}


@pytest.mark.parametrize(
    "change", ["direction = 'out'", "noted_by = :user", "value_on = '2026-07-14'", "state = 'matched'"]
)
def test_other_lines_are_left_alone(people, change):
    take(line("payout", -9700, "po_1"))
    statement(people, ("S1", 9700, NEXT, None))
    with transaction():
        values = {"user": people.clerk.user_id} if ":user" in change else {}
        db.session.execute(text(f"UPDATE bank_statement_lines SET {change}"), values)

    assert match() == 0
    assert (count("payout_arrivals"), cash()["stripe_payout platform"]) == (0, 9700)


def test_what_has_not_come_in_a_week_is_missed_until_it_comes(people):
    take(line("payout", -9700, "po_1"))
    assert (match(date(2026, 7, 22)), waiting()) == (0, [])
    match(date(2026, 7, 23))
    assert waiting() == [("po_1", "payout_not_arrived", -9700)]

    statement(people, ("S1", 9700, date(2026, 7, 24), None))

    assert (match(date(2026, 7, 24)), waiting()) == (1, [])


def test_what_came_back_is_not_missed(people):
    take(line("payout", -9700, "po_1"))
    match(date(2026, 7, 23))
    take(line("payout_failure", 9700, "po_1"))

    assert (match(date(2026, 7, 30)), waiting(), cash()) == (0, [], {})


def test_what_two_persons_explained_is_not_looked_for_again(people):
    take(line("payout", -9700, "po_1"))
    match(date(2026, 7, 23))
    with transaction():
        row = db.session.execute(text("SELECT public_id FROM money_exceptions")).scalar_one()
        exceptions.propose_posting(
            row, "operator_bank", "stripe_payout", "仅手续费，付到平台自有账户", people.clerk, NOON
        )
        exceptions.agree(row, people.checker, NOON)
    statement(people, ("S1", 9700, date(2026, 7, 24), None))

    assert match(date(2026, 7, 30)) == 0
    assert cash() == {"operator_bank platform": 9700, "stripe_cash platform": -9700}
    assert db.session.query(BankStatementLine).one().state == "unmatched"
    assert checks.differing_balances() == []


def test_an_arrival_stays_as_it_is(people):
    take(line("payout", -9700, "po_1"))
    statement(people, ("S1", 9700, NEXT, None))
    match()

    with pytest.raises(DatabaseError), transaction():
        db.session.execute(text("UPDATE payout_arrivals SET amount_fen = 1"))
