"""Several at once on real connections: what one of them says of a line, the other does not undo."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orders.banking import acts, claims, giving_back
from orders.banking.claims import ClaimFacts
from orders.banking.models import BankStatementLine, TransferClaim
from orders.payments import receipts
from orders.payments.models import Payment
from orders.payments.receipts import Share
from orders.payments.serials import SerialTaken
from shop import clock
from shop.db import db, transaction
from shop.errors import DomainError
from shop.identity.models import Organisation
from tests.banking.help import bring_rows, operators, own_account, receipts_of, row, supervised, told
from tests.conftest import NOON, count
from tests.counting.build import make_order, make_trade
from tests.payments.help import facts
from tests.payments.test_races import at_once

pytestmark = pytest.mark.committed
_WAITING = text("""SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0""")


def begin(pool: ThreadPoolExecutor, app: Flask, act: Callable[[], object]) -> Future[type[DomainError] | None]:
    """Run an act on another connection, and return once it waits for a lock of this one's (or has ended)."""

    def run() -> type[DomainError] | None:
        with app.app_context(), clock.stopped_at(NOON):
            try:
                with transaction():
                    act()
            except DomainError as error:
                return type(error)
            finally:
                db.session.remove()
            return None

    future = pool.submit(run)
    with db.engine.connect() as watching:
        while not future.done() and not watching.execute(_WAITING).scalar_one():
            watching.rollback()  # what is told of activity stays the same within a transaction
    return future


@pytest.fixture
def scene(committed_app):
    with transaction():
        trade = make_trade()
        account = own_account(trade)
        order, other = (make_order(trade, ((10000, "1"),)) for _ in range(2))
        known = trade, account, order.public_id, other.public_id
    return (committed_app, *known)


def line_of(scene):
    _app, trade, account, *_ = scene
    [line] = bring_rows(account, trade.clerk, row("100.00"))
    assert told(line) == ("suggested", "amount", "payer_unknown")
    key = line.id, line.public_id
    db.session.rollback()
    return key


def now(key):
    return db.session.get_one(BankStatementLine, key, populate_existing=True)


def test_a_matching_run_leaves_what_a_person_matched_meanwhile(scene):
    app, trade, _account, order, _other = scene
    key, line_id = line_of(scene)

    with ThreadPoolExecutor(1) as pool:
        with transaction():
            acts.match_by_hand(line_id, [Share(order=order, amount_fen=10000)], trade.clerk, NOON)
            running = begin(pool, app, lambda: acts.match_again(line_id, trade.checker, NOON))
        assert running.result() is None

    with transaction():
        assert told(now(key)) == ("matched", "hand", "")
        [(payment, _shares)] = receipts_of(now(key))
        assert (payment.amount_fen, count("payments")) == (10000, 1)
        receipts.confirm(payment.public_id, trade.checker, NOON)


def test_a_matching_run_leaves_a_claims_line_to_it_and_the_claim_can_be_taken_back(scene):
    app, trade, _account, order, _other = scene
    key, line_id = line_of(scene)
    said = ClaimFacts(
        shares=[Share(order=order, amount_fen=10000)], amount_fen=10000, paid_on=clock.today(), payer_name="甲",
        line=line_id,
    )  # fmt: skip

    with ThreadPoolExecutor(1) as pool:
        with transaction():
            claim_id = claims.claim(said, trade.clerk, NOON).public_id
            running = begin(pool, app, lambda: acts.match_again(line_id, trade.checker, NOON))
        assert running.result() is None

    with transaction():
        assert told(now(key))[0] == "claimed"
        claims.withdraw(claim_id, trade.clerk, NOON)
        assert db.session.scalars(select(TransferClaim.status)).all() == ["withdrawn"]
        assert told(now(key)) == ("unmatched", "amount", "claim_withdrawn")


def test_an_import_does_not_book_a_line_that_a_person_marks_as_wrong(scene):
    app, trade, account, *_ = scene
    with transaction():
        late = make_order(trade, ((7700, "1"),), status="awaiting_confirmation")
        order_id, code = late.id, late.reference_code
    [line] = bring_rows(account, trade.clerk, row("77.00", code))
    assert told(line)[2] == "order_not_payable"
    key, line_id = line.id, line.public_id
    with transaction():
        db.session.execute(text(f"UPDATE orders SET status = 'confirmed' WHERE id = {order_id}"))

    with ThreadPoolExecutor(1) as pool:
        with transaction():
            giving_back.mark(line_id, trade.clerk, NOON)
            running = begin(pool, app, lambda: acts.match_again(line_id, trade.checker, NOON))
        assert running.result() is None

    with transaction():
        assert (told(now(key)), count("payments")) == (("unmatched", "code", "wrong_payee"), 0)


def test_a_person_finds_taken_what_a_running_match_has_matched(scene):
    app, trade, account, order, _other = scene
    with transaction():
        late = make_order(trade, ((7700, "1"),), status="awaiting_confirmation")
        order_id, code = late.id, late.reference_code
    [line] = bring_rows(account, trade.clerk, row("77.00", code))
    key, line_id = line.id, line.public_id
    with transaction():
        db.session.execute(text(f"UPDATE orders SET status = 'confirmed' WHERE id = {order_id}"))

    with ThreadPoolExecutor(1) as pool:
        with transaction():
            acts.match_again(line_id, trade.checker, NOON)
            choosing = begin(
                pool, app,
                lambda: acts.match_by_hand(line_id, [Share(order=order, amount_fen=7700)], trade.clerk, NOON),
            )  # fmt: skip
        assert choosing.result() is acts.LineNotOpen

    with transaction():
        assert told(now(key)) == ("matched", "code", "")
        [(_payment, shares)] = receipts_of(now(key))
        assert (shares, count("payments")) == ({order_id: 7700}, 1)


@pytest.fixture
def shared_line(committed_app):
    """A line of 100.00 of the main supervised account that no rule takes, and an order of each of two producers."""
    with transaction():
        one, two = operators()
        trade = make_trade()
        other = make_trade(db.session.get_one(Organisation, trade.buyer.organisation_id))
        account = supervised(one, two)
        mine, theirs = make_order(trade, ((8000, "1"),)), make_order(other, ((9000, "1"),))
        typed = [
            facts((each, fen), bank_serial="SAME1", clearing="supervised")
            for each, fen in ((mine, 8000), (theirs, 9000))
        ]
    return committed_app, one, two, account, typed


def test_of_two_producers_receipts_typed_in_at_once_for_one_line_one_stays(shared_line):
    app, one, two, account, typed = shared_line
    bring_rows(account, one, row("100.00", serial="SAME1"))
    db.session.rollback()

    outcomes = at_once(app, *(lambda said=said: receipts.record(said, one, NOON) for said in typed))

    assert sorted(outcomes, key=str) == [SerialTaken, None]
    with transaction():
        [payment] = db.session.scalars(select(Payment))
        receipts.confirm(payment.public_id, two, NOON)
        assert payment.status == "confirmed"


def test_receipts_of_more_than_their_line_are_not_confirmed_until_one_of_them_is_refused(shared_line):
    app, one, two, account, typed = shared_line
    with transaction():
        made = [receipts.record(said, one, NOON).public_id for said in typed]
    [line] = bring_rows(account, one, row("100.00", serial="SAME1"))
    assert told(line) == ("unmatched", "", "duplicate")
    db.session.rollback()

    outcomes = at_once(app, *(lambda key=key: receipts.confirm(key, two, NOON) for key in made))

    assert outcomes == [SerialTaken, SerialTaken]
    with transaction():
        assert (count("postings WHERE book = 'money'"), count("payments WHERE status = 'recorded'")) == (0, 2)
        receipts.refuse(made[0], "流水是另一家的", two, NOON)
        receipts.confirm(made[1], two, NOON)
    with pytest.raises(IntegrityError, match="more than its line"), transaction():
        db.session.execute(text("UPDATE payments SET status = 'confirmed' WHERE status = 'refused'"))


def test_a_line_typed_in_for_another_producer_is_not_chosen_by_hand(shared_line):
    _app, one, _two, account, typed = shared_line
    with transaction():
        receipts.record(typed[0], one, NOON)
    [line] = bring_rows(account, one, row("100.00", serial="SAME1"))
    line_id = line.public_id

    with pytest.raises(SerialTaken) as refused, transaction():
        acts.match_by_hand(line_id, typed[1].allocations, one, NOON)

    assert refused.value.members["left"] == {"amount": "0.00", "currency": "CNY"}
    with transaction():
        assert (count("payments"), count("bank_line_payments")) == (1, 0)


def test_a_line_that_goes_back_takes_no_receipt_typed_in(shared_line):
    _app, one, _two, account, typed = shared_line
    [line] = bring_rows(account, one, row("100.00", serial="SAME1"))
    with transaction():
        giving_back.mark(line.public_id, one, NOON)

    with pytest.raises(SerialTaken), transaction():
        receipts.record(typed[0], one, NOON)

    with transaction():
        assert count("payments") == 0


def test_a_line_whose_mark_is_taken_off_while_another_ties_it_is_one_of_both(scene):
    app, trade, account, *_ = scene
    wrong, out = bring_rows(account, trade.clerk, row("55.00"), row("", out="55.00"))
    keys, ids = (wrong.id, out.id), (wrong.public_id, out.public_id)
    with transaction():
        giving_back.mark(ids[0], trade.clerk, NOON)

    outcomes = at_once(
        app,
        lambda: giving_back.unmark(ids[0], trade.clerk, NOON),
        lambda: giving_back.tie_return(ids[1], ids[0], trade.checker, NOON),
    )

    with transaction():
        states = [told(now(key))[0] for key in keys]
        was_returned = now(keys[0]).returned_by is not None
    assert (outcomes, states, was_returned) in (
        ([None, giving_back.NotMarkedWrong], ["unmatched", "unmatched"], False),
        ([acts.LineNotOpen, None], ["returned", "returned"], True),
        ([None, giving_back.NotMarkedWrong], ["unmatched", "suggested"], False),
    )
