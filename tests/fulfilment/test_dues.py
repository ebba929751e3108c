"""What of an order falls due when, and who is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

import pytest
from flask import current_app
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from orders.banking import claims
from orders.banking.claims import ClaimFacts
from orders.contracts import services as contracts
from orders.online.models import IntentShare, PaymentIntent
from orders.payments import refunds, tasks
from orders.payments.queries import list_due, money_of, owed_fen
from orders.payments.receipts import Share
from orders.payments.refund_paths import Allowance
from orders.purchase import due
from orders.purchase.models import OrderDue
from orders.purchase.verify import check_dues
from shop import clock, money
from shop.db import db, transaction
from shop.identity.models import Organisation
from shop.notices.models import Notice
from tests import factories
from tests.banking.help import bring_rows, own_account, row
from tests.conftest import NOON, examples, undone
from tests.counting.build import Trade
from tests.payments.help import pay, slip
from tests.purchase.world import World, make_world, reserved

TODAY = date(2026, 7, 15)


@pytest.fixture
def world(session) -> World:
    return make_world()


def parts(order) -> list[tuple[date, int, int]]:
    rows = db.session.execute(
        select(OrderDue.due_on, OrderDue.amount_fen, OrderDue.open_fen)
        .where(OrderDue.order_id == order.id)
        .order_by(OrderDue.due_on)
    )
    return [(due_on, amount, still) for due_on, amount, still in rows]


def told() -> list[str]:
    return sorted(db.session.scalars(select(Notice.kind).where(Notice.kind.like("payment_%"))))


def test_each_part_is_due_from_its_own_acceptance(world):
    order = world.signed("10")
    first = world.ship(order, "4")
    world.accept(order, first, "4")
    world.later(days=40)
    second = world.ship(order, "6")
    world.accept(order, second, "5", "1")

    assert parts(order) == [(date(2026, 8, 14), 8_000, 8_000), (date(2026, 9, 23), 10_000, 10_000)]
    assert world.reload(order).pay_due_on == date(2026, 8, 14)
    shown = money_of(order, clock.business_day(world.at))
    assert (shown.unpaid_fen, shown.overdue_fen, shown.late_interest_fen, shown.days_left) == (18_000, 8_000, 40, -10)
    assert owed_fen(world.buyer, date(2026, 8, 24)) == (18_000, 8_000)
    [row] = list_due(world.buyer, date(2026, 8, 24), limit=20).items
    assert (row.pay_due_on, row.overdue_fen, row.late_interest_fen) == (date(2026, 8, 14), 8_000, 40)


def test_money_covers_the_earliest_day_first(world):
    order = world.signed("10", freight_fen=500)
    world.accept(order, world.ship(order, "4"), "4")
    world.later(days=3)
    world.accept(order, world.ship(order, "6"), "6")

    with transaction():
        trade = _Persons(world)
        pay(trade, (order, 9_000))

    assert parts(order) == [(date(2026, 8, 14), 8_500, 0), (date(2026, 8, 17), 12_000, 11_500)]
    assert world.reload(order).pay_due_on == date(2026, 8, 17)
    assert check_dues(order.id).named == ()


def test_who_never_accepts_owes_from_the_day_acceptance_was_to_come(world):
    order = world.signed("10")
    shipment = world.ship(order, "10")

    assert parts(order) == [(date(2026, 8, 29), 20_000, 20_000)]
    assert owed_fen(world.buyer, date(2026, 8, 30)) == (20_000, 20_000)
    world.later(days=60)
    world.accept(order, shipment, "7", "3")
    assert parts(order) == [(date(2026, 8, 29), 14_000, 14_000)]
    assert world.contract(order).terms["acceptance"] == {"within_days": 15}


def test_what_is_rejected_altogether_is_never_due_and_nobody_is_told_to_pay(world, deliver):
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "0", "10")
    deliver()

    assert (parts(order), world.reload(order).pay_due_on, order.due_fen) == ([], None, 0)
    kinds = set(db.session.scalars(select(Notice.kind)))
    assert "goods_rejected_seller" in kinds
    assert not kinds & {"goods_accepted_buyer", "goods_accepted_seller"}


def test_who_has_paid_in_advance_is_not_told_to_pay_when_accepting(world, deliver):
    order = world.signed("10", payment_mode="pay_first")
    with transaction():
        pay(_Persons(world), (order, 20_000))
    world.accept(order, world.ship(order, "10"), "10")
    deliver()

    kinds = set(db.session.scalars(select(Notice.kind)))
    assert ("goods_accepted_seller" in kinds, "goods_accepted_buyer" in kinds) == (True, False)
    assert parts(order) == [(date(2026, 8, 14), 20_000, 0)]


def test_nobody_is_told_to_pay_freight_of_goods_that_were_all_given_back(world, deliver):
    order = world.signed("10", freight_fen=1000)
    world.accept(order, world.ship(order, "10"), "10")
    line = world.lines(order)[0].public_id
    trade = _Persons(world)
    with transaction():
        pay(trade, (order, 200_00))
        made = refunds.request(
            order.public_id, 200_00, "短斤少两", actor=world.buyer, at=world.at,
            lines=[Allowance(line=line, amount_fen=200_00)],
        )  # fmt: skip
        refunds.record(made.public_id, slip(), trade.clerk, world.at)
        refunds.confirm(made.public_id, trade.checker, world.at)

    assert world.reload(order).due_fen == 0
    assert parts(order) == [(date(2026, 8, 14), 210_00, 0)]
    shown = money_of(order, date(2026, 12, 1))
    assert (shown.unpaid_fen, shown.overdue_fen, shown.late_interest_fen) == (0, 0, 0)
    for days in (27, 31):
        with clock.stopped_at(NOON + timedelta(days=days)):
            assert tasks.remind_of_dues() == 0
    assert (told(), check_dues(order.id).named) == ([], ())


def test_verification_compares_what_is_open_with_what_a_delivered_order_owes(world):
    order = world.signed("10", freight_fen=1000)
    world.accept(order, world.ship(order, "10"), "9", "1")
    assert check_dues(order.id).named == ()
    with transaction():
        db.session.execute(text("UPDATE order_dues SET open_fen = open_fen - 1"))

    assert check_dues(order.id).named == (
        f"order {order.number}: 18999 fen fall due and are open, its money says 19000",
    )


@pytest.mark.parametrize(
    ("most", "opens"), [(None, [0, 50, 70]), (200, [0, 50, 70]), (60, [0, 50, 10]), (0, [0, 0, 0])]
)
def test_no_more_is_open_than_is_owed_and_what_falls_due_last_is_left_out_first(most, opens):
    amounts = [(date(2026, 8, 3), 70), (date(2026, 8, 1), 30), (date(2026, 8, 2), 50)]

    assert [part.open_fen for part in due.cover(amounts, 30, most)] == opens


def test_reminders_come_once_before_the_day_and_once_after_it(world, deliver):
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "10")

    for days, sent in ((26, 0), (27, 1), (28, 0), (31, 1), (40, 0)):
        with clock.stopped_at(NOON + timedelta(days=days)):
            assert tasks.remind_of_dues() == sent
            deliver()

    assert told() == ["payment_due_soon", "payment_overdue_buyer", "payment_overdue_seller"]
    values = db.session.scalars(select(Notice.values).where(Notice.kind == "payment_due_soon")).one()
    assert (values["open"], values["due_on"]) == ("200.00", "2026-08-14")


def test_a_pay_first_order_that_nobody_pays_is_cancelled_and_its_stock_is_free(world):
    order, other = world.signed("10", payment_mode="pay_first"), world.signed("5", payment_mode="pay_first")
    with transaction():
        pay(_Persons(world), (other, 1))
    late = NOON + timedelta(days=46)

    with clock.stopped_at(late - timedelta(days=1)):
        assert tasks.cancel_unpaid() == 0
    with clock.stopped_at(late):
        assert (tasks.cancel_unpaid(), tasks.cancel_unpaid()) == (1, 0)

    assert (world.reload(order).status, world.reload(other).status) == ("cancelled", "confirmed")
    assert reserved(world.listings[0]) == 5


def test_an_order_whose_money_seems_to_be_there_is_not_cancelled(world):
    on_line, claimed, paying, idle = (world.signed(n, payment_mode="pay_first") for n in ("7", "5", "5", "5"))
    late = NOON + timedelta(days=46)
    with transaction():
        persons = _Persons(world)
        account = own_account(cast("Trade", persons))
        said = ClaimFacts(
            shares=[Share(order=claimed.public_id, amount_fen=3)], amount_fen=3, paid_on=clock.today(), payer_name="甲"
        )
        claims.claim(said, world.buyer, NOON)
        _begin_paying(world, paying, mode="invoice", at=NOON)
        _begin_paying(world, idle, mode="element", at=NOON)
    [line] = bring_rows(account, persons.clerk, row("140.00", name="某单位"))
    assert line.candidates["orders"][0][0] == on_line.id

    with clock.stopped_at(late):
        assert tasks.cancel_unpaid() == 1

    states = [world.reload(each).status for each in (on_line, claimed, paying, idle)]
    assert states == ["confirmed", "confirmed", "confirmed", "cancelled"]


def _begin_paying(world, order, *, mode, at):
    intent = PaymentIntent(
        procurement_id=order.procurement_id, buyer_id=order.buyer_id, attempt=1, mode=mode, amount_fen=100,
        status="open", created_by=world.buyer.user_id, created_at=at,
    )  # fmt: skip
    db.session.add(intent)
    db.session.flush()
    db.session.add(IntentShare(intent_id=intent.id, order_id=order.id, amount_fen=100))


def test_without_days_nothing_is_cancelled(world, monkeypatch):
    order = world.signed("10", payment_mode="pay_first")
    monkeypatch.setitem(current_app.config, "CANCEL_UNPAID_AFTER_DAYS", 0)

    with clock.stopped_at(NOON + timedelta(days=400)):
        assert tasks.cancel_unpaid() == 0
    assert world.reload(order).status == "confirmed"


steps = st.lists(
    st.tuples(st.integers(0, 25), st.sampled_from(("ship", "accept", "close")), st.integers(1, 4), st.integers(0, 2)),
    min_size=1, max_size=7,
)  # fmt: skip


@settings(max_examples=examples(8), suppress_health_check=list(HealthCheck))
@given(steps)
@pytest.mark.usefixtures("session")
def test_no_later_act_puts_off_what_is_due(happening):
    with undone():
        world = make_world()
        order = world.signed("10")
        for days, what, some, refused in happening:
            world.later(days=days)
            before = _due_by(order)
            _act(world, order, what, some, refused)
            after = _due_by(order)
            line = world.lines(order)[0]
            assert all(total <= _by(after, day) + refused * 2_000 for day, total in before.items())
            assert sum(fen for _day, fen, _open in parts(order)) == money.line_fen(2_000, line.shipped - line.rejected)
            assert check_dues(order.id).named == ()


def _act(world, order, what, some, refused) -> None:
    line = world.lines(order)[0]
    left = line.quantity - line.cancelled - line.shipped
    open_items = db.session.execute(
        text("""SELECT i.public_id, i.shipment_id, i.quantity - i.accepted - i.rejected AS open FROM shipment_items i
                WHERE i.line_id = :line AND i.quantity > i.accepted + i.rejected ORDER BY i.id"""),
        {"line": line.id},
    ).first()
    world.reload(order)
    if what == "ship" and left:
        world.ship(order, str(min(Decimal(some), left)))
    elif what == "accept" and open_items:
        rejected = min(Decimal(refused), open_items.open)
        accepted = min(Decimal(some), open_items.open - rejected)
        if accepted + rejected:
            world.accept(order, _Shipment(open_items.shipment_id), str(accepted), str(rejected))
    elif what == "close" and order.status == "part_shipped":
        with transaction():
            contracts.end_order(order.public_id, "close_short", actor=world.buyer, at=world.at, why="不再发货")


def _due_by(order) -> dict[date, int]:
    found, total = {}, 0
    for day, fen, _open in parts(order):
        total += fen
        found[day] = total
    return found


def _by(sums: dict[date, int], day: date) -> int:
    return max((total for each, total in sums.items() if each <= day), default=0)


@given(
    st.lists(
        st.tuples(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(0, 10**9)), unique_by=lambda x: x[0]
    ),
    st.integers(-5, 10**10),
)
def test_parts_and_money_add_up(amounts, covered):
    found = due.cover(amounts, covered)

    total = sum(fen for _day, fen in amounts)
    assert sum(part.open_fen for part in found) == max(total - max(covered, 0), 0)
    assert [part.due_on for part in found] == sorted(day for day, _fen in amounts)
    opened = [part for part in found if part.open_fen]
    assert all(part.open_fen == part.amount_fen for part in opened[1:])


@dataclass
class _Shipment:
    """A shipment by its key alone."""

    id: int


class _Persons:
    """A clerk and a checker of the world's producer."""

    def __init__(self, world: World) -> None:
        self.clerk = world.producer
        organisation = db.session.get_one(Organisation, world.producer.organisation_id)
        self.checker = factories.make_member(organisation=organisation)
