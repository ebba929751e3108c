"""What officials keep an eye on: goods accepted and not paid, papers that end soon; each sees its own scope only."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from admin.official import expiring, unpaid
from admin.official.unpaid import UnpaidFilter
from catalog.papers.models import EligibilityBasis
from catalog.products.models import Product
from orders.fulfilment import accepting
from orders.fulfilment.accepting import AcceptanceDraft, ItemDecision
from orders.fulfilment.models import Acceptance, ShipmentItem
from orders.purchase.models import Order, OrderDue
from shop import clock
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity import queries as identity
from shop.identity.models import AuthorityScope, Unit
from tests import factories
from tests.factories import TODAY
from tests.purchase.world import World, make_world

JINGYUAN, OTHER, HEPING = "620421", "621121", "120101"
ALL = UnpaidFilter()


@pytest.fixture
def world(session) -> World:
    return make_world()


def official(*, division: str | None = None, **budget: object) -> Actor:
    """Return a viewer of an authority that sees by division, or by budget."""
    scope = {"kind": "division", "division_code": division} if division else {"kind": "budget", **budget}
    with transaction():
        authority = factories.make_organisation("authority", division_code=division or HEPING)
        db.session.add(AuthorityScope(organisation_id=authority.id, valid_from=date(2019, 1, 1), **scope))
        made = factories.make_member("authority", "authority_viewer", organisation=authority)
    return identity.actor_of(made.user_id, authority.id, TODAY)


def owed(world: World, quantity: str = "10", due_on: date | None = None) -> Order:
    """Return an order of which all is accepted and nothing paid."""
    order = world.signed(quantity)
    world.accept(order, world.ship(order, quantity), quantity)
    if due_on:
        with transaction():
            db.session.execute(update(Order).where(Order.id == order.id).values(pay_due_on=due_on))
            db.session.execute(update(OrderDue).where(OrderDue.order_id == order.id).values(due_on=due_on))
            at = clock.start_of_day(due_on - timedelta(days=30))
            db.session.execute(update(Acceptance).where(Acceptance.order_id == order.id).values(accepted_at=at))
    return order


def other_county() -> World:
    """Return a world whose goods come from another county of the same province."""
    world = make_world()
    with transaction():
        producer = factories.make_producer(OTHER)
        product = factories.make_product(producer, county_code=OTHER)
        world.producer, world.listings = producer, [factories.make_listing(producer, product=product)]
    return world


def test_what_is_accepted_and_not_paid_is_summed_by_county(world):
    owed(world, "10", TODAY - timedelta(days=1))
    owed(world, "5", TODAY)
    world.signed("7")
    owed(other_county(), "3")

    found = unpaid.summary(official(division="620000"), TODAY)

    assert (found.orders, found.unpaid_fen, found.overdue_fen, found.county_count) == (3, 360_00, 200_00, 2)
    assert [(c.code, c.orders, c.unpaid_fen, c.overdue_fen) for c in found.counties] == [
        (JINGYUAN, 2, 300_00, 200_00), (OTHER, 1, 60_00, 0),
    ]  # fmt: skip


def test_goods_that_nobody_accepts_are_owed_once_their_day_is_over(world):
    order = world.signed("10")
    world.ship(order, "10")
    world.signed("7")
    last, overdue = date(2026, 8, 29), UnpaidFilter(is_overdue=True)

    assert unpaid.total(official(division=JINGYUAN), ALL, last) == (0, 0)
    late = last + timedelta(days=1)
    assert unpaid.total(official(division=JINGYUAN), ALL, late) == (1, 200_00)
    assert unpaid.total(official(division=JINGYUAN), overdue, late) == (1, 200_00)
    [row] = unpaid.list_unpaid(official(division=JINGYUAN), overdue, late, limit=20).items
    assert (row.number, row.is_undecided, row.days_late, row.unpaid_fen) == (order.number, True, 1, 200_00)


def test_only_the_parts_whose_day_is_over_are_overdue(world):
    order = world.signed("10")
    world.accept(order, world.ship(order, "4"), "4")
    world.later(days=40)
    world.accept(order, world.ship(order, "6"), "6")

    found = unpaid.summary(official(division=JINGYUAN), date(2026, 8, 24))

    assert (found.unpaid_fen, found.overdue_fen) == (200_00, 80_00)


def test_goods_shipped_later_are_not_owed_because_an_earlier_part_is_late(world):
    order = world.signed("10")
    world.accept(order, world.ship(order, "4"), "4")
    world.later(days=40)
    world.ship(order, "6")
    actor, day = official(division=JINGYUAN), (world.at + timedelta(days=1)).date()

    assert unpaid.total(actor, ALL, day) == (1, 80_00)
    [row] = unpaid.list_unpaid(actor, ALL, day, limit=9).items
    assert (row.is_undecided, row.unpaid_fen, row.days_late) == (False, 80_00, 11)
    last = day + timedelta(days=44)
    assert [unpaid.total(actor, ALL, on)[1] for on in (last, last + timedelta(days=1))] == [80_00, 200_00]
    assert [row.is_undecided for row in unpaid.list_unpaid(actor, ALL, last + timedelta(days=1), limit=9).items] == [
        True
    ]


def test_of_an_order_s_overdue_sum_each_county_has_what_its_own_goods_are_late(world):
    with transaction():
        product = factories.make_product(world.producer, county_code=OTHER)
        world.listings.append(factories.make_listing(world.producer, product=product))
    order = world.signed("5", "5")
    first = world.ship(order, "5")
    world.accept(order, first, "5")
    world.later(days=40)
    world.accept(order, world.ship(order, "0", "5"), "5")
    day = world.at.date()

    parts = [unpaid.summary(official(division=code), day) for code in (JINGYUAN, OTHER, "620000", HEPING)]

    assert [(one.unpaid_fen, one.overdue_fen) for one in parts] == [
        (100_00, 100_00), (100_00, 0), (200_00, 100_00), (200_00, 100_00),
    ]  # fmt: skip


def test_an_overdue_part_is_split_over_counties_to_the_fen_and_never_twice(world):
    with transaction():
        product = factories.make_product(world.producer, county_code=OTHER)
        world.listings.append(factories.make_listing(world.producer, product=product))
    order = world.signed("5", "5", freight_fen=10_00)
    shipment = world.ship(order, "5", "5")
    world.accept(order, shipment, "5")
    items = select(ShipmentItem).where(ShipmentItem.shipment_id == shipment.id).order_by(ShipmentItem.id)
    other = db.session.scalars(items).all()[1]
    with transaction():
        draft = AcceptanceDraft([ItemDecision(other.public_id, Decimal(5), Decimal(0), "")])
        accepting.accept_goods(order.public_id, draft, actor=world.buyer, at=world.at)
        db.session.execute(update(OrderDue).where(OrderDue.order_id == order.id).values(open_fen=100_01))
    day = TODAY + timedelta(days=31)

    parts = [unpaid.summary(official(division=code), day) for code in (JINGYUAN, OTHER, "620000")]

    assert [(one.unpaid_fen, one.overdue_fen) for one in parts] == [
        (100_00, 50_01), (100_00, 50_00), (200_00, 100_01),
    ]  # fmt: skip


def test_a_western_division_sees_its_counties_goods_and_not_what_its_own_units_owe_others(session):
    owed(make_world(division_code="620102"))
    guizhou = make_world(division_code="620102")
    with transaction():
        producer = factories.make_producer("522722")
        product = factories.make_product(producer, county_code="522722")
        guizhou.producer, guizhou.listings = producer, [factories.make_listing(producer, product=product)]
    owed(guizhou, "4")

    found = unpaid.summary(official(division="620000"), TODAY)

    assert [(one.code, one.unpaid_fen) for one in found.counties] == [(JINGYUAN, 200_00)]


def test_a_county_sees_only_its_own_goods_and_an_eastern_district_only_its_buyers(world):
    owed(world)
    owed(other_county())

    sums = {
        division: unpaid.total(official(division=division), ALL, TODAY)
        for division in (JINGYUAN, OTHER, "620422", HEPING, "120102")
    }

    assert sums == {
        JINGYUAN: (1, 200_00), OTHER: (1, 200_00), "620422": (0, 0), HEPING: (2, 400_00), "120102": (0, 0),
    }  # fmt: skip


def test_of_an_order_with_goods_of_two_counties_each_sees_its_part(world):
    with transaction():
        product = factories.make_product(world.producer, county_code=OTHER)
        world.listings.append(factories.make_listing(world.producer, product=product))
    order = world.signed("10", "5")
    shipment = world.ship(order, "10", "5")
    world.accept(order, shipment, "10")

    assert unpaid.total(official(division=JINGYUAN), ALL, TODAY) == (1, 200_00)
    assert unpaid.total(official(division=OTHER), ALL, TODAY) == (0, 0)


def test_who_sees_by_budget_sees_the_purchases_of_its_units(world):
    owed(world)
    stranger = make_world()
    owed(stranger, "4")
    unit = db.session.scalars(select(Unit).where(Unit.public_id == world.unit_id)).one()
    with transaction():
        superior = factories.make_organisation()
        placed = identity.placement_on(unit.id, TODAY)
        assert placed is not None
        placed.superior_id = superior.id

    actor = official(superior_id=superior.id)

    assert unpaid.total(actor, ALL, TODAY) == (1, 200_00)
    assert [row.unpaid_fen for row in unpaid.list_unpaid(actor, ALL, TODAY, limit=9).items] == [200_00]
    assert expiring.sees_papers(actor) is False
    assert expiring.list_expiring(actor, TODAY, days=60, limit=9).items == []


def test_a_sum_leads_to_its_orders_and_their_workbook(world, login):
    late, soon = owed(world, "10", TODAY - timedelta(days=3)), owed(world, "5", TODAY + timedelta(days=9))
    client = login(official(division=JINGYUAN))

    assert "/official/unpaid?county=620421" in client.get("/official").text
    page = client.get("/official/unpaid?county=620421").text
    overdue = client.get("/official/unpaid?overdue=1").text

    assert page.index(late.number) < page.index(soon.number)
    assert ("300.00" in page, "逾期 3 天" in page, "剩 9 天" in page) == (True, True, True)
    assert (late.number in overdue, soon.number in overdue, "200.00" in overdue) == (True, False, True)
    assert client.get(f"/official/orders/{late.public_id}").status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/official/unpaid.xlsx").data))
    assert [row[-1] for row in book.get_sheet_by_index(0).to_python()[1:]] == [200.0, 100.0, 300.0]
    assert "没有已验收而未付款的订单" in client.get("/official/unpaid?county=621121").text


def test_the_list_goes_on_where_it_stopped(world):
    for days in (5, 1, 9):
        owed(world, "1", TODAY + timedelta(days=days))
    actor, seen, cursor = official(division=JINGYUAN), [], None
    while True:
        page = unpaid.list_unpaid(actor, ALL, TODAY, limit=1, cursor=cursor)
        seen += [row.days_late for row in page.items]
        cursor = page.next
        if cursor is None:
            break

    assert seen == [-1, -5, -9]


def test_papers_that_end_soon_are_counted_and_listed_by_county(world, login):
    elsewhere = other_county()
    ends = {world.producer.organisation_id: 30, elsewhere.producer.organisation_id: 45}
    with transaction():
        rows = select(EligibilityBasis, Product.producer_id).join(Product, Product.id == EligibilityBasis.product_id)
        for basis, producer_id in db.session.execute(rows):
            basis.valid_to = TODAY + timedelta(days=ends.get(producer_id, 61))

    def counts(division: str) -> list[tuple[int, int]]:
        found = expiring.summary(official(division=division), TODAY)
        return [(one.eligibility, one.certificates) for one in found]

    assert (counts("620000"), counts(JINGYUAN), counts(OTHER)) == ([(1, 0), (2, 0)], [(1, 0), (1, 0)], [(0, 0), (1, 0)])
    assert counts(HEPING) == [(0, 0), (0, 0)]
    client = login(official(division=JINGYUAN))
    assert 'href="/official/expiring?days=30">1<' in client.get("/official").text
    page = client.get("/official/expiring?days=60").text
    assert (world.producer.organisation_name in page, elsewhere.producer.organisation_name in page) == (True, False)
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/official/expiring.xlsx").data))
    assert [row[1] for row in book.get_sheet_by_index(0).to_python()[1:]] == [30.0]


def test_buyers_and_sellers_have_no_such_pages(world, login):
    for actor in (world.buyer, world.producer):
        client = login(actor)
        assert [client.get(f"/official/{name}").status_code for name in ("unpaid", "unpaid.xlsx")] == [403, 403]
        assert [client.get(f"/official/{name}").status_code for name in ("expiring", "expiring.xlsx")] == [403, 403]
