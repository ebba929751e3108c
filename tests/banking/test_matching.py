"""Each rule and each reason, through an import: what is recorded, and what is left to a person."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from orders.banking.models import PayerAlias
from orders.banking.reading.cells import compared_name
from orders.invoices.models import Invoice, InvoiceOrder
from orders.payments import announcements, receipts, refunds
from orders.payments.announcements import AnnouncementFacts
from orders.payments.models import Payment
from shop.audit import AuditEntry
from shop.db import db, transaction
from shop.identity.models import Organisation
from shop.moves.models import Move
from tests.banking.help import (
    PAYER,
    PAYER_ACCOUNT,
    bring_rows,
    operators,
    own_account,
    receipts_of,
    row,
    supervised,
    told,
)
from tests.conftest import NOON, count
from tests.counting.build import make_order, make_trade
from tests.payments.help import facts, pay, slip

pytestmark = pytest.mark.usefixtures("session")
UNMATCHED = "unmatched"


@pytest.fixture
def scene():
    with transaction():
        trade = make_trade()
        return trade, own_account(trade)


def order_of(trade, fen=10000, **changes):
    with transaction():
        return make_order(trade, ((fen, "1"),), **changes)


def bring_one(scene, *args, **changes):
    trade, account = scene
    return bring_rows(account, trade.clerk, row(*args, **changes))[0]


def know(trade, name=PAYER, account="", **changes):
    with transaction():
        alias = {
            "name": compared_name(name), "account": account, "buyer_id": trade.buyer.organisation_id,
            "learned_by": trade.checker.user_id, "learned_at": NOON, "valid_from": date(2026, 1, 1),
        }  # fmt: skip
        db.session.add(PayerAlias(**(alias | changes)))


# --- rule 1: the code in the remark


@pytest.mark.parametrize("write", [
    "{}", "货款{}谢谢", "货款 {} 第三批", "付{}款",
])  # fmt: skip
@pytest.mark.parametrize("how", [
    str, str.lower, " ".join, lambda code: "".join(chr(ord(c) + 0xFEE0) for c in code),
    lambda code: f"{code[:2]}-{code[2:6]} {code[6:]}",
])  # fmt: skip
def test_the_code_is_found_however_it_is_written(scene, write, how):
    order = order_of(scene[0])

    line = bring_one(scene, "100.00", write.format(how(order.reference_code)))

    assert told(line) == ("matched", "code", "")
    [(payment, shares)] = receipts_of(line)
    assert shares == {order.id: 10000}
    assert (payment.status, payment.rail, payment.clearing, payment.bank_serial, payment.amount_fen) == (
        "recorded", "bank", "direct", line.serial, 10000,
    )  # fmt: skip
    assert (payment.payer_name, payment.payer_account, payment.value_on) == (PAYER, PAYER_ACCOUNT, date(2026, 7, 14))
    assert (payment.buyer_id, payment.payee_id) == (order.buyer_id, order.producer_id)


def test_a_wrong_letter_in_the_code_matches_nothing(scene):
    order = order_of(scene[0])
    code = order.reference_code[:-1] + ("A" if order.reference_code[-1] != "A" else "B")

    assert told(bring_one(scene, "100.00", code)) == ("suggested", "amount", "payer_unknown")


def test_a_matched_line_leaves_what_a_typed_receipt_leaves(scene):
    trade, _ = scene
    order = order_of(trade)
    typed = receipts.record(facts((order, 1)), trade.clerk, NOON)
    db.session.commit()

    [(payment, _)] = receipts_of(bring_one(scene, "99.99", order.reference_code))

    def left(key):
        move = db.session.scalars(select(Move).where(Move.machine == "receipt", Move.subject_id == key)).one()
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.subject_type == "payment", AuditEntry.subject_id == key)
        ).one()
        return (move.event, move.from_state, move.to_state, move.user_id, move.organisation_id), (
            entry.action,
            entry.user_id,
        )

    assert left(payment.id) == left(typed.id)
    assert payment.recorded_by == trade.clerk.user_id


@pytest.mark.parametrize(
    ("amount", "for_order", "credit"), [("40.00", 4000, 0), ("100.00", 10000, 0), ("130.50", 10000, 3050)]
)
def test_less_is_a_part_and_more_is_credit(scene, amount, for_order, credit):
    order = order_of(scene[0])

    [(payment, shares)] = receipts_of(bring_one(scene, amount, order.reference_code))

    assert shares == {order.id: for_order}
    assert payment.amount_fen - payment.allocated_fen == credit


def test_what_waits_to_be_confirmed_is_not_paid_twice(scene):
    trade, account = scene
    order = order_of(trade)

    lines = bring_rows(account, trade.clerk, *(row("60.00", order.reference_code) for _ in range(3)))

    assert [told(line) for line in lines] == [("matched", "code", "")] * 2 + [("suggested", "code", "paid_already")]
    assert [receipts_of(line)[0][1] for line in lines[:2]] == [{order.id: 6000}, {order.id: 4000}]
    assert count("payments") == 2


def test_several_codes_share_one_transfer_in_their_order(scene):
    one, two = order_of(scene[0]), order_of(scene[0], 5000)

    line = bring_one(scene, "130.00", f"{two.reference_code}、{one.reference_code}")

    [(payment, shares)] = receipts_of(line)
    assert shares == {two.id: 5000, one.id: 8000}
    assert payment.allocated_fen == 13000


def test_a_code_of_another_producers_order_is_a_wrong_payee(scene):
    with transaction():
        other = make_trade()
    order = order_of(other)

    line = bring_one(scene, "100.00", order.reference_code)

    assert told(line) == (UNMATCHED, "code", "wrong_payee")
    assert line.candidates == {"orders": [[order.id, 10000]]}
    assert count("payments") == 0


def test_codes_of_two_producers_or_two_buyers_are_left_to_a_person(scene):
    trade, _ = scene
    with transaction():
        other = make_trade()
        mine = make_order(trade)
        theirs = make_order(other)
        second = make_order(trade)
        second.buyer_id = other.buyer.organisation_id

    assert told(bring_one(scene, "200.00", f"{mine.reference_code}{theirs.reference_code}"))[2] == "several_payees"
    assert told(bring_one(scene, "200.00", f"{mine.reference_code}{second.reference_code}"))[2] == "several_buyers"
    assert count("payments") == 0


@pytest.mark.parametrize("status", ["awaiting_confirmation", "declined", "lapsed", "cancelled"])
def test_an_order_that_cannot_be_paid_is_told(scene, status):
    order = order_of(scene[0], status=status)

    line = bring_one(scene, "100.00", order.reference_code)

    assert told(line) == (UNMATCHED, "code", "order_not_payable")
    assert count("payments") == 0


# --- rule 2: announced transfers


def announce(trade, order, name=PAYER, planned=date(2026, 7, 16), fen=10000, account=""):
    given = AnnouncementFacts(payer_name=name, amount_fen=fen, planned_on=planned, payer_account=account)
    with transaction():
        return announcements.announce(order.public_id, given, trade.buyer, NOON)


def test_an_announced_transfer_is_matched_by_payer_amount_and_day(scene):
    trade, account = scene
    order, later = order_of(trade), order_of(trade, 20000)
    announce(trade, order, name="和平区 财政局")
    announce(trade, later, planned=date(2026, 8, 20), fen=20000)

    lines = bring_rows(
        account, trade.clerk, row("100.00", name="和平区财政局"), row("200.00"), row("100.01", name="和平区财政局")
    )

    assert [told(line) for line in lines] == [
        ("matched", "announcement", ""), ("suggested", "amount", "payer_unknown"), (UNMATCHED, "", "treasury_without_remark"),
    ]  # fmt: skip
    assert receipts_of(lines[0])[0][1] == {order.id: 10000}


def test_two_announcements_alike_are_left_to_a_person(scene):
    trade, _ = scene
    one, two = order_of(trade), order_of(trade)
    announce(trade, one)
    announce(trade, two, name="别的单位", account=PAYER_ACCOUNT)

    line = bring_one(scene, "100.00")

    assert told(line) == ("suggested", "announcement", "announced_several")
    assert line.candidates == {"orders": [[one.id, 10000], [two.id, 10000]]}


def test_a_withdrawn_announcement_tells_nothing(scene):
    trade, _ = scene
    made = announce(trade, order_of(trade))
    with transaction():
        announcements.withdraw(made.public_id, trade.buyer, NOON)

    assert told(bring_one(scene, "100.00"))[2] == "payer_unknown"


# --- rule 3: a payer that is known


def test_a_buyers_own_name_and_the_amount_of_one_order_match(scene):
    trade, _ = scene
    with transaction():
        buyer = db.session.get_one(Organisation, trade.buyer.organisation_id)
        buyer.name = "天津市和平区第一小学（本部）"
    order, _ = order_of(trade), order_of(trade, 7000)

    line = bring_one(scene, "100.00", "食堂货款", name="天津市和平区 第一小学（本部）")

    assert told(line) == ("matched", "payer", "")
    assert receipts_of(line)[0][1] == {order.id: 10000}


def test_a_learned_account_tells_the_buyer_where_its_name_tells_another(scene):
    trade, _ = scene
    with transaction():
        other = make_trade()
    know(trade, name="甲", account=PAYER_ACCOUNT)
    know(other)
    order = order_of(trade)

    assert told(bring_one(scene, "100.00")) == ("matched", "payer", "")
    assert told(bring_one(scene, "100.00", account="")) == (UNMATCHED, "", "nothing_open")
    assert order.id


def test_an_alias_that_has_ended_tells_nothing(scene):
    trade, _ = scene
    know(trade, valid_to=date(2026, 7, 14))
    order_of(trade)

    assert told(bring_one(scene, "100.00"))[2] == "payer_unknown"


def test_a_name_of_two_buyers_is_left_to_a_person(scene):
    trade, _ = scene
    with transaction():
        other = make_trade()
    know(trade)
    know(other)
    order_of(trade)

    assert told(bring_one(scene, "100.00")) == ("suggested", "amount", "payer_of_several")


def test_two_orders_of_one_amount_are_left_to_a_person(scene):
    trade, _ = scene
    know(trade)
    one, two = order_of(trade), order_of(trade)

    line = bring_one(scene, "100.00")

    assert told(line) == ("suggested", "payer", "amount_matches_several")
    assert line.candidates == {"orders": [[one.id, 10000], [two.id, 10000]]}
    assert count("payments") == 0


def test_all_due_orders_of_a_buyer_together_are_one_receipt(scene):
    trade, _ = scene
    know(trade)
    due = [order_of(trade, fen) for fen in (1000, 2000, 3000)]
    with transaction():
        for order in due:
            order.pay_due_on, order.last_decided_at = date(2026, 8, 1), NOON
    not_due = order_of(trade, 500)

    line = bring_one(scene, "60.00")

    assert told(line) == ("matched", "payer", "")
    assert receipts_of(line)[0][1] == {order.id: order.due_fen for order in due}
    assert not_due.id not in receipts_of(line)[0][1]


def test_a_known_payer_with_another_amount_is_told_with_its_open_orders(scene):
    trade, _ = scene
    know(trade)
    order = order_of(trade)

    line = bring_one(scene, "99.99", "货款")

    assert told(line) == (UNMATCHED, "payer", "no_code_no_amount")
    assert line.candidates == {"orders": [[order.id, 9999]]}


@pytest.mark.parametrize("name", ["天津市和平区财政局", "和平区国库支付中心", "国家金库和平区支库财政零余额账户"])
def test_a_treasury_never_tells_the_buyer_alone(scene, name):
    trade, _ = scene
    know(trade, name=name, account=PAYER_ACCOUNT)
    order = order_of(trade)

    line = bring_one(scene, "100.00", name=name)

    assert told(line) == ("suggested", "amount", "treasury_without_remark")
    assert line.candidates == {"orders": [[order.id, 10000]]}


def test_a_shared_alias_is_a_treasurys(scene):
    trade, _ = scene
    know(trade, is_shared=True)

    assert told(bring_one(scene, "100.00")) == (UNMATCHED, "", "treasury_without_remark")


# --- rule 4: invoices


def invoice_for(trade, order, number="26122000000012345678"):
    with transaction():
        made = Invoice(
            number=number, kind="blue", seller_id=order.producer_id, buyer_id=order.buyer_id, buyer_header="甲",
            amount_fen=order.due_fen, tax_fen=0, tax_rate="9", issued_on=date(2026, 7, 1), status="recorded",
            recorded_by=trade.clerk.user_id, recorded_at=NOON,
        )  # fmt: skip
        db.session.add(made)
        db.session.flush()
        db.session.add(InvoiceOrder(invoice_id=made.id, order_id=order.id, amount_fen=order.due_fen))


def test_an_invoice_number_in_the_remark_tells_the_order(scene):
    trade, _ = scene
    order = order_of(trade)
    invoice_for(trade, order)

    line = bring_one(scene, "50.00", "付发票26122000000012345678货款", name="和平区财政局")

    assert told(line) == ("matched", "invoice", "")
    assert receipts_of(line)[0][1] == {order.id: 5000}


def test_an_invoice_of_another_order_than_the_amount_tells_is_left_to_a_person(scene):
    trade, _ = scene
    know(trade)
    fits, named = order_of(trade), order_of(trade, 30000)
    invoice_for(trade, named)

    line = bring_one(scene, "100.00", "26122000000012345678")

    assert told(line) == ("suggested", "payer", "rules_disagree")
    assert [key for key, _ in line.candidates["orders"]] == [fits.id, named.id]


# --- what is no receipt, or one that is there


def test_a_typed_receipt_of_the_same_serial_is_the_lines(scene):
    trade, account = scene
    order = order_of(trade)
    with transaction():
        typed = receipts.record(facts((order, 10000), bank_serial="X1"), trade.clerk, NOON)

    [same, other] = bring_rows(account, trade.clerk, row("100.00", serial="X1"), row("5.00", serial="X2"))

    assert told(same) == ("matched", "serial", "")
    assert [payment.id for payment, _ in receipts_of(same)] == [typed.id]
    assert other.state == UNMATCHED
    assert count("payments") == 1


def test_a_typed_receipt_of_another_amount_is_a_duplicate_to_be_looked_at(scene):
    trade, _ = scene
    order = order_of(trade)
    with transaction():
        receipts.record(facts((order, 9999), bank_serial="X1"), trade.clerk, NOON)

    assert told(bring_one(scene, "100.00", order.reference_code, serial="X1")) == (UNMATCHED, "", "duplicate")
    assert count("payments") == 1


def test_a_reversal_below_zero_is_left_to_a_person(scene):
    order = order_of(scene[0])

    line = bring_one(scene, "-100.00", order.reference_code)

    assert told(line) == (UNMATCHED, "", "below_zero")
    assert (line.direction, line.amount_fen) == ("in", -10000)


# --- outgoing


def test_an_outgoing_line_is_the_recorded_refund_of_its_serial(scene):
    trade, account = scene
    order = order_of(trade)
    with transaction():
        pay(trade, (order, 10000), payer_name=PAYER)
        refund = refunds.request(order.public_id, 3000, "协商", actor=trade.buyer, at=NOON)
        refunds.record(refund.public_id, slip(bank_serial="R9"), trade.clerk, NOON)

    [line, other] = bring_rows(
        account, trade.clerk, row("", out="30.00", serial="R9"), row("", out="30.00", serial="R10")
    )

    assert (*told(line), line.refund_id) == ("matched", "refund_serial", "", refund.id)
    assert told(other) == (UNMATCHED, "", "outgoing_unknown")


def test_an_outgoing_line_to_the_payer_suggests_the_refund_asked_for(scene):
    trade, account = scene
    order = order_of(trade)
    with transaction():
        pay(trade, (order, 10000), payer_account=PAYER_ACCOUNT)
        refund = refunds.request(order.public_id, 3000, "协商", actor=trade.buyer, at=NOON)

    [line, other] = bring_rows(
        account, trade.clerk, row("", out="30.00", name="别名"), row("", out="30.01", account=PAYER_ACCOUNT)
    )

    assert (*told(line), line.candidates) == ("suggested", "refund_payer", "refund_likely", {"refunds": [refund.id]})
    assert told(other) == (UNMATCHED, "", "outgoing_unknown")


# --- the supervised account


def test_one_transfer_to_the_supervised_account_pays_orders_of_several_producers():
    with transaction():
        one, two = operators()
        account = supervised(one, two)
        first = make_trade()
        second = make_trade(buyer=db.session.get_one(Organisation, first.buyer.organisation_id))
        orders = [make_order(first), make_order(second, ((2500, "2"),))]
    codes = " ".join(order.reference_code for order in orders)

    exact, unclear = bring_rows(account, one, row("150.00", codes), row("10.00", codes))

    assert told(exact) == ("matched", "code", "")
    found = receipts_of(exact)
    assert [(payment.payee_id, payment.clearing, payment.bank_serial, shares) for payment, shares in found] == [
        (order.producer_id, "supervised", exact.serial, {order.id: order.due_fen}) for order in orders
    ]
    assert told(unclear)[2] == "paid_already"


def test_a_part_for_several_producers_is_left_to_a_person():
    with transaction():
        one, two = operators()
        account = supervised(one, two)
        first = make_trade()
        second = make_trade(buyer=db.session.get_one(Organisation, first.buyer.organisation_id))
        codes = " ".join(make_order(trade).reference_code for trade in (first, second))

    [line] = bring_rows(account, one, row("150.00", codes))

    assert told(line) == ("suggested", "code", "unclear_split")
    assert count("payments") == 0


def test_a_sub_account_is_one_producers_on_the_value_day():
    with transaction():
        one, two = operators()
        first, second = make_trade(), make_trade()
        mine, theirs = make_order(first), make_order(second)
        account = supervised(one, two, "110000002", first.clerk.organisation_public_id, valid_to=date(2026, 7, 10))
        supervised(one, two, "110000002", second.clerk.organisation_public_id, valid_from=date(2026, 7, 11))
    rows = [
        row("100.00", order.reference_code, day=str(day))
        for day in (date(2026, 7, 10), date(2026, 7, 10) + timedelta(days=1))
        for order in (mine, theirs)
    ]

    lines = bring_rows(account, one, *rows)

    assert [told(line)[::2] for line in lines] == [
        ("matched", ""),
        (UNMATCHED, "wrong_payee"),
        (UNMATCHED, "wrong_payee"),
        ("matched", ""),
    ]
    assert db.session.scalars(select(Payment.payee_id).order_by(Payment.id)).all() == [
        mine.producer_id,
        theirs.producer_id,
    ]


def test_on_the_main_account_a_person_sees_the_orders_of_the_amount():
    with transaction():
        one, two = operators()
        account = supervised(one, two)
        first, second = make_trade(), make_trade()
        order, named = make_order(first), make_order(second, ((30000, "1"),))
        part = make_order(second, ((7000, "1"),))
        receipts.record(facts((part, 1000)), second.clerk, NOON)
    invoice_for(second, named)

    lines = bring_rows(
        account, one, row("100.00", name="和平区财政局"), row("60.00", name="不认识的单位"),
        row("100.00", "26122000000012345678", name="和平区财政局"), row("99.99", name="和平区财政局"),
    )  # fmt: skip

    assert [told(line) for line in lines] == [
        ("suggested", "amount", "treasury_without_remark"), ("suggested", "amount", "payer_unknown"),
        ("matched", "invoice", ""), (UNMATCHED, "", "treasury_without_remark"),
    ]  # fmt: skip
    assert [line.candidates.get("orders") for line in lines] == [[[order.id, 10000]], [[part.id, 6000]], None, None]
    assert receipts_of(lines[2])[0][1] == {named.id: 10000}


def test_of_two_producers_orders_the_one_that_takes_nothing_more_gets_no_receipt(scene):
    trade, _ = scene
    with transaction():
        one, two = operators()
        account = supervised(one, two)
        other = make_trade(db.session.get_one(Organisation, trade.buyer.organisation_id))
        paid, left = make_order(trade, ((5000, "1"),)), make_order(other, ((10000, "1"),))
    remark = f"{paid.reference_code} {left.reference_code}"
    [line] = bring_rows(account, one, row("100.00", remark))
    assert told(line) == ("suggested", "code", "unclear_split")

    with transaction():
        pay(trade, (paid, 5000))
    bring_rows(account, one, row("3.00"))

    db.session.refresh(line)
    assert told(line) == ("matched", "code", "")
    [(payment, shares)] = receipts_of(line)
    assert (payment.payee_id, payment.amount_fen, shares) == (left.producer_id, 10000, {left.id: 10000})
    [fresh] = bring_rows(account, one, row("100.00", remark))
    assert told(fresh) == ("suggested", "code", "paid_already")
