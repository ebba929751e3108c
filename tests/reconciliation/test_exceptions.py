"""The queue of money that does not fit: opened once, left only by what two persons agreed on."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from orders.payments import checks, exceptions
from orders.payments.exception_accounts import PostingNotAllowed
from orders.payments.models import MoneyException
from orders.purchase.machine import WrongState
from shop.db import db, transaction
from shop.errors import Forbidden, NotFound
from tests.conftest import NOON, count
from tests.counting.build import make_actor, make_order, make_organisation, make_trade
from tests.factories import make_member

pytestmark = pytest.mark.usefixtures("session")
DAY = date(2026, 7, 14)


@pytest.fixture
def people(session):
    """A finance clerk, a confirmer and an auditor of the operator."""
    with transaction():
        operator = make_organisation("operator")
        return (
            make_actor(operator, "exceptions:read", "exceptions:propose"),
            make_actor(operator, "exceptions:read", "exceptions:agree"),
            make_actor(operator, "exceptions:read"),
        )


def open_one(key="balance_transaction:txn_1", amount_fen=-500, **changes):
    values: dict[str, Any] = {
        "rail": "stripe",
        "kind": "unknown_source",
        "subject": "txn_1",
        "detail": "re_1",
        "occurred_on": DAY,
    }
    with transaction():
        return exceptions.open_exception(key=key, amount_fen=amount_fen, at=NOON, **values | changes)


def balances():
    rows = db.session.execute(
        text("""SELECT a.kind || ' ' || a.owner, sum(m.fen) FROM ledger_accounts a JOIN (
                SELECT debit_id AS id, amount_fen AS fen FROM postings WHERE book = 'money'
                UNION ALL SELECT credit_id, -amount_fen FROM postings WHERE book = 'money') m ON m.id = a.id
                GROUP BY a.kind, a.owner""")
    )
    return {name: int(fen) for name, fen in rows}


def moves(row):
    query = "SELECT event FROM moves WHERE machine = 'exception' AND subject_id = :id ORDER BY id"
    return list(db.session.execute(text(query), {"id": row.id}).scalars())


def state(row):
    db.session.refresh(row)
    return row.status, row.resolution, row.debit, row.credit, row.posted_fen


def test_the_same_finding_is_opened_once():
    first = open_one()
    again = open_one(amount_fen=-700, subject="another")

    assert (again.id, again.amount_fen, count("money_exceptions"), moves(first)) == (first.id, -500, 1, ["open"])


def test_what_came_by_itself_settles_it_once():
    row = open_one()
    with transaction():
        exceptions.settle(row.key, NOON)
        exceptions.settle(row.key, NOON)
        assert exceptions.settle("balance_transaction:txn_2", NOON) is None

    assert (state(row), moves(row)) == (("closed", "settled", None, None, None), ["open", "settle"])


def test_a_note_needs_two_persons(people):
    clerk, checker, _auditor = people
    row = open_one()
    with transaction():
        exceptions.propose_note(row.public_id, "测试款，已退", clerk, NOON)
    with transaction():
        exceptions.agree(row.public_id, checker, NOON)

    assert state(row) == ("closed", "note", None, None, None)
    assert (row.note, row.proposed_by, row.decided_by) == ("测试款，已退", clerk.user_id, checker.user_id)
    assert count("postings") == 0


def test_an_agreed_posting_moves_the_accounts_on_the_day_it_occurred(people):
    clerk, checker, _auditor = people
    row = open_one()
    with transaction():
        exceptions.propose_posting(row.public_id, "fees", "stripe_cash", "机构调账费", clerk, NOON)
    assert count("postings") == 0

    with transaction():
        exceptions.agree(row.public_id, checker, NOON)

    assert balances() == {"fees platform": 500, "stripe_cash platform": -500}
    entry = db.session.execute(text("SELECT key, fact, user_id FROM journal_entries")).one()
    assert tuple(entry) == (f"exception:{row.id}:posted", "exception_posted", checker.user_id)
    assert db.session.execute(text("SELECT origin_on FROM postings")).scalar_one() == DAY
    assert checks.differing_balances() == []


def test_a_part_may_be_posted_and_credit_is_the_orders_buyers(people):
    clerk, checker, _auditor = people
    with transaction():
        order = make_order(make_trade())
    row = open_one(amount_fen=800, rail="bank", order_id=order.id, producer_id=order.producer_id)
    with transaction():
        exceptions.propose_posting(
            row.public_id, "bank_supervised", "buyer_credit", "多收", clerk, NOON, amount_fen=300
        )
        exceptions.agree(row.public_id, checker, NOON)

    assert balances() == {f"bank_supervised org:{order.producer_id}": 300, f"buyer_credit org:{order.buyer_id}": -300}
    assert checks.differing_balances() == []


@pytest.mark.parametrize(
    ("debit", "credit", "fen"),
    [
        ("fees", "producer_payable", None),
        ("fees", "fees", None),
        ("bank_supervised", "buyer_credit", None),
        ("fees", "stripe_cash", 501),
        ("fees", "stripe_cash", 0),
        ("fees", "stripe_cash", -1),
    ],
)
def test_other_accounts_and_other_amounts_are_refused(people, debit, credit, fen):
    row = open_one()

    with pytest.raises(PostingNotAllowed), transaction():
        exceptions.propose_posting(row.public_id, debit, credit, "?", people[0], NOON, amount_fen=fen)

    assert (state(row), moves(row)) == (("open", None, None, None, None), ["open"])


def test_an_exception_without_an_amount_is_not_posted(people):
    row = open_one(amount_fen=0)

    with pytest.raises(PostingNotAllowed), transaction():
        exceptions.propose_posting(row.public_id, "fees", "stripe_cash", "?", people[0], NOON)

    assert state(row) == ("open", None, None, None, None)


def test_who_proposed_does_not_agree(people):
    clerk, _checker, _auditor = people
    with transaction():
        both = make_actor(make_organisation("operator"), "exceptions:propose", "exceptions:agree")
    row = open_one()
    with transaction():
        exceptions.propose_posting(row.public_id, "fees", "stripe_cash", "费用", both, NOON)

    with pytest.raises(WrongState), transaction():
        exceptions.agree(row.public_id, both, NOON)
    with pytest.raises(Forbidden), transaction():
        exceptions.agree(row.public_id, clerk, NOON)

    assert (state(row)[0], count("postings"), moves(row)) == ("proposed", 0, ["open", "propose"])


def test_what_is_sent_back_waits_again_and_may_be_proposed_anew(people):
    clerk, checker, _auditor = people
    row = open_one()
    with transaction():
        exceptions.propose_posting(row.public_id, "fees", "stripe_cash", "费用", clerk, NOON)
        exceptions.send_back(row.public_id, "不是费用", checker, NOON)
    assert state(row) == ("open", None, None, None, None)

    with transaction():
        exceptions.propose_note(row.public_id, "与机构核对，下月冲回", clerk, NOON)
        exceptions.agree(row.public_id, checker, NOON)

    assert moves(row) == ["open", "propose", "send_back", "propose", "agree"]
    assert count("postings") == 0


def test_nothing_is_done_to_what_is_closed(people):
    clerk, checker, _auditor = people
    row = open_one()
    with transaction():
        exceptions.propose_note(row.public_id, "说明", clerk, NOON)
        exceptions.agree(row.public_id, checker, NOON)

    with pytest.raises(WrongState), transaction():
        exceptions.propose_note(row.public_id, "再说明", clerk, NOON)
    with pytest.raises(WrongState), transaction():
        exceptions.send_back(row.public_id, "?", checker, NOON)

    assert (state(row)[:2], row.note) == (("closed", "note"), "说明")


def test_strangers_find_no_exception_and_readers_change_none(people):
    row = open_one()
    with transaction():
        stranger = make_actor(make_organisation("producer"), "exceptions:propose", "exceptions:agree")

    for act in (exceptions.propose_note, exceptions.send_back):
        with pytest.raises(NotFound), transaction():
            act(row.public_id, "?", stranger, NOON)
    with pytest.raises(Forbidden), transaction():
        exceptions.propose_note(row.public_id, "?", people[2], NOON)

    assert state(row)[0] == "open"


@pytest.mark.parametrize(
    "change",
    [
        "status = 'closed'",
        "status = 'closed', resolution = 'note'",
        "status = 'closed', resolution = 'note', note = 'x', proposed_by = :one, decided_by = :one",
        "status = 'proposed', resolution = 'note', note = 'x'",
        "status = 'proposed', resolution = 'note', proposed_by = :one",
        "status = 'proposed', resolution = 'posting', note = 'x', proposed_by = :one",
        "status = 'proposed', resolution = 'posting', note = 'x', proposed_by = :one, debit = 'a', credit = 'b', posted_fen = 501",
    ],
)
def test_the_database_lets_nothing_leave_without_two_persons(people, change):
    row = open_one()

    query = text(f"UPDATE money_exceptions SET {change} WHERE id = :id")
    values = {"id": row.id, "one": people[0].user_id} if ":one" in change else {"id": row.id}

    with pytest.raises(DatabaseError), transaction():
        db.session.execute(query, values)

    assert state(row)[0] == "open"


@pytest.mark.parametrize("change", ["UPDATE money_exceptions SET note = 'x'", "DELETE FROM money_exceptions"])
def test_what_is_closed_stays_as_it_is(change):
    row = open_one()
    with transaction():
        exceptions.settle(row.key, NOON)

    with pytest.raises(DatabaseError), transaction():
        db.session.execute(text(change))

    assert db.session.get_one(MoneyException, row.id).note == ""


def test_the_operator_is_told_once_a_day_and_a_producer_of_each_on_its_own_account(deliver):
    finance = make_member("operator", "operator_finance")
    with transaction():
        trade = make_trade(members=True)
        producer = trade.clerk.organisation_id
    open_one("a", -500)
    open_one("a", -500)
    open_one("b", 700, rail="direct", subject="S1", producer_id=producer)
    open_one("c", 800, rail="direct", subject="S2", producer_id=producer)
    deliver(times=2)

    told = db.session.execute(text("SELECT user_id, kind, link, values->>'subject' FROM notices ORDER BY id")).all()

    assert [tuple(one[1:]) for one in told if one[0] == finance.user_id] == [
        ("exception_opened", "/operator/exceptions", told[0][3])
    ]
    assert sorted(tuple(one[1:]) for one in told if one[0] == trade.clerk.user_id) == [
        ("exception_opened_seller", "/producer/bank-lines", subject) for subject in ("S1", "S2")
    ]
