"""Invoices: their keys, their amounts against what was accepted, red ones, and who may do what."""

from dataclasses import replace
from datetime import date

import pytest

from orders.invoices import queries, services
from orders.invoices.reds import BadRedInvoice
from orders.invoices.services import (
    BadInvoiceAmount,
    BadInvoiceKey,
    InvoiceAlreadyRecorded,
    InvoiceFlagged,
    InvoiceOtherParties,
    InvoiceOverAccepted,
    InvoiceShare,
    OrderNotInvoiced,
)
from orders.ledger.filings import decisions
from orders.ledger.filings import services as filings
from orders.ledger.filings.drafts import KeyDraft
from orders.ledger.filings.numbers import AlreadyFiled
from orders.payments import refunds
from orders.payments.refund_paths import Allowance
from orders.purchase.machine import WrongState
from shop.db import db, transaction
from shop.errors import Forbidden, NotFound
from shop.identity.models import Organisation
from tests.conftest import NOON, count
from tests.counting.build import accept, lines_of, make_actor, make_order, make_organisation, make_trade
from tests.invoices.help import invoice
from tests.ledger import filers
from tests.payments.help import pay, slip

pytestmark = pytest.mark.usefixtures("session")
TODAY = date(2026, 7, 15)


@pytest.fixture
def trade():
    with transaction():
        return make_trade()


@pytest.fixture
def order(trade):
    """An order of 100.00 of which 70.00 were accepted, and 5.00 freight."""
    with transaction():
        order = make_order(trade, freight_fen=500)
        accept(order, ("7", "3"))
    return order


def record(trade, facts, actor=None):
    with transaction():
        return services.record(facts, actor or trade.clerk, NOON)


def refused(error, trade, facts):
    before = count("invoices"), count("invoice_orders"), count("moves")
    with pytest.raises(error), transaction():
        services.record(facts, trade.clerk, NOON)
    assert (count("invoices"), count("invoice_orders"), count("moves")) == before


def test_one_invoice_counts_by_its_order_or_by_a_filing_never_by_both(trade, order):
    facts = invoice(trade, (order, 7500))
    key = f"{facts.code} {facts.number}" if facts.code else facts.number
    first, second = filers.officials()
    filing = filers.submitted(first, keys=(KeyDraft("invoice", key),))
    record(trade, facts)

    with pytest.raises(AlreadyFiled), transaction():
        decisions.confirm_filing(filing.public_id, second, at=NOON)
    with transaction():
        filings.withdraw_filing(filing.public_id, first, reason="x", at=NOON)
    with pytest.raises(AlreadyFiled):
        filers.submitted(first, keys=(KeyDraft("invoice", key),))
    other = replace(facts, code="", number="2" * 20)
    filers.confirmed(first, second, keys=(KeyDraft("invoice", other.number),))
    refused(InvoiceAlreadyRecorded, trade, other)


def test_a_right_invoice_is_checked_without_flags(trade, order):
    made = record(trade, invoice(trade, (order, 7500)))

    with transaction():
        services.check(made.public_id, trade.buyer, NOON)

    assert (made.status, made.checked_by, queries.flags_of(made)) == ("checked", trade.buyer.user_id, [])


@pytest.mark.parametrize(
    ("code", "number"),
    [("", "1" * 20), ("1" * 10, "2" * 8), ("1" * 12, "2" * 8), ("", "1234 5678 9012 3456 7890")],
)
def test_keys_that_are_taken(code, number):
    assert services.check_key(code, number) == (code, number.replace(" ", ""))


@pytest.mark.parametrize(
    ("code", "number"),
    [("", "1" * 8), ("", "1" * 19), ("", "1" * 21), ("1" * 10, "1" * 20), ("1" * 11, "2" * 8), ("1" * 10, "2" * 7),
     ("", "１" * 20), ("", ""), ("", "A" * 20)],
)  # fmt: skip
def test_keys_that_are_not(code, number):
    with pytest.raises(BadInvoiceKey):
        services.check_key(code, number)


def test_a_key_is_recorded_once_and_again_after_a_refusal(trade, order):
    facts = invoice(trade, (order, 7500))
    made = record(trade, facts)
    refused(InvoiceAlreadyRecorded, trade, facts)

    with transaction():
        services.refuse(made.public_id, "抬头有误", trade.buyer, NOON)

    assert (record(trade, facts).status, made.reason) == ("recorded", "抬头有误")


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_fen": 7400},
        {"amount_fen": -7500},
        {"tax_fen": 7500},
        {"tax_fen": -1},
        {"tax_rate": "exempt", "tax_fen": 1},
        {"issued_on": date(2026, 7, 16)},
    ],
)
def test_amounts_that_make_no_sense(trade, order, changes):
    refused(BadInvoiceAmount, trade, invoice(trade, (order, 7500), **changes))


def test_one_invoice_for_several_orders_and_several_for_one(trade, order):
    with transaction():
        other = make_order(trade)
        accept(other, ("10", "0"))
    one = record(trade, invoice(trade, (order, 5000), (other, 10000)))
    two = record(trade, invoice(trade, (order, 2500)))
    assert queries.flags_of(one) == ["under_accepted"]

    with transaction():
        services.check(one.public_id, trade.buyer, NOON)
        services.check(two.public_id, trade.buyer, NOON)

    assert (one.status, two.status) == ("checked", "checked")


def test_more_than_was_accepted_is_not_checked(trade, order):
    made = record(trade, invoice(trade, (order, 7501)))
    assert queries.flags_of(made) == ["over_accepted"]

    with pytest.raises(InvoiceOverAccepted), transaction():
        services.check(made.public_id, trade.buyer, NOON)

    db.session.refresh(made)
    assert made.status == "recorded"


def test_a_header_that_is_not_the_buyers_needs_a_look(trade, order):
    made = record(trade, invoice(trade, (order, 7500), buyer_header="某某工会委员会"))

    with pytest.raises(InvoiceFlagged) as refusal, transaction():
        services.check(made.public_id, trade.buyer, NOON)
    assert refusal.value.members == {"flags": ["header"]}

    with transaction():
        services.check(made.public_id, trade.buyer, NOON, despite_flags=True)
    assert made.status == "checked"


def test_brackets_of_either_width_are_one_header(trade, order):
    with transaction():
        trade_name = "和平区（第一）小学"
        db.session.get_one(Organisation, trade.buyer.organisation_id).name = trade_name
    made = record(trade, invoice(trade, (order, 7500), buyer_header="和平区（第一） 小学"))

    assert queries.flags_of(made) == []


def test_tax_that_does_not_fit_the_rate_is_flagged(trade, order):
    made = record(trade, invoice(trade, (order, 7500), tax_fen=100))

    assert queries.flags_of(made) == ["tax_amount"]


def test_a_red_invoice_takes_back_what_is_left_of_the_blue(trade, order):
    blue = record(trade, invoice(trade, (order, 7500)))
    red = record(trade, invoice(trade, (order, -5000), kind="red", red_of=blue.public_id))
    assert (red.kind, red.red_of_id, red.amount_fen) == ("red", blue.id, -5000)

    refused(BadRedInvoice, trade, invoice(trade, (order, -2501), kind="red", red_of=blue.public_id))
    refused(BadRedInvoice, trade, invoice(trade, (order, -100), kind="red"))
    refused(BadRedInvoice, trade, invoice(trade, (order, -100), kind="red", red_of=red.public_id))


def test_a_red_invoice_takes_back_from_each_order_what_its_blue_one_has_for_it(trade, order):
    with transaction():
        other, third = make_order(trade), make_order(trade)
    blue = record(trade, invoice(trade, (order, 4000), (other, 3000)))

    refused(BadRedInvoice, trade, invoice(trade, (third, -4000), kind="red", red_of=blue.public_id))
    refused(BadRedInvoice, trade, invoice(trade, (other, -3001), kind="red", red_of=blue.public_id))
    record(trade, invoice(trade, (order, -1000), (other, -3000), kind="red", red_of=blue.public_id))
    refused(BadRedInvoice, trade, invoice(trade, (order, -2999), (other, -1), kind="red", red_of=blue.public_id))
    record(trade, invoice(trade, (order, -3000), kind="red", red_of=blue.public_id))


def test_an_invoice_of_what_an_allowance_took_off_is_too_much(trade, order):
    with transaction():
        pay(trade, (order, 7500))
        allowed = [Allowance(line=lines_of(order)[0].public_id, amount_fen=1000)]
        back = refunds.request(order.public_id, 1000, "短斤少两", actor=trade.buyer, at=NOON, lines=allowed)
        refunds.record(back.public_id, slip(), trade.clerk, NOON)
        refunds.confirm(back.public_id, trade.checker, NOON)
    made = record(trade, invoice(trade, (order, 7500)))

    with pytest.raises(InvoiceOverAccepted) as refusal, transaction():
        services.check(made.public_id, trade.buyer, NOON)

    assert refusal.value.members["accepted"] == {"amount": "65.00", "currency": "CNY"}
    with transaction():
        services.refuse(made.public_id, "按折让后金额重开", trade.buyer, NOON)
    right = record(trade, invoice(trade, (order, 6500)))
    with transaction():
        services.check(right.public_id, trade.buyer, NOON)


def test_after_a_red_invoice_the_right_one_is_checked(trade, order):
    wrong = record(trade, invoice(trade, (order, 7000)))
    with transaction():
        services.check(wrong.public_id, trade.buyer, NOON)
    red = record(trade, invoice(trade, (order, -7000), kind="red", red_of=wrong.public_id))
    right = record(trade, invoice(trade, (order, 7500)))

    with transaction():
        services.check(red.public_id, trade.buyer, NOON)
        services.check(right.public_id, trade.buyer, NOON)

    assert right.status == "checked"


def test_orders_that_no_invoice_is_for(trade):
    with transaction():
        waiting = make_order(trade, status="awaiting_confirmation")
        mine = make_order(trade)
        theirs = make_order(replace(trade, buyer=make_actor(make_organisation())))

    refused(OrderNotInvoiced, trade, invoice(trade, (waiting, 100)))
    refused(InvoiceOtherParties, trade, invoice(trade, (mine, 100), (theirs, 100)))
    twice = invoice(trade, (mine, 200), orders=(InvoiceShare(order=mine.public_id, amount_fen=100),) * 2)
    refused(BadInvoiceAmount, trade, twice)


def test_each_side_does_its_own(trade, order):
    made = record(trade, invoice(trade, (order, 7500)))

    with pytest.raises(Forbidden), transaction():
        services.record(invoice(trade, (order, 100)), trade.buyer, NOON)
    with pytest.raises(Forbidden), transaction():
        services.check(made.public_id, trade.clerk, NOON)
    with transaction():
        services.check(made.public_id, trade.buyer, NOON)
    with pytest.raises(WrongState), transaction():
        services.refuse(made.public_id, "晚了", trade.buyer, NOON)


def test_a_strangers_invoice_is_not_there(trade, order):
    made = record(trade, invoice(trade, (order, 7500)))
    with transaction():
        stranger = make_actor(make_organisation())

    for act in (services.check, lambda i, a, t: services.refuse(i, "?", a, t)):
        with pytest.raises(NotFound), transaction():
            act(made.public_id, stranger, NOON)
    page = queries.list_invoices(stranger, TODAY, limit=20, cursor=None)
    assert page.items == []


def test_invoices_are_paged_newest_first(trade, order):
    keys = [record(trade, invoice(trade, (order, 100))).public_id for _ in range(3)]

    first = queries.list_invoices(trade.buyer, TODAY, limit=2, cursor=None)
    second = queries.list_invoices(trade.buyer, TODAY, limit=2, cursor=first.next)

    assert [row.id for row in first.items + second.items] == keys[::-1]
    assert second.next is None
    assert first.items[0].orders[0].number == order.number
