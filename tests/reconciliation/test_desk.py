"""Each rail held against the books by day: figures, what matches which, sheets, and what differs for days."""

import io
from datetime import date, datetime, timedelta

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text

from orders.banking.models import BankStatement, BankStatementLine, StatementAccount
from orders.ledger import books
from orders.ledger.books import Account, MoneyPosting, org_owner
from orders.payments import exceptions, refund_sending, refunds
from orders.payments.exception_accounts import PostingNotAllowed
from orders.payments.models import MoneyException
from orders.reconciliation import desk_queries, persisting, tasks
from shop.db import db, transaction
from shop.files import services as files
from shop.moves.models import Move
from tests.conftest import NOON
from tests.counting.build import accept, make_order, make_trade
from tests.factories import make_member
from tests.payments.card import charge, sent_back
from tests.payments.help import pay, refund
from tests.reconciliation.help import make_people
from tests.reconciliation.lines import line, take, waiting
from tests.reconciliation.test_matching import make_transfer

pytestmark = pytest.mark.usefixtures("session")
JULY = date(2026, 7, 1), date(2026, 7, 31)
TODAY = date(2026, 7, 15)
DESK = "/operator/reconciliation"


@pytest.fixture
def people(session):
    with transaction():
        return make_people()


@pytest.fixture
def trade(session):
    with transaction():
        return make_trade()


@pytest.fixture
def order(trade):
    with transaction():
        order = make_order(trade)
        accept(order, ("10", "0"))
    return order


def sums(month):
    return [(day.day.day, day.theirs_fen, day.ours_fen, day.waiting) for day in month.days]


def things(rail, on=TODAY):
    page = desk_queries.list_things(rail, on, on, limit=100)
    return {one.name: (one.state, one.theirs_fen, one.ours_fen) for one in page.items}


def plain(kind, day):
    """Debit less credit of a day's postings on accounts of a kind, in plain SQL."""
    query = text("""
        SELECT coalesce(sum(CASE WHEN a.id = p.debit_id THEN p.amount_fen ELSE -p.amount_fen END), 0)::bigint
        FROM ledger_accounts a JOIN postings p ON a.id IN (p.debit_id, p.credit_id)
        WHERE a.kind = :kind AND p.book = 'money' AND p.origin_on = :day""")
    return db.session.execute(query, {"kind": kind, "day": day}).scalar_one()


def test_a_day_by_card_agrees_with_fees_refunds_and_payouts(trade, order):
    with transaction():
        charge((order, 10000), ref="ch_1", at=NOON)
        made = refunds.request(order.public_id, 4000, "协商退款", actor=trade.buyer, at=NOON)
        refund_sending.send(made.public_id, trade.clerk, NOON)
        sent_back(made)
    take(
        line("charge", 10000, "ch_1", fee=290), line("refund", -4000, f"re_{made.id}_1"), line("stripe_fee", -450),
        line("payout", -3000, "po_1", fee=10),
    )  # fmt: skip

    month = desk_queries.month_of("stripe", *JULY)

    assert sums(month) == [(15, 2250, 2250, 0)]
    assert (month.days[0].their_balance_fen, month.days[0].our_balance_fen) == (2250, 2250)
    assert plain("stripe_cash", TODAY) == 2250
    assert {state for state, _theirs, _ours in things("stripe").values()} == {"equal"}
    assert things("stripe")["ch_1"] == ("equal", 9710, 9710)
    assert things("stripe")[f"refund:{made.id}"] == ("equal", -4000, -4000)


def test_what_one_side_lacks_is_named(order):
    with transaction():
        charge((order, 6000), ref="ch_1", at=NOON)
        charge((order, 3000), ref="ch_2", at=NOON)
    take(line("charge", 6500, "ch_1"), line("charge", 800, "ch_9", ref="txn_9"))

    assert things("stripe") == {
        "ch_1": ("differs", 6500, 6000), "ch_2": ("missing_there", 0, 3000), "ch_9": ("missing_here", 800, 0),
    }  # fmt: skip
    assert sums(desk_queries.month_of("stripe", *JULY)) == [(15, 7300, 9000, 2)]


def test_a_difference_that_two_persons_posted_is_gone_from_its_day(people, order):
    with transaction():
        charge((order, 6000), ref="ch_1", at=NOON)
    take(line("charge", 6500, "ch_1"))
    with transaction():
        row = db.session.execute(text("SELECT public_id FROM money_exceptions")).scalar_one()
        exceptions.propose_posting(row, "stripe_cash", "fees", "多收", people.clerk, NOON)
        exceptions.agree(row, people.checker, NOON)

    assert things("stripe") == {"ch_1": ("equal", 6500, 6500)}
    assert sums(desk_queries.month_of("stripe", *JULY)) == [(15, 6500, 6500, 0)]


def test_transfers_are_about_their_payout(order):
    with transaction():
        make_transfer(order, charge((order, 10000), ref="ch_1", at=NOON), 6000)
        payout = db.session.execute(text("SELECT id, producer_id FROM payouts")).one()
        producer = org_owner(payout.producer_id)
        paid = MoneyPosting(Account("producer_payable", producer), Account("stripe_cash", producer), 6000, TODAY)
        books.record_entry(f"payout:{payout.id}:paid", "payout_paid", occurred_at=NOON, money=[paid])
    take(line("charge", 10000, "ch_1"), line("transfer", -6000, "tr_1"))

    assert things("stripe") == {
        "ch_1": ("equal", 10000, 10000), f"payout:{payout.id}": ("equal", -6000, -6000),
    }  # fmt: skip


def test_money_in_another_currency_is_on_neither_side(order):
    with transaction():
        charge((order, 6000), ref="ch_1", at=NOON)
    take(line("charge", 6510, "ch_1", currency="hkd", fee=200))

    assert sums(desk_queries.month_of("stripe", *JULY)) == [(15, 0, 0, 1)]


def make_statement(people, lines, *, clearing="supervised", organisation_id=None):
    """Lines of (serial, signed fen, day, balance) on an account."""
    account = StatementAccount(
        clearing=clearing, organisation_id=organisation_id, number="6222000000000001", mapping=None
    )
    db.session.add(account)
    file = files.store(b"%PDF-1.7\n%%EOF\n", "x.pdf", people.clerk)
    db.session.flush()
    statement = BankStatement(
        account_id=account.id, file_id=file.id, layout="table", mapping={}, period_from=date(2026, 7, 1),
        period_to=date(2026, 7, 15), rows=len(lines), added=len(lines), known=0, refused=0,
        imported_by=people.clerk.user_id, imported_at=NOON,
    )  # fmt: skip
    db.session.add(statement)
    db.session.flush()
    for serial, fen, day, balance in lines:
        db.session.add(
            BankStatementLine(
                account_id=account.id, statement_id=statement.id, serial=serial, direction="in" if fen > 0 else "out",
                amount_fen=abs(fen), value_on=day, balance_fen=balance, state="matched" if clearing == "direct" else "unmatched",
            )
        )  # fmt: skip
    db.session.flush()


def test_the_supervised_account_agrees_with_receipts_and_refunds(people, trade, order):
    with transaction():
        pay(trade, (order, 8000), bank_serial="S1", clearing="supervised", value_on=date(2026, 7, 14))
        refund(trade, order, 1000, bank_serial="S2", clearing="supervised", value_on=TODAY)
        make_statement(
            people, [("S1", 8000, date(2026, 7, 14), 18000), ("S2", -1000, TODAY, 17000), ("S3", 55, TODAY, 17055)]
        )

    month = desk_queries.month_of("supervised", *JULY)

    assert sums(month) == [(14, 8000, 8000, 0), (15, -945, -1000, 0)]
    assert [(day.their_balance_fen, day.our_balance_fen) for day in month.days] == [(18000, 8000), (17055, 7000)]
    assert things("supervised") == {"S2": ("equal", -1000, -1000), "S3": ("missing_here", 55, 0)}
    assert [plain("bank_supervised", day.day) for day in month.days] == [8000, -1000]


def test_what_is_paid_straight_to_a_producer_is_not_lessened_by_what_it_earned(people, trade, order):
    with transaction():
        pay(trade, (order, 8000), bank_serial="S1", value_on=TODAY)
        make_statement(
            people, [("S1", 8000, TODAY, None)], clearing="direct", organisation_id=trade.clerk.organisation_id
        )

    assert sums(desk_queries.month_of("direct", *JULY)) == [(15, 8000, 8000, 0)]
    assert things("direct") == {"S1": ("equal", 8000, 8000)}


def test_what_differs_for_days_goes_into_the_queue_and_comes_out_by_itself(people, trade, order):
    old, new = datetime(2026, 7, 10, 4, tzinfo=NOON.tzinfo), datetime(2026, 7, 14, 4, tzinfo=NOON.tzinfo)
    with transaction():
        charge((order, 6000), ref="ch_1", at=old)
        charge((order, 3000), ref="ch_2", at=new)
        pay(trade, (order, 500), bank_serial="S1", clearing="supervised", value_on=date(2026, 7, 15))
        make_statement(people, [("S9", 700, date(2026, 7, 9), None)])

    assert (tasks.tell(), tasks.tell()) == (2, 2)
    assert waiting() == [("ch_1", "not_at_provider", -6000), ("S9", "not_in_books", 700)]

    take(line("charge", 6000, "ch_1", created_at=old))
    tasks.tell()
    assert waiting() == [("S9", "not_in_books", 700)]


def test_an_exception_stays_the_same_one_while_the_sums_change_and_is_told_anew_if_they_differ_again(people, trade):
    day = date(2026, 7, 9)
    with transaction():
        shop = make_trade()
        orders = [make_order(each) for each in (trade, shop)]
        pay(trade, (orders[0], 9000), bank_serial="S1", clearing="supervised", value_on=day)
        make_statement(people, [("S1", 10000, day, None)])
    opened = NOON - timedelta(days=1)
    with transaction():
        assert persisting.tell("supervised", TODAY, 3, opened) == 1
        row = db.session.scalars(select(MoneyException)).one()
        exceptions.propose_note(row.public_id, "少记了", people.clerk, NOON)

    with transaction():
        pay(shop, (orders[1], 500), bank_serial="S1", clearing="supervised", value_on=day)
        assert persisting.tell("supervised", TODAY, 3, NOON) == 1
    assert (row.status, row.amount_fen, row.opened_at, row.occurred_on) == ("open", 500, opened, day)
    assert (row.detail, row.proposed_by) == ("银行对账单 100.00 元，账上 95.00 元。", None)
    assert events_of(row) == ["open", "propose", "restate"]
    with transaction():
        assert persisting.tell("supervised", TODAY + timedelta(days=90), 3, NOON) == 1
        assert persisting.tell("supervised", TODAY, 3, NOON) == 1
    assert events_of(row) == ["open", "propose", "restate"]

    with transaction():
        pay(shop, (orders[1], 500), bank_serial="S1b", clearing="supervised", value_on=day)
        db.session.execute(text("UPDATE bank_statement_lines SET amount_fen = 9500"))
        assert persisting.tell("supervised", TODAY, 3, NOON) == 1
    assert waiting() == [("S1b", "not_at_provider", -500)]
    assert (row.status, row.resolution) == ("closed", "settled")
    with transaction():
        db.session.execute(text("UPDATE bank_statement_lines SET amount_fen = 10000"))
        assert persisting.tell("supervised", TODAY, 3, NOON) == 2
    assert waiting() == [("S1b", "not_at_provider", -500), ("S1", "amount_differs", 500)]


def test_what_two_persons_explained_is_told_again_only_for_another_sum(people, trade):
    day = date(2026, 7, 9)
    with transaction():
        make_statement(people, [("S1", 700, day, None)])
        persisting.tell("supervised", TODAY, 3, NOON)
        row = db.session.scalars(select(MoneyException)).one()
        exceptions.propose_note(row.public_id, "利息", people.clerk, NOON)
        exceptions.agree(row.public_id, people.checker, NOON)

        assert persisting.tell("supervised", TODAY, 3, NOON) == 0
        pay(trade, (make_order(trade), 300), bank_serial="S1", clearing="supervised", value_on=day)
        assert persisting.tell("supervised", TODAY, 3, NOON) == 1
    assert waiting() == [("S1", "amount_differs", 400)]


def test_a_producers_own_account_has_exceptions_that_are_only_explained(people, trade, order):
    day = date(2026, 7, 9)
    with transaction():
        pay(trade, (order, 8000), bank_serial="S1", value_on=day)
        pay(trade, (order, 500), bank_serial="S2", value_on=date(2026, 6, 20))
        make_statement(people, [], clearing="direct", organisation_id=trade.clerk.organisation_id)

    assert tasks.tell() == 1
    row = db.session.scalars(select(MoneyException)).one()
    assert (row.rail, row.kind, row.subject, row.amount_fen, row.producer_id) == (
        "direct", "not_at_provider", "S1", -8000, trade.clerk.organisation_id,
    )  # fmt: skip
    assert [each.waiting for each in desk_queries.month_of("direct", *JULY).days] == [1]
    with pytest.raises(PostingNotAllowed), transaction():
        exceptions.propose_posting(row.public_id, "fees", "bank_supervised", "x", people.clerk, NOON)


def test_a_wrong_receipt_and_what_gave_it_back_are_one_thing(people):
    with transaction():
        make_statement(people, [("S1", 700, date(2026, 7, 9), None), ("S2", -700, date(2026, 7, 10), None)])
        db.session.execute(
            text("""UPDATE bank_statement_lines SET state = 'returned', returns_id =
                    (SELECT b.id FROM bank_statement_lines b WHERE b.serial = 'S1' AND bank_statement_lines.direction = 'out')""")
        )

        assert persisting.tell("supervised", TODAY, 3, NOON) == 0


def events_of(row):
    query = select(Move.event).where(Move.machine == "exception", Move.subject_id == row.id).order_by(Move.id)
    return db.session.scalars(query).all()


def test_what_the_queue_has_as_the_providers_line_is_not_told_twice(order):
    take(line("charge", 6000, "ch_1", created_at=NOON - timedelta(days=9)))
    with transaction():
        told = persisting.tell("stripe", TODAY, 3, NOON)

    assert told == 0
    assert [kind for _subject, kind, _fen in waiting()] == ["unknown_charge"]


def test_the_pages_show_what_the_sheets_and_the_api_say(client, bearer, login, people, order):
    with transaction():
        charge((order, 6000), ref="ch_1", at=NOON)
    take(line("charge", 6500, "ch_1", fee=188))
    browser = login(people.auditor)

    page = browser.get(f"{DESK}/stripe?month=2026-07").text
    assert all(figure in page for figure in ("63.12", "58.12", "5.00"))
    day = browser.get(f"{DESK}/stripe/2026-07-15").text
    assert "金额不符" in day
    assert "手续费" in day
    book = CalamineWorkbook.from_filelike(io.BytesIO(browser.get(f"{DESK}/stripe.xlsx?month=2026-07").data))
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[1:5] for row in rows[1:]] == [[63.12, 58.12, 5.0, 1.0], [63.12, 58.12, 5.0, 1.0]]
    csv = browser.get(f"{DESK}/stripe/2026-07-15/lines.csv").data.decode("utf-8-sig")
    assert "合计,,,63.12,,58.12" in csv
    answer = client.get("/api/v1/reconciliation/stripe?month=2026-07", headers=bearer(people.auditor)).json
    assert answer["difference"] == {"amount": "5.00", "currency": "CNY"}
    assert [each["day"] for each in answer["days"]] == ["2026-07-15"]
    answer = client.get("/api/v1/reconciliation/stripe/things?on=2026-07-15", headers=bearer(people.auditor)).json
    assert [(each["name"], each["state"]) for each in answer["items"]] == [("ch_1", "differs")]


def test_an_empty_month_says_so_and_a_day_is_paged(login, people):
    browser = login(people.auditor)
    assert "这个月没有收付" in browser.get(f"{DESK}/direct?month=2025-01").text
    assert "这一天没有收付" in browser.get(f"{DESK}/stripe/2026-07-01").text
    assert browser.get(f"{DESK}/stripe/2026-07-99").status_code == 404
    take(*(line("stripe_fee", -1, ref=f"txn_a{number:02}") for number in range(25)))

    first = browser.get(f"{DESK}/stripe/2026-07-15").text
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = browser.get(following).text

    assert [n for n in range(25) if f"txn_a{n:02}" in first] == list(range(20))
    assert [n for n in range(25) if f'<th scope="row"><span class="break">txn_a{n:02}' in second] == list(range(20, 25))


def test_others_do_not_see_the_desk(client, bearer, login, people):
    with transaction():
        strangers = [make_member("producer"), make_member("institution"), make_member("operator", "operator_reviewer")]

    for stranger in strangers:
        browser = login(stranger)
        assert browser.get(f"{DESK}/stripe").status_code == 403
        assert browser.post(f"{DESK}/fetch").status_code == 403
        assert client.get("/api/v1/reconciliation/stripe", headers=bearer(stranger)).status_code == 403
    assert login(people.auditor).post(f"{DESK}/fetch").status_code == 403
    assert login(people.clerk).post(f"{DESK}/fetch").status_code == 302
