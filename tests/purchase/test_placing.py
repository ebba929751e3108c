"""Placing in one call: what is frozen, reserved and posted, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from catalog.lots.services import OutOfStock
from orders.ledger.models import LedgerDimension
from orders.purchase import checkout
from orders.purchase.buyers import BudgetMissing, NoSuchUnit
from orders.purchase.machine import WrongState
from orders.purchase.models import Order, OrderLine, Procurement
from orders.purchase.placing import LinesRefused
from orders.purchase.pricing import Wanted
from shop.db import db, transaction
from shop.errors import Forbidden
from shop.identity.models import Organisation
from tests import factories
from tests.conftest import NOON, count
from tests.purchase.world import World, make_world, moves_of, posted, reserved

UNTOUCHED = (
    "procurements", "procurement_lines", "orders", "order_lines", "ledger_dimensions", "postings",
    "journal_entries",
)  # fmt: skip


@pytest.fixture
def world(session) -> World:
    return make_world(listings=2)


def place(world: World, lines, **head):
    with transaction():
        return checkout.create_and_place(world.head(**head), lines, actor=world.buyer, at=NOON)


def assert_nothing_changed(world: World) -> None:
    assert {table: count(table) for table in UNTOUCHED} == dict.fromkeys(UNTOUCHED, 0)
    moved = db.session.scalars(text("SELECT DISTINCT machine FROM moves")).all()
    assert not set(moved) & {"procurement", "approval", "order"}
    assert [reserved(listing) for listing in world.listings] == [0, 0]
    assert told() == []


def told() -> list[str]:
    """What was told, but that there are lots."""
    topics = db.session.scalars(text("SELECT topic FROM outbox_events WHERE topic <> 'catalog.lot_moved' ORDER BY id"))
    return list(topics)


def test_one_order_per_producer_with_numbers_and_sums(world):
    other = make_world()
    world.listings.append(other.listings[0])
    before = count("orders")

    placed = world.place("10", "100", "5")

    assert count("orders") - before == 2
    assert [order.number for order in placed.orders] == [f"{placed.number}-1", f"{placed.number}-2"]
    assert [order.goods_fen for order in placed.orders] == [20_000 + 180_000, 10_000]
    assert [reserved(listing) for listing in world.listings] == [10, 100, 5]
    assert posted("ordered") == 210_000
    procurement = db.session.get_one(Procurement, placed.procurement_id)
    assert (procurement.status, procurement.placed_at) == ("placed", NOON)
    assert moves_of("procurement", procurement.id) == [("draft", "draft"), ("place", "placed")]
    assert moves_of("order", placed.orders[0].id) == [("place", "awaiting_confirmation")]


def test_every_fact_of_a_line_is_frozen(world):
    placed = world.place("10")

    line = db.session.scalars(select(OrderLine)).one()
    dimension = db.session.get_one(LedgerDimension, line.dimension_id)
    order = db.session.scalars(select(Order)).one()
    assert (line.title, line.pack_spec, line.unit, line.tax_rate) == (
        world.listings[0].title,
        "500 g/袋",
        "bag",
        "exempt",
    )
    assert (line.quantity, line.unit_price_fen, line.amount_fen, line.ordered_fen) == (
        Decimal(10),
        2000,
        20_000,
        20_000,
    )
    assert (line.county_code, line.mode) == ("620421", "direct")
    assert (dimension.line_id, dimension.order_id, dimension.counts) == (line.id, order.id, True)
    assert (dimension.eligibility_scheme, dimension.eligibility_id) == ("county_recommendation", line.eligibility_id)
    assert (dimension.buyer_id, dimension.producer_id) == (world.buyer.organisation_id, world.producer.organisation_id)
    assert (dimension.buyer_division_code, dimension.fund_source, dimension.channel) == ("120101", "union", "shop")
    assert dimension.rule_version == 1
    assert order.reference_code == placed.orders[0].reference_code


def test_a_helped_sale_names_who_helped(session):
    world = make_world(institution_type="supermarket", name="和平超市")

    world.place("10", unit_id=None, fund_source=None)

    dimension = db.session.scalars(select(LedgerDimension)).one()
    assert (dimension.mode, dimension.helper_name, dimension.unit_id) == ("helped", "和平超市", None)


def test_an_unverified_buyers_order_is_kept_but_never_counts(session):
    world = make_world(is_verified=False)

    world.place("10")

    dimension = db.session.scalars(select(LedgerDimension)).one()
    assert (dimension.counts, dimension.not_counted_reason) == (False, "buyer_not_verified")


def test_a_budget_unit_must_say_whose_budget_and_which_fund(world):
    with pytest.raises(BudgetMissing) as refused:
        place(world, world.wanted("10"), unit_id=None, fund_source=None)

    assert [e["pointer"] for e in refused.value.members["errors"]] == ["#/unit_id", "#/fund_source"]
    assert_nothing_changed(world)


def test_another_organisations_unit_is_not_there(world):
    other = make_world()

    with pytest.raises(NoSuchUnit):
        place(world, world.wanted("10"), unit_id=other.unit_id)


def test_each_wrong_line_is_pointed_at_and_nothing_is_left_behind(world):
    lines = [Wanted(uuid4(), Decimal(1)), *world.wanted("0.5"), Wanted(world.listings[1].public_id, Decimal(1), "kg")]

    with pytest.raises(LinesRefused) as refused:
        place(world, lines)

    assert [(e["pointer"], e["code"]) for e in refused.value.members["errors"]] == [
        ("#/lines/0/listing_id", "unavailable"),
        ("#/lines/1/quantity", "quantity"),
        ("#/lines/2/quantity", "wrong_unit"),
    ]
    assert_nothing_changed(world)


def test_no_lines_and_the_same_listing_twice_are_refused(world):
    with pytest.raises(LinesRefused):
        place(world, [])
    with pytest.raises(LinesRefused) as refused:
        place(world, [*world.wanted("1"), *world.wanted("1")])

    assert [e["pointer"] for e in refused.value.members["errors"]] == ["#/lines/1/listing_id"]
    assert_nothing_changed(world)


def test_a_product_without_eligibility_that_day_is_refused(world):
    with transaction():
        db.session.execute(text("UPDATE eligibility_bases SET valid_to = '2026-07-14'"))

    with pytest.raises(LinesRefused) as refused:
        place(world, world.wanted("10"))

    assert [(e["pointer"], e["code"]) for e in refused.value.members["errors"]] == [
        ("#/lines/0/listing_id", "not_eligible")
    ]
    assert_nothing_changed(world)


def test_eligibility_holds_through_its_last_shanghai_day(world):
    with transaction():
        db.session.execute(text("UPDATE eligibility_bases SET valid_to = '2026-07-15'"))

    assert len(world.place("10").orders) == 1


def test_out_of_stock_names_each_line_with_what_is_left(world):
    with pytest.raises(OutOfStock) as refused:
        place(world, world.wanted("101", "100"))

    errors = refused.value.members["errors"]
    assert [(e["pointer"], Decimal(e["available"])) for e in errors] == [("#/lines/0/quantity", Decimal(100))]
    assert_nothing_changed(world)


def test_an_organisation_with_an_approver_does_not_place_directly(world):
    with transaction():
        organisation = db.session.get_one(Organisation, world.buyer.organisation_id)
        factories.make_member("institution", "institution_approver", organisation=organisation)

    with pytest.raises(WrongState) as refused:
        place(world, world.wanted("10"))

    assert refused.value.members["state"] == "draft"
    assert_nothing_changed(world)


def test_a_producer_does_not_buy(world):
    with pytest.raises(Forbidden), transaction():
        checkout.create_and_place(world.head(), world.wanted("1"), actor=world.producer, at=NOON)


def test_each_order_is_told_to_its_own_two_organisations(world):
    world.place("10", "10")

    assert told() == ["orders.procurement_placed"]
    query = text("SELECT payload, organisation_ids FROM outbox_events WHERE topic = 'orders.procurement_placed'")
    rows = db.session.execute(query).all()
    assert rows[0].organisation_ids == sorted([world.buyer.organisation_id, world.producer.organisation_id])
    assert rows[0].payload["total"] == {"amount": "400.00", "currency": "CNY"}


def test_placing_three_lines_takes_a_small_fixed_number_of_statements(session, statements):
    world = make_world(listings=3)

    place(world, world.wanted("1", "1", "1"))
    wanted = world.wanted("1", "2", "3")

    with statements() as seen:
        place(world, wanted)

    assert len([one for one in seen if "SAVEPOINT" not in one]) <= 12
