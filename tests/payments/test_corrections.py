"""Receipts that were confirmed wrongly: two persons put them right, as new postings of today, and producers owe what they got."""

from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orders.payments import corrections, credit, receipts, refunds
from orders.payments.correction_facts import RightFacts
from orders.payments.corrections import CorrectionFacts, CorrectionThere, NotCorrectable, ReceiptGivenBack
from orders.payments.models import Payment
from orders.payments.receipts import Share
from orders.payments.replacing import LineSaysOtherwise
from orders.purchase import due
from orders.purchase.machine import WrongState
from shop.db import db, transaction
from shop.errors import Forbidden, NotFound
from shop.files import services as files
from shop.identity.models import Organisation
from tests.banking.help import bring_rows, operators, row, supervised
from tests.conftest import NOON, count
from tests.counting.build import accept, lines_of, make_actor, make_order, make_trade
from tests.payments.help import facts as receipt_facts
from tests.payments.help import pay
from tests.payments.test_races import at_once
from tests.payments.test_transfers import differences
from tests.settlement.help import balance, give_account, make_operators, pay_out, row_of, run, sold

SESSION = pytest.mark.usefixtures("session")
LATER = NOON + timedelta(days=20)
PDF = b"%PDF-1.7\n%%EOF\n"


def facts(actor, right=None):
    paper = files.store(PDF, "说明.pdf", actor).public_id
    return CorrectionFacts(reason="登记错了", evidence_file=paper, right=right)


def right_facts(*shares, amount=None, **changes):
    values = {
        "bank_serial": "RIGHT1", "payer_name": "和平区财政局", "value_on": date(2026, 7, 14),
        "amount_fen": amount or sum(fen for _order, fen in shares),
        "allocations": tuple(Share(order=order.public_id, amount_fen=fen) for order, fen in shares),
    } | changes  # fmt: skip
    return RightFacts(**values)


def correct(payment, one, two, right=None, at=LATER):
    """Let one person propose and another agree."""
    with transaction():
        made = corrections.propose(payment.public_id, facts(one, right), one, at)
    with transaction():
        return corrections.agree(made.public_id, two, at)


@pytest.fixture
def trade(session):
    with transaction():
        return make_trade()


def counted():
    """What was posted as counted, by day."""
    with_days = text(
        "SELECT business_on, sum(amount_fen)::bigint FROM postings WHERE measure = 'counted' GROUP BY 1 ORDER BY 1"
    )
    return [tuple(each) for each in db.session.execute(with_days)]


@SESSION
def test_a_receipt_that_never_came_is_reversed_today_and_its_orders_are_unpaid_again(trade, deliver):
    with transaction():
        order = make_order(trade)
        accept(order, ("10", "0"))
        payment = pay(trade, (order, 10000), amount=10500)
    assert (due.payment_state_of(order), counted()) == ("paid", [(NOON.date(), 10000)])

    made = correct(payment, trade.clerk, trade.checker)

    assert (payment.status, payment.allocated_fen, made.status, made.replacement_id) == (
        "reversed",
        0,
        "confirmed",
        None,
    )
    assert (due.payment_state_of(order), order.received_fen, order.direct_fen) == ("unpaid", 0, 0)
    assert lines_of(order)[0].counted_fen == 0
    assert counted() == [(NOON.date(), 10000), (LATER.date(), -10000)]
    assert (balance("paid_direct", f"org:{order.producer_id}"), balance("buyer_credit", f"org:{order.buyer_id}")) == (
        0,
        0,
    )
    deliver()
    with transaction():
        assert differences() == []
        again = pay(trade, (order, 10000), bank_serial=payment.bank_serial)
    assert (again.status, order.received_fen) == ("confirmed", 10000)


@SESSION
def test_a_wrong_amount_and_a_wrong_order_are_put_right_in_one_act(trade):
    with transaction():
        wrong, due_one = make_order(trade), make_order(trade)
        for order in (wrong, due_one):
            accept(order, ("10", "0"))
        payment = pay(trade, (wrong, 6000), bank_serial="B1")

    correct(payment, trade.clerk, trade.checker, right_facts((due_one, 4000), amount=4100, bank_serial="B1"))

    made = db.session.scalars(select(Payment).where(Payment.status == "confirmed")).one()
    assert (made.bank_serial, made.amount_fen, made.allocated_fen) == ("B1", 4100, 4000)
    assert (made.recorded_by, made.decided_by) == (trade.clerk.user_id, trade.checker.user_id)
    assert (wrong.received_fen, due_one.received_fen, credit.available_fen(wrong)) == (0, 4000, 100)
    assert counted() == [(NOON.date(), 6000), (LATER.date(), -2000)]
    with transaction():
        assert differences() == []


@SESSION
def test_what_the_producer_was_paid_of_it_is_netted_from_its_next_payout(session):
    with transaction():
        people = make_operators()
        trade = make_trade()
        give_account(trade.clerk.organisation_id)
        order = sold(trade, 10000, supervised=10000)
        pay_out(*people)
        payment = db.session.scalars(select(Payment)).one()
        one, two = (make_actor(db.session.get_one(Organisation, people[0].organisation_id)) for _ in range(2))

    correct(payment, one, two)

    with transaction():
        assert (row_of(order).bank_settled_fen, order.applied_fen) == (10000, 0)
        assert differences() == []
        sold(trade, 12500, supervised=12500, accepted_at=NOON)
        (payout,) = run(people[0], LATER)
        assert payout.amount_fen == 2500
        assert differences() == []


@SESSION
def test_what_a_bank_line_says_stays_and_a_reversed_line_is_open_again(session, deliver):
    with transaction():
        one, two = operators()
        account = supervised(one, two)
        trade = make_trade()
        first, second = make_order(trade), make_order(trade)
    (line,) = bring_rows(account, one, row("100.00", first.reference_code, serial="L1"))
    with transaction():
        payment = db.session.scalars(select(Payment)).one()
        receipts.confirm(payment.public_id, two, NOON)
        with pytest.raises(LineSaysOtherwise):
            corrections.propose(payment.public_id, facts(one, right_facts((second, 900), bank_serial="L1")), one, LATER)
        with pytest.raises(Forbidden):
            corrections.propose(payment.public_id, facts(trade.clerk), trade.clerk, LATER)

    correct(payment, one, two, right_facts((second, 10000), bank_serial="L1"))
    deliver()
    db.session.refresh(line)
    assert (line.state, first.received_fen, second.received_fen) == ("matched", 0, 10000)
    made = db.session.scalars(select(Payment).where(Payment.status == "confirmed")).one()
    correct(made, one, two)
    deliver()
    db.session.refresh(line)
    assert (line.state, line.reason, second.received_fen) == ("unmatched", "receipt_reversed", 0)
    with transaction():
        assert differences() == []


@SESSION
def test_refusals_change_nothing(trade):
    with transaction():
        order = make_order(trade)
        accept(order, ("10", "0"))
        payment = pay(trade, (order, 10000))
        waiting = receipts.record(receipt_facts((order, 1)), trade.clerk, NOON)
        third = make_actor(db.session.get_one(Organisation, trade.clerk.organisation_id))
    with transaction():
        with pytest.raises(NotCorrectable):
            corrections.propose(waiting.public_id, facts(trade.clerk), trade.clerk, LATER)
        with pytest.raises(Forbidden):
            corrections.propose(payment.public_id, facts(trade.buyer), trade.buyer, LATER)
        made = corrections.propose(payment.public_id, facts(trade.clerk), trade.clerk, LATER)
        with pytest.raises(CorrectionThere):
            corrections.propose(payment.public_id, facts(third), third, LATER)
        with pytest.raises(WrongState):
            corrections.agree(made.public_id, trade.clerk, LATER)
        for act in (corrections.agree, corrections.withdraw):
            with pytest.raises(NotFound):
                act(made.public_id, trade.buyer, LATER)
        with pytest.raises(IntegrityError, match="two_persons"), db.session.begin_nested():
            db.session.execute(
                text(
                    "UPDATE receipt_corrections SET status = 'confirmed', decided_by = proposed_by, decided_at = now()"
                )
            )
        refund = refunds.request(order.public_id, 100, "退货", actor=trade.buyer, at=LATER)
        with pytest.raises(ReceiptGivenBack):
            corrections.agree(made.public_id, trade.checker, LATER)
        corrections.withdraw(made.public_id, trade.clerk, LATER)

    assert (payment.status, order.received_fen, refund.status, made.status) == (
        "confirmed", 10000, "requested", "withdrawn",
    )  # fmt: skip
    with transaction():
        assert differences() == []


@SESSION
@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_corrected_the_books_are_what_the_documents_say(session, seed):
    random = Random(seed)  # noqa: S311  a repeatable choice
    with transaction():
        trade = make_trade()
        orders = [make_order(trade) for _ in range(3)]
        for order in orders:
            if random.random() < 0.7:
                accept(order, (str(random.randint(1, 10)), "0"))
        paid = [pay(trade, (random.choice(orders), random.randint(1, 9000)), amount=9500) for _ in range(3)]
    for n, payment in enumerate(paid):
        right = None
        if random.random() < 0.6:
            right = right_facts((random.choice(orders), random.randint(1, 9000)), amount=9100, bank_serial=f"N{n}")
        correct(payment, trade.clerk, trade.checker, right, NOON + timedelta(days=random.randint(0, 40)))
        with transaction():
            assert differences() == []

    live = db.session.scalars(select(Payment).where(Payment.status == "confirmed")).all()
    assert sum(order.received_fen for order in orders) == sum(payment.allocated_fen for payment in live)
    assert balance("paid_direct", f"org:{trade.clerk.organisation_id}") + sum(
        order.applied_fen for order in orders
    ) == sum(payment.amount_fen for payment in live)


@pytest.mark.committed
def test_two_who_agree_and_one_who_refunds_at_once(committed_app):
    with transaction():
        trade = make_trade()
        third = make_actor(db.session.get_one(Organisation, trade.clerk.organisation_id))
        order = make_order(trade)
        payment = pay(trade, (order, 10000))
        made = corrections.propose(payment.public_id, facts(trade.clerk), trade.clerk, NOON).public_id
        key = order.public_id

    outcomes = at_once(
        committed_app,
        lambda: corrections.agree(made, trade.checker, NOON),
        lambda: corrections.agree(made, third, NOON),
        lambda: refunds.request(key, 4000, "退货", actor=trade.buyer, at=NOON),
    )

    assert outcomes[:2].count(None) + (outcomes[2] is None) == 1
    with transaction():
        status = db.session.scalars(select(Payment.status)).one()
        assert (status, count("refunds")) in {("reversed", 0), ("confirmed", 1)}
        assert differences() == []
