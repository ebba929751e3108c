"""Confirming, signing and ending orders."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from catalog.producers.models import AgentMandate
from orders.contracts import services
from orders.contracts.terms import hash_terms
from orders.payments.queries import money_of
from orders.purchase import changes, tasks
from orders.purchase.access import NoSuchOrder, lock_order_by_key
from orders.purchase.changes import BadConfirmation, ReasonMissing
from orders.purchase.machine import WrongState
from orders.purchase.models import Procurement
from shop import clock
from shop.db import db, transaction
from shop.errors import Forbidden
from tests import factories
from tests.purchase.world import World, make_world, moves_of, on_hand, posted, reserved


@pytest.fixture
def world(session) -> World:
    return make_world(listings=2)


def end(world, order, event, *, by=None, why="不需要了"):
    with transaction():
        return services.end_order(order.public_id, event, actor=by or world.buyer, at=world.at, why=why)


def test_confirming_sets_freight_date_and_prices_and_moves_the_books_by_the_difference(world):
    order = world.order(world.place("10", "10"))
    line = world.lines(order)[1]

    world.confirm(order, freight_fen=1500, prices={line.public_id: 1900})

    world.reload(order)
    assert (order.status, order.freight_fen, order.promised_on) == ("confirmed", 1500, date(2026, 7, 20))
    assert (order.goods_fen, order.total_fen, order.due_fen) == (39_000, 40_500, 40_500)
    assert posted("ordered") == 39_000
    terms = world.contract(order).terms
    assert [x["amount"]["amount"] for x in terms["lines"]] == ["200.00", "190.00"]
    assert (terms["freight"]["amount"], terms["total"]["amount"]) == ("15.00", "405.00")
    assert terms["payment"]["days"] == 30


def test_a_confirmation_that_makes_no_sense_changes_nothing(world):
    order = world.order(world.place("10"))
    bad = services.Offer(changes.Confirmation(0, date(2026, 7, 14), {order.public_id: 5}))

    with pytest.raises(BadConfirmation) as refused, transaction():
        services.confirm_order(order.public_id, bad, actor=world.producer, at=world.at)

    pointers = [e["pointer"] for e in refused.value.members["errors"]]
    assert pointers == ["#/promised_on", "#/prices/0/line_id"]
    assert world.reload(order).status == "awaiting_confirmation"


def test_both_sign_in_turn_and_the_contract_counts_as_contracted(world):
    order = world.order(world.place("10"))
    with transaction():
        confirmation = changes.Confirmation(500, date(2026, 7, 20), {})
        services.confirm_order(order.public_id, services.Offer(confirmation), actor=world.producer, at=world.at)
    contract = world.contract(order)

    with pytest.raises(Forbidden), transaction():
        services.sign_contract(contract.public_id, actor=world.buyer, at=world.at)
    with transaction():
        services.sign_contract(contract.public_id, actor=world.producer, at=world.at)
    assert posted("contracted") == 0
    world.sign(order)

    contract = world.contract(order)
    assert (contract.status, posted("contracted")) == ("signed", 20_000)
    assert (contract.producer_signed_by, contract.buyer_signed_by) == (world.producer.user_id, world.buyer.user_id)
    assert contract.terms_sha256 == hash_terms(contract.terms)
    assert [e for e, _to in moves_of("contract", contract.id)] == ["offer", "sign", "sign"]
    with pytest.raises(WrongState), transaction():
        services.sign_contract(contract.public_id, actor=world.buyer, at=world.at)


def test_a_pay_first_order_is_due_thirty_days_after_signing(world):
    order = world.signed("10", payment_mode="pay_first")

    assert world.reload(order).pay_due_on == date(2026, 8, 14)


def test_an_agent_with_a_mandate_confirms_for_the_producer_and_without_one_sees_nothing(world):
    order = world.order(world.place("10"))
    with transaction():
        agent = factories.make_member("agent")
    offer = services.Offer(changes.Confirmation(0, date(2026, 7, 20), {}))

    with pytest.raises(NoSuchOrder), transaction():
        services.confirm_order(order.public_id, offer, actor=agent, at=world.at)
    with transaction():
        mandate = AgentMandate(
            agent_id=agent.organisation_id, producer_id=world.producer.organisation_id, valid_from=date(2026, 7, 1)
        )
        db.session.add(mandate)
    with transaction():
        services.confirm_order(order.public_id, offer, actor=agent, at=world.at)

    assert world.reload(order).status == "confirmed"


def test_orders_lapse_by_the_periodic_job(world):
    order = world.order(world.place("10"))

    with clock.stopped_at(order.confirm_by):
        assert (tasks.lapse_orders(), tasks.lapse_orders()) == (1, 0)

    assert world.reload(order).status == "lapsed"


def test_anyone_with_the_code_can_check_a_contract_and_sees_no_person(world):
    order = world.signed("10")
    code = world.contract(order).verification_code

    found = services.verify_contract(f" {code[:4].lower()}-{code[4:]} ")

    assert (found.status, found.total["amount"], found.is_intact) == ("signed", "200.00", True)
    with pytest.raises(services.NoSuchContract):
        services.verify_contract("ABC")


def test_declining_the_contract_cancels_the_order_and_frees_its_stock(world):
    order = world.order(world.place("10"))
    world.confirm(order)

    with transaction():
        services.decline_contract(world.contract(order).public_id, actor=world.buyer, at=world.at, why="价格不合适")

    world.reload(order)
    assert (order.status, order.due_fen, reserved(world.listings[0])) == ("cancelled", 0, 0)
    assert (world.contract(order).status, posted("ordered")) == ("declined", 0)


@pytest.mark.parametrize(("event", "by"), [("decline", "producer"), ("cancel", "buyer"), ("cancel", "producer")])
def test_an_order_that_ends_before_it_is_confirmed_leaves_nothing(world, event, by):
    placed = world.place("10", "5")
    order = world.order(placed)

    end(world, order, event, by=getattr(world, by))

    world.reload(order)
    assert (order.status, order.due_fen) == ("declined" if event == "decline" else "cancelled", 0)
    assert [reserved(listing) for listing in world.listings] == [0, 0]
    assert [line.cancelled for line in world.lines(order)] == [10, 5]
    assert posted("ordered") == 0
    assert db.session.get_one(Procurement, placed.procurement_id, populate_existing=True).status == "completed"


def test_cancelling_under_a_signed_contract_takes_back_what_was_contracted(world):
    order = world.signed("10")

    end(world, order, "cancel", by=world.producer, why="受灾减产")

    assert (posted("contracted"), world.contract(order).status) == (0, "signed")


def test_ending_needs_a_reason_and_changes_nothing_without(world):
    order = world.order(world.place("10"))

    with pytest.raises(ReasonMissing):
        end(world, order, "cancel", why=" ")

    assert (world.reload(order).status, reserved(world.listings[0])) == ("awaiting_confirmation", 10)


def test_an_unconfirmed_order_lapses_in_time_and_not_before(world):
    placed = world.place("10")
    order = world.order(placed)
    late = order.confirm_by

    with transaction():
        assert not changes.lapse_if_due(lock_order_by_key(order.id), at=late - timedelta(seconds=1))
    assert changes.overdue_orders(late) == [order.id]
    with transaction():
        assert changes.lapse_if_due(lock_order_by_key(order.id), at=late)

    world.reload(order)
    assert (order.status, reserved(world.listings[0]), posted("ordered")) == ("lapsed", 0, 0)
    assert moves_of("order", order.id)[-1] == ("lapse", "lapsed")
    world.at = late
    with pytest.raises(WrongState):
        world.confirm(order)


def test_closing_short_frees_the_rest_and_keeps_what_was_shipped(world):
    order = world.signed("10")
    shipment = world.ship(order, "4")

    end(world, order, "close_short", by=world.producer, why="存货不足")

    world.reload(order)
    assert (order.status, order.total_fen, order.due_fen) == ("closed_short", 20_000, 8_000)
    assert (reserved(world.listings[0]), on_hand(world.listings[0])) == (0, 96)
    assert (posted("ordered"), posted("contracted")) == (8_000, 8_000)
    assert order.accepted_at is None
    world.accept(order, shipment, "4")
    assert world.reload(order).pay_due_on == date(2026, 8, 14)
    assert db.session.get_one(Procurement, order.procurement_id, populate_existing=True).status == "completed"


def test_closing_short_late_moves_no_day_of_what_was_accepted(world):
    order = world.signed("10")
    world.accept(order, world.ship(order, "4"), "4")
    accepted_at = world.at
    world.later(days=40)

    end(world, order, "close_short", by=world.buyer)

    world.reload(order)
    assert (order.status, order.accepted_at, order.pay_due_on) == ("closed_short", accepted_at, date(2026, 8, 14))
    shown = money_of(order, clock.business_day(world.at))
    assert (shown.days_left, shown.overdue_fen, shown.late_interest_fen) == (-10, 8_000, 40)


def test_another_organisations_order_is_not_there(world):
    order = world.order(world.place("10"))
    stranger = make_world()

    for by in (stranger.buyer, stranger.producer):
        with pytest.raises(NoSuchOrder):
            end(world, order, "cancel", by=by)
    with pytest.raises(services.NoSuchContract), transaction():
        services.sign_contract(order.public_id, actor=stranger.buyer, at=world.at)
    assert db.session.scalar(text("SELECT count(*) FROM moves WHERE event = 'cancel'")) == 0
