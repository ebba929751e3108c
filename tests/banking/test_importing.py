"""Each movement once, whatever files it comes in; what becomes of every row; whose accounts; supervised accounts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from orders.banking import accounts, statements
from orders.banking.accounts import AccountOverlaps, AlreadyDecided, DaysReversed, SameEnterer, SupervisedFacts
from orders.banking.models import BankStatement, BankStatementLine, BankStatementRow, StatementAccount
from orders.banking.reading.layouts import Mapping
from orders.banking.statements import BadStatementRows, EmptyStatement, ImportRequest, OtherStatementAccount
from orders.payments.models import Payment, PaymentAllocation
from shop import clock
from shop.db import db, transaction
from shop.errors import NotFound
from shop.files import services as files
from tests.banking.help import DAY, bring, operators, own_account, row, supervised, told
from tests.banking.many_checks import check_import
from tests.banking.sheets import camt, camt_entry, plain, text_file
from tests.conftest import NOON, count, examples, undone
from tests.counting.build import make_order, make_trade

LINES = "bank_statement_lines"


@pytest.fixture
def scene(session):
    with transaction():
        trade = make_trade()
        return trade, own_account(trade)


def sums(statement):
    return statement.rows, statement.added, statement.known, statement.refused


def outcomes(statement):
    query = (
        select(BankStatementRow).where(BankStatementRow.statement_id == statement.id).order_by(BankStatementRow.row_no)
    )
    return [(one.row_no, one.outcome) for one in db.session.scalars(query)]


def test_the_same_file_again_changes_nothing_and_says_so_for_each_row(scene):
    trade, account = scene
    with transaction():
        order = make_order(trade)
    data = plain(row("100.00", order.reference_code), row("5.00"))

    first = bring(account, trade.clerk, data)
    kept = [told(line) for line in db.session.scalars(select(BankStatementLine))]
    again = bring(account, trade.checker, data)

    assert (sums(first), sums(again)) == ((2, 2, 0, 0), (2, 0, 2, 0))
    assert (outcomes(first), outcomes(again)) == ([(2, "added"), (3, "added")], [(2, "known"), (3, "known")])
    assert [told(line) for line in db.session.scalars(select(BankStatementLine))] == kept
    assert (count(LINES), count("payments")) == (2, 1)


def test_an_overlapping_file_in_another_form_brings_only_what_is_new(scene):
    trade, account = scene
    bring(
        account,
        trade.clerk,
        plain(row("100.00", serial="A1", day="2026-07-03"), row("5.00", serial="A2", day="2026-07-03")),
    )

    found = bring(account, trade.clerk, camt(camt_entry("5.00", serial="A2") + camt_entry("6.00", serial="A3")))

    assert (sums(found), found.layout, outcomes(found)) == ((2, 1, 1, 0), "camt.053", [(1, "known"), (2, "added")])
    assert count(LINES) == 3


def test_a_serial_with_other_facts_is_told_and_not_applied(scene):
    trade, account = scene
    bring(account, trade.clerk, plain(row("100.00", serial="A1")))

    found = bring(
        account, trade.clerk, plain(row("100.01", serial="A1"), row("1.00", serial="A2"), row("1.00", serial="A2"))
    )

    assert outcomes(found) == [(2, "other_facts"), (3, "added"), (4, "known")]
    assert sums(found) == (3, 1, 1, 1)
    assert db.session.scalars(select(BankStatementLine.amount_fen).order_by(BankStatementLine.id)).all() == [10000, 100]


def test_the_same_serial_in_another_account_is_another_movement(scene):
    trade, account = scene
    with transaction():
        second = own_account(trade, "6222020000000002")

    for each in (account, second):
        bring(each, trade.clerk, plain(row("5.00", serial="A1")))

    assert count(LINES) == 2


def test_a_row_that_cannot_be_read_refuses_the_whole_file(scene):
    trade, account = scene
    data = plain(row("5.00"), row("x"), row("6.00", day="2026-07-16"))

    with pytest.raises(BadStatementRows) as refused:
        bring(account, trade.clerk, data)

    assert refused.value.members["rows"] == [
        {"row": 3, "detail": "“x”不是金额。"}, {"row": 4, "detail": "日期 2026-07-16 还没有到。"},
    ]  # fmt: skip
    assert (count(LINES), count("bank_statements")) == (0, 0)


def test_bad_rows_may_be_passed_over_and_are_told_one_by_one(scene):
    trade, account = scene

    found = bring(account, trade.clerk, plain(row("5.00"), row("x")), skip_bad=True)

    assert (sums(found), outcomes(found)) == ((2, 1, 0, 1), [(2, "added"), (3, "unreadable")])


def test_a_file_without_movements_is_refused(scene):
    trade, account = scene

    with pytest.raises(EmptyStatement):
        bring(account, trade.clerk, plain())


def test_a_file_of_another_account_is_refused(scene):
    trade, account = scene

    with pytest.raises(OtherStatementAccount):
        bring(account, trade.clerk, camt(camt_entry("5.00"), account="999"))
    assert count(LINES) == 0


def test_a_mapping_is_kept_for_the_accounts_next_file(scene):
    trade, account = scene
    mapping = Mapping(day="何时", amount="多少", serial="号")
    files_ = [text_file([["何时", "多少", "号"], [DAY, amount, amount]]) for amount in ("5.00", "6.00")]

    bring(account, trade.clerk, files_[0], mapping=mapping, save=True)
    found = bring(account, trade.clerk, files_[1])

    assert sums(found) == (1, 1, 0, 0)
    assert db.session.scalars(select(StatementAccount.mapping)).all() == [
        {"day": "何时", "amount": "多少", "serial": "号"}
    ]


def test_accounts_and_files_of_others_are_not_there(scene):
    trade, account = scene
    with transaction():
        stranger = make_trade()
        one, two = operators()
        main = supervised(one, two)
        theirs = files.store(plain(row("5.00")), "a.csv", stranger.clerk).public_id

    for actor, each in ((stranger.clerk, account), (one, account), (trade.clerk, main)):
        with pytest.raises(NotFound):
            bring(each, actor, plain(row("5.00")))
    with pytest.raises(NotFound):
        statements.read(ImportRequest(account=account, file=theirs), trade.clerk, clock.today())
    assert count("bank_statements") == 0


# --- supervised accounts


def test_a_supervised_account_is_used_once_another_person_confirmed_it(session):
    facts = SupervisedFacts(number="1100 0000 3", holder="监管户", bank="某银行", valid_from=date(2026, 1, 1))
    with transaction():
        one, two = operators()
        made = accounts.enter(facts, one, NOON)
        key = made.public_id

    assert accounts.list_import_accounts(one, clock.today()) == []
    with pytest.raises(SameEnterer), transaction():
        accounts.decide(key, "confirmed", one, NOON)
    with transaction():
        accounts.decide(key, "confirmed", two, NOON)
    assert [each.number for each in accounts.list_import_accounts(one, clock.today())] == ["110000003"]
    with pytest.raises(AlreadyDecided), transaction():
        accounts.decide(key, "refused", two, NOON)
    with pytest.raises(AccountOverlaps), transaction():
        accounts.enter(facts, one, NOON)
    with pytest.raises(DaysReversed), transaction():
        accounts.end(key, date(2025, 12, 31), two)
    with transaction():
        accounts.end(key, date(2026, 6, 30), two)
        accounts.enter(
            SupervisedFacts(number="110000003", holder="监管户", bank="某银行", valid_from=date(2026, 7, 1)), one, NOON
        )


def test_the_database_too_asks_for_two_persons(session):
    with transaction():
        one, two = operators()
        supervised(one, two)

    with pytest.raises(IntegrityError, match="two_persons"), transaction():
        db.session.execute(text("UPDATE supervised_accounts SET decided_by = entered_by"))


# --- permutations, splits and races


lines = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(("5.00", "7.00", "30.00")), st.booleans(), st.integers(0, 2)),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=examples(25), phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(lines, st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_order_and_any_overlapping_files_give_the_same(session, drawn, random, cuts):
    """One producer has all lines in one file, its twin in shuffled, overlapping ones."""
    with undone():
        worlds = []
        for _ in range(2):
            with transaction():
                trade = make_trade()
                worlds.append((trade, own_account(trade), [make_order(trade, ((4000, "1"),)) for _ in range(2)]))

        def rows_for(orders):
            return [
                row(amount, orders[which].reference_code if which < 2 else "", day=f"2026-07-0{day}",
                    serial=f"N{n}" if has_serial else "", balance=str(1000 + n))
                for n, (day, amount, has_serial, which) in enumerate(drawn)
            ]  # fmt: skip

        (trade, account, orders), (twin, other, others) = worlds
        rows = rows_for(others)
        bring(account, trade.clerk, plain(*rows_for(orders)))
        shuffled = random.sample(rows, len(rows))
        for part in [shuffled[start::cuts] for start in range(cuts) if shuffled[start::cuts]]:
            repeated = [each for each in random.sample(rows, min(3, len(rows))) if each not in part]
            bring(other, twin.clerk, plain(*part, *repeated))

        assert final_state(twin, others) == final_state(trade, orders)


def final_state(trade, orders):
    """Every line by its facts, how many of each order's lines stand how, and what is for each order."""
    places = {order.reference_code: n for n, order in enumerate(orders)}
    found = db.session.scalars(
        select(BankStatementLine)
        .join(StatementAccount, StatementAccount.id == BankStatementLine.account_id)
        .where(StatementAccount.organisation_id == trade.clerk.organisation_id)
    ).all()
    facts = sorted((str(one.value_on), one.amount_fen, one.balance_fen, places.get(one.remark, 9)) for one in found)
    given = dict(
        db.session.execute(
            select(PaymentAllocation.order_id, func.sum(PaymentAllocation.amount_fen)).group_by(
                PaymentAllocation.order_id
            )
        ).all()
    )
    taken = [given.get(order.id, 0) for order in orders]
    others = sorted(told(one) for one in found if one.remark not in places)
    return facts, taken, others


@pytest.mark.committed
def test_two_imports_of_one_file_at_once_bring_each_line_once(committed_app):
    with transaction():
        trade = make_trade()
        account = own_account(trade)
        codes = [make_order(trade).reference_code for _ in range(20)]
    data = plain(*(row("100.00", code, serial=f"R{n}") for n, code in enumerate(codes)))
    with transaction():
        file = files.store(data, "a.csv", trade.clerk).public_id
    request = ImportRequest(account=account, file=file)
    gate = Barrier(4)

    def run(actor):
        with committed_app.app_context(), clock.stopped_at(NOON):
            reading = statements.read(request, actor, clock.today())
            db.session.rollback()
            gate.wait()
            try:
                with transaction():
                    return sums(statements.import_statement(request, reading, actor, NOON))
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(run, [trade.clerk, trade.checker] * 2))

    assert found == [(20, 0, 20, 0)] * 3 + [(20, 20, 0, 0)]
    with transaction():
        assert (count(LINES), count("payments"), count("payment_allocations")) == (20, 20, 20)
        assert db.session.scalar(select(func.sum(PaymentAllocation.amount_fen))) == 200_000
        assert {payment.status for payment in db.session.scalars(select(Payment))} == {"recorded"}
        assert db.session.scalar(select(func.count()).select_from(BankStatement)) == 4


@pytest.mark.usefixtures("session")
def test_of_a_long_statement_what_names_an_order_matches_and_each_other_line_says_why():
    check_import(seed=2, lines=200, matching=186)
