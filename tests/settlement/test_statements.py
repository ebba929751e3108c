"""Statements add up to the fen and chain from month to month; a quarter is kept as it was reported."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from orders.ledger import books
from orders.ledger.books import Account, MoneyPosting, org_owner
from orders.payments import refunds
from orders.payments.refund_paths import Allowance
from orders.settlement import statements, taxes
from orders.settlement.statements import BadMonth, make_statement
from orders.settlement.taxes import QuarterNotOver, QuarterReported
from shop import clock
from shop.db import db, transaction
from shop.errors import NotFound
from shop.files import services as files
from shop.files.models import StoredFile
from shop.identity.models import Organisation
from tests.conftest import count
from tests.counting.build import lines_of, make_trade
from tests.payments.help import slip, two_persons
from tests.settlement.help import DUE, give_account, make_operators, pay_out, sold

pytestmark = pytest.mark.usefixtures("session")
AUGUST = datetime(2026, 8, 5, 4, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 8, 4, tzinfo=UTC)


@pytest.fixture
def people(session):
    with transaction():
        return make_operators()


@pytest.fixture
def story(people):
    """July: two orders, one paid directly in part, fees, a payout. August: an allowance, and what is left is paid."""
    with transaction():
        trade = make_trade()
        give_account(trade.clerk.organisation_id)
        one = sold(trade, 10000, supervised=10000, fee_bp=60)
        two = sold(trade, 5000, direct=2000, supervised=1000, fee_bp=60)
        pay_out(*people)
    with clock.stopped_at(AUGUST), transaction():
        (line,) = lines_of(one)
        made = refunds.request(
            one.public_id, 600, "短重", actor=trade.buyer, at=AUGUST,
            lines=[Allowance(line=line.public_id, amount_fen=600)],
        )  # fmt: skip
        recorder, checker = two_persons(trade, "supervised")
        refunds.record(made.public_id, slip(clearing="supervised", value_on=date(2026, 8, 5)), recorder, AUGUST)
        refunds.confirm(made.public_id, checker, AUGUST)
        sold(trade, 3000, supervised=3000, accepted_at=AUGUST, fee_bp=60)
        pay_out(people[0], people[1], AUGUST.replace(day=20))
    return trade, one, two


def producer_of(trade):
    return db.session.get_one(Organisation, trade.clerk.organisation_id)


def in_sql(owner, before):
    """The payable's balance before a day, by the postings alone."""
    return db.session.execute(
        text("""SELECT coalesce(sum(CASE WHEN c.owner = :o AND c.kind = 'producer_payable' THEN p.amount_fen ELSE 0 END)
                     - sum(CASE WHEN d.owner = :o AND d.kind = 'producer_payable' THEN p.amount_fen ELSE 0 END), 0)
                FROM postings p JOIN ledger_accounts d ON d.id = p.debit_id JOIN ledger_accounts c ON c.id = p.credit_id
                WHERE p.book = 'money' AND p.business_on < :before"""),
        {"o": owner, "before": before},
    ).scalar()


def test_opening_and_movements_make_the_closing_and_months_chain(story):
    trade, one, _two = story
    months = [make_statement(producer_of(trade), date(2026, month, 1)) for month in (6, 7, 8, 9)]

    for month in months:
        for block in month.blocks:
            assert block.opening_fen + sum(each.amount_fen for each in block.movements) == block.closing_fen
    for before, after in pairwise(months):
        closing = {block.account: block.closing_fen for block in before.blocks}
        assert {b.account: b.opening_fen for b in after.blocks if b.opening_fen} == {
            k: v for k, v in closing.items() if v
        }
    owner = f"org:{trade.clerk.organisation_id}"
    assert [month.payable.closing_fen for month in months] == [
        in_sql(owner, before) for before in (date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1))
    ]
    assert [month.payable.closing_fen for month in months] == [0, 2000, 2000, 2000]
    august = [(each.words, each.document, each.amount_fen) for each in months[2].payable.movements]
    assert ("折让退货", one.number, -600) in august
    assert ("退回平台服务费", one.number, 4) in august
    assert [fen for words, _doc, fen in august if words == "结算付款"] == [-2386]


def test_the_table_says_the_same_as_the_statement(story):
    trade, *_ = story
    july = make_statement(producer_of(trade), date(2026, 7, 1))
    titles, rows = statements.table(july)

    assert titles == ["账户", "日期", "事项", "单据", "金额（元）", "余额（元）"]
    closings = [row[-1] for row in rows if row[2] == "期末余额"]
    assert closings == [block.closing_fen for block in july.blocks]


def test_another_producers_statement_is_not_there(story, people):
    trade, *_ = story
    with transaction():
        other = make_trade()
    today = date(2026, 9, 1)

    mine = statements.find_producer(None, trade.clerk, today)
    assert mine is not None
    assert mine.id == trade.clerk.organisation_id
    assert statements.find_producer(trade.clerk.organisation_public_id, people[0], today) is not None
    with pytest.raises(NotFound):
        statements.find_producer(trade.clerk.organisation_public_id, other.clerk, today)
    with pytest.raises(NotFound):
        statements.find_producer(trade.clerk.organisation_public_id, trade.buyer, today)


@pytest.mark.parametrize("written", ["2026-13", "x", "2026-7", "2026-08", "0001-01", "1899-12", "9999-12"])
def test_months_that_cannot_be_are_refused(written):
    with pytest.raises(BadMonth):
        statements.read_month(written, date(2026, 7, 15))


def test_a_quarter_has_each_sellers_sales_and_returns(story, people):
    trade, *_ = story
    sheet = taxes.make_sheet(date(2026, 7, 1), people[0])

    (row,) = [row for row in sheet.rows if row.seller == str(trade.clerk.organisation_public_id)]
    assert (row.gross_fen, row.returns_fen, row.net_fen, row.sales, row.returned) == (18000, 600, 17400, 3, 1)
    assert row.fee_fen == 60 + 18 + 18 - 4
    assert (taxes.name_of(sheet.quarter), sheet.last_day) == ("2026Q3", date(2026, 9, 30))


def test_a_reported_quarter_never_changes_and_later_changes_are_corrections_of_the_next(story, people):
    trade, one, _two = story
    with pytest.raises(QuarterNotOver), transaction():
        taxes.report(date(2026, 7, 1), people[0], DUE)
    with clock.stopped_at(OCTOBER), transaction():
        made = taxes.report(date(2026, 7, 1), people[0], OCTOBER)
        file_id = made.file_id
    data = files.read_bytes(db.session.get_one(StoredFile, file_id))
    with transaction():
        late(one)
    with pytest.raises(QuarterReported), transaction():
        taxes.report(date(2026, 7, 1), people[0], OCTOBER)

    kept = taxes.make_sheet(date(2026, 7, 1), people[0])
    after = taxes.make_sheet(date(2026, 10, 1), people[0])
    assert kept.gross_fen == 18000
    assert [(row.quarter, row.gross_fen, row.returns_fen, row.sales) for row in after.corrections] == [
        ("2026Q3", 0, 100, 0)
    ]
    assert f",{trade.clerk.organisation_name}," in data.decode("utf-8-sig")
    with pytest.raises(DBAPIError), db.session.begin_nested():
        db.session.execute(text("UPDATE tax_reports SET rows = '[]'"))
    assert count("tax_reports") == 1


def late(order):
    """Post a return of the reported quarter afterwards, as a refund with an earlier value day would."""
    posting = MoneyPosting(
        Account("producer_payable", org_owner(order.producer_id)), Account("buyer_receivable", org_owner(order.buyer_id)),
        100, date(2026, 9, 30),
    )  # fmt: skip
    books.record_entry("late", "refund_confirmed", occurred_at=OCTOBER, money=[posting], order_id=order.id)
