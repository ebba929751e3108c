"""Who forgets goods, a contract or an invoice is reminded, once for each."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from orders.desk import reminding
from orders.desk.reminding import Waits
from shop.clock import stopped_at
from shop.db import db, transaction
from tests.purchase.world import World, make_world


@pytest.fixture
def world(session) -> World:
    return make_world()


def told_at(at: datetime) -> list[tuple[str, str | None]]:
    """Run the job at an instant; return what it published, with the day."""
    newest = db.session.scalar(text("SELECT id FROM outbox_events ORDER BY id DESC LIMIT 1"))
    with stopped_at(at), transaction():
        many = reminding.remind(at, Waits())
    rows = db.session.execute(
        text("""SELECT topic, coalesce(payload ->> 'accept_by', payload ->> 'sign_by') FROM outbox_events
                WHERE id > :newest ORDER BY id"""),
        {"newest": newest},
    ).all()
    assert len(rows) == many
    return [(row[0], row[1]) for row in rows]


def test_undecided_goods_are_told_of_before_they_count_as_accepted_and_on_the_day(world, deliver):
    order = world.signed("10")
    shipment = world.ship(order, "10")
    day = "2026-07-30"

    assert told_at(world.at + timedelta(days=11)) == []
    assert told_at(world.at + timedelta(days=12)) == [("orders.acceptance_due_soon", day)]
    assert told_at(world.at + timedelta(days=13)) == []
    assert told_at(world.at + timedelta(days=15)) == [("orders.acceptance_overdue", day)]
    assert told_at(world.at + timedelta(days=16)) == []
    deliver(times=2)
    kinds = db.session.scalars(
        text("SELECT kind FROM notices WHERE user_id = :id AND kind LIKE 'acceptance%' ORDER BY kind"),
        {"id": world.buyer.user_id},
    ).all()
    assert kinds == ["acceptance_due_soon", "acceptance_overdue_buyer"]

    other = world.signed("5")
    decided = world.ship(other, "5")
    world.accept(other, decided, "4", "1")
    assert told_at(world.at + timedelta(days=14)) == []
    assert shipment.id != decided.id


def test_who_must_sign_is_told_before_the_contract_lapses(world):
    order = world.order(world.place("5"))
    world.confirm(order)
    by = db.session.scalar(text("SELECT sign_by FROM contracts WHERE order_id = :id"), {"id": order.id})

    assert told_at(by - timedelta(days=4)) == []
    [(topic, _day)] = told_at(by - timedelta(days=2))
    assert topic == "orders.contract_unsigned"
    assert told_at(by - timedelta(days=1)) == []
    whose = db.session.scalar(text("SELECT payload FROM outbox_events ORDER BY id DESC LIMIT 1"))
    assert ("by_producer" in whose, "by_buyer" in whose) == (False, True)


def test_a_buyer_is_told_of_an_invoice_that_nobody_has_checked(world):
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "10")
    with transaction():
        db.session.execute(
            text("""INSERT INTO invoices (public_id, number, kind, seller_id, buyer_id, buyer_header, amount_fen, tax_fen, tax_rate,
                                          issued_on, status, recorded_by, recorded_at)
                    VALUES (uuidv7(), '12345678901234567890', 'blue', :seller, :buyer, '某单位', 20000, 0, 'exempt', '2026-07-15',
                            'recorded', :user, :at)"""),
            {"seller": order.producer_id, "buyer": order.buyer_id, "user": world.producer.user_id, "at": world.at},
        )  # fmt: skip

    assert told_at(world.at + timedelta(days=6)) == []
    assert told_at(world.at + timedelta(days=7)) == [("orders.invoice_unchecked", None)]
    assert told_at(world.at + timedelta(days=8)) == []
