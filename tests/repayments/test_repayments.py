"""A producer pays back what it was paid too much: by a statement's line with its code, or by two persons, never twice."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from orders.banking.models import SupervisedAccount
from orders.payments import checks as payment_checks
from orders.payments import refund_sending, refunds
from orders.purchase.machine import WrongState
from orders.repayments import checks, debts, lines, services
from orders.repayments.models import ProducerRepayment
from orders.repayments.services import MoreThanOwed, RepaymentFacts, RepaymentSerialTaken
from orders.settlement import reversals, statements
from orders.settlement.standing import lock_standings
from shop import clock
from shop.db import db, transaction
from shop.errors import NotFound
from shop.identity.models import Organisation
from tests import factories
from tests.banking.help import bring, row
from tests.banking.sheets import plain
from tests.counting.build import make_trade
from tests.payments.card import sent_back
from tests.payments.help import refund
from tests.payments.test_races import at_once
from tests.settlement.help import (
    DUE,
    answer_reversals,
    balance,
    connect,
    differences,
    give_account,
    give_payer,
    pay_out,
    row_of,
    run,
    sold,
)

SESSION = pytest.mark.usefixtures("session")


def make_people():
    operator = factories.make_organisation("operator")
    give_payer(operator)
    return tuple(
        factories.make_member("operator", role, organisation=operator)
        for role in ("operator_finance", "operator_confirmer")
    )


def make_debt(people, fen=4_000):
    """A producer that was paid 100.00 for an order of which 40.00 then went back."""
    trade = make_trade(members=True)
    give_account(trade.clerk.organisation_id)
    order = sold(trade, 10_000, supervised=10_000)
    pay_out(*people)
    refund(trade, order, fen, DUE, clearing="supervised")
    return trade, order


@pytest.fixture
def people(session):
    with transaction():
        return make_people()


@pytest.fixture
def debt(people):
    with transaction():
        return make_debt(people)


def facts(trade, fen=4_000, **changes):
    producer = db.session.get_one(Organisation, trade.clerk.organisation_id).public_id
    values = {"producer": producer, "amount_fen": fen, "bank_serial": "H1", "value_on": DUE.date()} | changes
    return RepaymentFacts(**values)


def owed():
    db.session.flush()
    return [each.owed_fen for each in debts.list_debts(DUE.date())]


def statement(people, *rows):
    account = db.session.scalars(select(SupervisedAccount.public_id)).one()
    with clock.stopped_at(DUE):
        bring(account, people[0], plain(*rows))
        with transaction():
            return lines.match(DUE)


@SESSION
def test_a_line_with_the_producers_code_settles_what_it_owes_and_statement_and_books_follow(people, debt):
    trade, order = debt
    (found,) = debts.list_debts(DUE.date())
    assert found.account is not None
    assert (found.owed_fen, found.account.number, found.code[:2]) == (4_000, "62000000000000001", "HK")

    day = str(DUE.date())
    came = statement(
        people, row("50.00", found.code, day=day, serial="H0", name="合作社"),
        row("15.00", f"还款 {found.code.lower()}", day=day, serial="H1", name="合作社"), row("1.00", "还款", day=day, serial="H2"),
    )  # fmt: skip

    owner = f"org:{trade.clerk.organisation_id}"
    assert (came, owed(), row_of(order).bank_settled_fen) == (1, [2_500], 8_500)
    assert [balance(kind, owner) for kind in ("producer_payable", "bank_supervised")] == [-1_500, -2_500]
    made = db.session.scalars(select(ProducerRepayment)).one()
    assert (made.status, made.bank_serial, made.amount_fen, made.decided_by) == ("confirmed", "H1", 1_500, None)
    stood = db.session.execute(text("SELECT state FROM bank_statement_lines ORDER BY serial")).scalars().all()
    assert stood == ["unmatched", "matched", "unmatched"]
    assert (differences(), compared()) == ([], [])
    producer = db.session.get_one(Organisation, trade.clerk.organisation_id)
    shown = statements.table(statements.make_statement(producer, DUE.date().replace(day=1)))
    assert "退还多付款" in str(shown)


@SESSION
def test_one_person_records_and_another_confirms_at_most_what_is_owed(people, debt):
    trade, order = debt
    a, b = people
    with transaction():
        with pytest.raises(MoreThanOwed) as refused:
            services.record(facts(trade, 4_001), a, DUE)
        with pytest.raises(NotFound):
            services.record(facts(trade), trade.clerk, DUE)
        made = services.record(facts(trade, 3_000), a, DUE)
        with pytest.raises(RepaymentSerialTaken), db.session.begin_nested():
            services.record(facts(trade, 1_000), a, DUE)
        with pytest.raises(IntegrityError, match="two_persons"), db.session.begin_nested():
            db.session.execute(text("UPDATE producer_repayments SET decided_by = recorded_by"))
    assert (refused.value.members["owed"]["amount"], owed(), row_of(order).bank_settled_fen) == (
        "40.00",
        [4_000],
        10_000,
    )

    with transaction():
        services.confirm(made.public_id, b, DUE)
        with pytest.raises(WrongState):
            services.confirm(made.public_id, b, DUE)

    assert (made.status, owed(), differences(), compared()) == ("confirmed", [1_000], [], [])
    assert statement(people, row("30.00", "还款", day=str(DUE.date()), serial="H1")) == 1
    assert (made.line_id is not None, owed()) == (True, [1_000])


@SESSION
def test_what_was_recorded_is_not_confirmed_once_the_debt_is_netted(people, debt):
    trade, _order = debt
    with transaction():
        made = services.record(facts(trade), people[0], DUE)
        sold(trade, 9_000, supervised=9_000)
        (netted,) = run(people[0], DUE + timedelta(days=8))
        with pytest.raises(MoreThanOwed):
            services.confirm(made.public_id, people[1], DUE)
        services.refuse(made.public_id, "已从付款中扣回", people[1], DUE)

    assert (netted.amount_fen, owed(), made.status, differences()) == (5_000, [], "refused", [])


@SESSION
def test_card_money_that_could_not_be_taken_back_is_paid_back_as_such(people):
    with transaction():
        trade = make_trade(members=True)
        give_account(trade.clerk.organisation_id)
        connect(trade)
        order = sold(trade, 10_000, card=10_000)
        pay_out(*people)
        from_card = order.stripe_fen
        asked = refunds.request(order.public_id, 4_000, "协商退款", actor=trade.buyer, at=DUE)
        refund_sending.send(asked.public_id, trade.clerk, DUE)
        sent_back(asked)
        for standing in lock_standings([order.id]).values():
            reversals.ask_back(standing, at=DUE)
        answer_reversals(refuse="insufficient")
        made = services.record(facts(trade), people[0], DUE)
        services.confirm(made.public_id, people[1], DUE)

    owner = f"org:{trade.clerk.organisation_id}"
    assert (from_card, row_of(order).card_settled_fen, row_of(order).bank_settled_fen) == (10_000, 6_000, -4_000)
    assert [balance("bank_supervised", who) for who in (owner, "platform")] == [0, 4_000]
    assert (balance("producer_payable", owner), differences(), compared()) == (-4_000, [], [])


def compared():
    """What of the repayments is not as their parts say."""
    db.session.flush()
    return payment_checks.compare("repayments", checks.REPAYMENTS)


@pytest.mark.committed
def test_a_repayment_and_a_run_at_once_settle_the_debt_once(committed_app):
    with transaction():
        people = make_people()
        trade, order = make_debt(people)
        made = services.record(facts(trade), people[0], DUE)
        sold(trade, 9_000, supervised=9_000)
        key, order_id = made.public_id, order.id
    later = DUE + timedelta(days=8)

    refused = at_once(
        committed_app, lambda: services.confirm(key, people[1], DUE), lambda: run(people[0], later)
    )  # fmt: skip

    with transaction():
        sums = db.session.execute(text("SELECT amount_fen FROM payouts WHERE status = 'prepared'")).scalars().all()
        assert (sums, refused[0]) in [([9_000], None), ([5_000], MoreThanOwed)]
        assert db.session.get_one(type(order), order_id).applied_fen == 6_000
        assert (differences(), compared()) == ([], [])


@SESSION
def test_each_side_reads_its_page_and_the_operators_two_persons_act_there(people, debt, login, client, bearer):
    trade, _order = debt
    a, b = people
    with transaction():
        other = make_trade(members=True)
    with clock.stopped_at(DUE):
        page = login(trade.clerk).get("/producer/repayments").text
        (found,) = debts.list_debts(DUE.date())
        assert (found.code in page, "欠款 40.00 元" in page, "62000000000000001" in page) == (True, True, True)
        assert "您没有欠款" in login(other.clerk).get("/producer/repayments").text
        form = {"producer": str(found.id), "amount": "40.00", "bank_serial": "H1", "value_on": str(DUE.date())}
        recorded = login(a).post("/operator/repayments", data={**form, "idempotency_key": "1"})
        made = db.session.scalars(select(ProducerRepayment)).one()
        path = f"/operator/repayments/{made.public_id}/confirm"
        refused = login(a).post(path, data={"idempotency_key": "2"})
        done = login(b).post(path, data={"idempotency_key": "3"})
        mine = client.get("/api/v1/repayments", headers=bearer(trade.clerk)).json["items"]
        theirs = client.get(f"/api/v1/repayments/{made.public_id}", headers=bearer(other.clerk))
        debts_left = client.get("/api/v1/producer-debts", headers=bearer(trade.clerk)).json

    assert (recorded.status_code, refused.status_code, done.status_code, theirs.status_code) == (302, 403, 302, 404)
    assert [(one["amount"]["amount"], one["status"]) for one in mine] == [("40.00", "confirmed")]
    assert debts_left == {"items": []}
