"""What things on the desk are called by people."""

from datetime import date

import pytest
from sqlalchemy import text

from orders.reconciliation import desk_names, desk_queries, persisting
from orders.reconciliation.desk_names import Name
from shop import clock
from shop.db import db, transaction
from tests.banking.help import bring, row, supervised
from tests.banking.sheets import plain
from tests.counting.build import make_trade
from tests.payments.help import refund
from tests.settlement.help import DUE, give_account, make_operators, pay_out, sold

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def a_week_later():
    with clock.stopped_at(DUE):
        yield


def test_things_of_ours_go_by_their_numbers_on_the_page(session):
    assert desk_names.names_of(["ch_1", "payout:x", "payout:999999", "refund:999999"]) == {}
    with transaction():
        a, b = make_operators()
        trade = make_trade(members=True)
        give_account(trade.clerk.organisation_id)
        order = sold(trade, 10000, supervised=10000)
        [payout] = pay_out(a, b)
        back = refund(trade, order, 100, clearing="supervised")

    found = desk_names.names_of([f"payout:{payout.id}", f"refund:{back.id}"])

    assert found == {
        f"payout:{payout.id}": Name(f"付供应商 {payout.number}", "payout", payout.public_id),
        f"refund:{back.id}": Name(f"退款 {order.number}", "refund", back.public_id),
    }


def test_the_platforms_fee_is_a_thing_of_its_own_and_no_exception(a_week_later):
    with transaction():
        a, b = make_operators()
        trade = make_trade(members=True)
        give_account(trade.clerk.organisation_id)
        sold(trade, 10000, supervised=10000, fee_bp=60)
        sold(trade, 5000, supervised=5000, fee_bp=60)
        [payout] = pay_out(a, b)
        account = supervised(a, b)
    rows = [
        row("", out="149.10", serial=payout.bank_serial, day="2026-07-22"),
        row("", "平台服务费", out="0.90", serial="FEE", day="2026-07-22"),
    ]
    bring(account, a, plain(*rows))
    on = date(2026, 7, 22)

    found = {thing.name: thing for thing in desk_queries.list_things("supervised", on, on, limit=10).items}

    assert {name: (thing.theirs_fen, thing.ours_fen) for name, thing in found.items()} == {
        payout.bank_serial: (-14910, -14910), "platform_fees": (-90, -90),
    }  # fmt: skip
    assert desk_names.names_of(found) == {"platform_fees": Name("平台服务费划转")}


def test_a_fee_that_is_not_moved_yet_differs_and_is_never_an_exception(a_week_later):
    with transaction():
        a, b = make_operators()
        trade = make_trade(members=True)
        give_account(trade.clerk.organisation_id)
        sold(trade, 10000, supervised=10000, fee_bp=60)
        [payout] = pay_out(a, b)
        account = supervised(a, b)
    bring(account, a, plain(row("", out="99.40", serial=payout.bank_serial, day="2026-07-22")))

    with transaction():
        persisting.tell("supervised", date(2026, 8, 5), 3, DUE)

    on = date(2026, 7, 22)
    differing = [t.name for t in desk_queries.list_things("supervised", on, on, limit=10).items if t.difference_fen]
    told = db.session.scalars(text("SELECT subject FROM money_exceptions")).all()
    assert (differing, "platform_fees" in told, payout.bank_serial in told) == (["platform_fees"], False, False)
