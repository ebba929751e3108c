"""Refunds made by hand at the provider: two persons say which orders', then the books and the count follow."""

import pytest
from sqlalchemy import select, text

from orders.payments import attributing, exceptions, refund_sending
from orders.payments.attributing import NotAttributable, Part
from orders.payments.models import Charge, MoneyException, Refund
from orders.payments.refund_paths import Allowance, AllowanceTooHigh
from orders.payments.refunds import RefundTooHigh
from orders.purchase.amounts import BadRows
from orders.purchase.machine import WrongState
from orders.purchase.models import OrderLine
from orders.reconciliation import desk_queries, tasks
from shop.db import db, transaction
from shop.errors import NotFound
from tests.conftest import NOON, count
from tests.counting.test_recount import posted
from tests.online.help import differing, settle, tell
from tests.online.test_money_back import DAY, paid
from tests.reconciliation.help import make_people

pytestmark = pytest.mark.usefixtures("session", "card")


@pytest.fixture
def people(session):
    with transaction():
        return make_people()


@pytest.fixture
def purchase(card, deliver):
    return paid(card, deliver)


def by_hand(card, deliver, fen=2000):
    """Somebody refunds at the provider; the exception that comes of it."""
    ref = card.refund_in_dashboard(card.charge, fen)
    tell(card)
    settle(deliver)
    with transaction():
        return ref, db.session.scalars(select(MoneyException).where(MoneyException.subject == ref)).one().public_id


def line_of(order):
    return db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()


def close(key, parts, people):
    with transaction():
        exceptions.propose_refund(key, parts, "客服手工退的", people.clerk, NOON)
    with transaction():
        exceptions.agree(key, people.checker, NOON)


def test_it_is_a_refund_of_the_orders_that_two_persons_name(purchase, card, deliver, people):
    ref, key = by_hand(card, deliver)
    first, second = purchase.orders
    with transaction():
        lines = [Allowance(line=line_of(first).public_id, amount_fen=1500)]
    parts = [Part(order=first.public_id, amount_fen=1500, lines=lines), Part(order=second.public_id, amount_fen=500)]

    close(key, parts, people)
    tell(card)
    settle(deliver)

    assert purchase.sums() == [(10000, 1500, 0, 0), (6000, 500, 0, 0)]
    with transaction():
        assert [(one.refunded_fen, one.disputed_fen) for one in db.session.scalars(select(Charge))] == [(2000, 0)]
        rows = db.session.execute(
            select(Refund.amount_fen, Refund.status, Refund.bank_serial).order_by(Refund.id)
        ).all()
        assert [tuple(row) for row in rows] == [(1500, "confirmed", ref), (500, "confirmed", ref)]
        assert (first.due_fen, second.due_fen) == (8500, 6000)
        row = db.session.scalars(select(MoneyException)).one()
        assert (row.status, row.resolution) == ("closed", "refund")
    assert [posted(order, "counted")[-1] for order in purchase.orders] == [(DAY, -1500), (DAY, -500)]
    assert differing() == []


def test_the_desk_and_the_providers_lines_agree_with_it(purchase, card, deliver, people):
    _ref, key = by_hand(card, deliver)
    tasks.fetch()
    close(key, [Part(order=order.public_id, amount_fen=1000) for order in purchase.orders], people)
    tasks.fetch()

    with transaction():
        page = desk_queries.list_things("stripe", DAY, DAY, limit=20)
        (thing,) = [one for one in page.items if any(line.what.startswith("refund") for line in one.theirs)]
        assert (thing.state, thing.theirs_fen, thing.ours_fen, len(thing.ours)) == ("equal", -2000, -2000, 2)
        assert db.session.scalar(text("SELECT count(*) FROM money_exceptions")) == 1
    assert differing() == []


def test_one_that_comes_back_is_owed_again_in_each_order(purchase, card, deliver, people):
    ref, key = by_hand(card, deliver)
    close(key, [Part(order=order.public_id, amount_fen=1000) for order in purchase.orders], people)

    card.fail_refund(ref)
    tell(card)
    settle(deliver)

    assert purchase.sums() == [(10000, 0, 1000, 0), (6000, 0, 1000, 0)]
    with transaction():
        assert {one.status for one in db.session.scalars(select(Refund))} == {"requested"}
        refund = db.session.scalars(select(Refund).order_by(Refund.id).limit(1)).one()
        refund_sending.send(refund.public_id, purchase.trades[0].clerk, NOON)
    settle(deliver)
    assert purchase.sums()[0] == (10000, 1000, 0, 0)
    assert differing() == []


def test_what_cannot_have_been_is_refused_and_changes_nothing(purchase, card, deliver, people):
    _ref, key = by_hand(card, deliver)
    first, second = purchase.orders
    with transaction():
        line = line_of(first).public_id
        foreign = Part(order=line, amount_fen=2000)
    wrong = [
        ([Part(order=first.public_id, amount_fen=1999)], NotAttributable),
        ([Part(order=first.public_id, amount_fen=1000)] * 2, NotAttributable),
        ([foreign], NotAttributable),
        (
            [Part(order=second.public_id, amount_fen=2000, lines=[Allowance(line=line, amount_fen=2000)])],
            AllowanceTooHigh,
        ),
    ]
    for parts, refusal in wrong:
        with pytest.raises(refusal), transaction():
            exceptions.propose_refund(key, parts, "?", people.clerk, NOON)
    with pytest.raises(NotFound), transaction():
        exceptions.propose_refund(key, [Part(order=first.public_id, amount_fen=2000)], "?", purchase.buyer, NOON)
    with transaction():
        exceptions.propose_refund(key, [Part(order=first.public_id, amount_fen=2000)], "?", people.clerk, NOON)
    both = type(people.clerk)(**{**people.clerk.__dict__, "permissions": people.checker.permissions})
    with pytest.raises(WrongState), transaction():
        exceptions.agree(key, both, NOON)

    assert (purchase.sums(), count("refunds")) == ([(10000, 0, 0, 0), (6000, 0, 0, 0)], 0)


def test_what_was_promised_meanwhile_is_not_given_back_twice(purchase, card, deliver, people):
    _ref, key = by_hand(card, deliver, 6000)
    with transaction():
        exceptions.propose_refund(
            key, [Part(order=purchase.orders[1].public_id, amount_fen=6000)], "?", people.clerk, NOON
        )
        purchase.orders[1].refunding_fen += 1

    with pytest.raises(RefundTooHigh), transaction():
        exceptions.agree(key, people.checker, NOON)


def test_the_page_takes_rows_and_shows_what_is_agreed_to(purchase, card, deliver, people, login):
    _ref, key = by_hand(card, deliver)
    path = f"/operator/exceptions/{key}"
    client = login(people.clerk)
    number = purchase.orders[0].number
    shown = client.get(path).text
    assert number in shown
    assert "认定为订单退款" in shown
    form = {"act": "refund", "note": "客服手工退的", "idempotency_key": "1"}
    assert client.post(f"{path}/propose", data={**form, "parts": f"{number} 9 20.00"}).status_code == 422
    assert (
        client.post(f"{path}/propose", data={**form, "parts": f"{number} 1 20.00", "idempotency_key": "2"}).status_code
        == 302
    )
    client = login(people.checker)
    page = client.get(path).text
    assert "认定的订单退款" in page
    version = page.split('name="version"')[1].split('value="')[1].split('"')[0]

    assert client.post(f"{path}/agree", data={"version": version, "idempotency_key": "3"}).status_code == 302

    assert purchase.sums()[0] == (10000, 2000, 0, 0)
    assert differing() == []


def test_rows_that_cannot_be_read_are_named(purchase, card, deliver, people):
    _ref, key = by_hand(card, deliver)
    number = purchase.orders[0].number
    with transaction():
        row = exceptions.get_exception(key, people.clerk)
        for rows in (
            "X 20.00",
            f"{number}",
            f"{number},1.00",
            f"{number} x 20",
            f"{number} 20.001",
            f"{number} -1",
            f"{number} 1e3",
        ):
            with pytest.raises(BadRows):
                attributing.read_rows(rows, row)
        (part,) = attributing.read_rows(f"{number.lower()}, 1, 10.00\n{number}\t1,0.00\n", row)
        assert (part.amount_fen, [one.amount_fen for one in part.lines]) == (2000, [1000])
