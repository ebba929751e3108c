"""A shipment and its acceptance become events, and tell who got which lot."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select, text

from catalog.lots.batches import places
from catalog.lots.models import Lot
from catalog.products import numbers
from orders.fulfilment import shipping
from orders.purchase.access import lines_of
from shop.auth import Actor
from shop.db import db, transaction
from shop.identity.models import Organisation
from tests.purchase.world import World, make_world
from traceability.journey import consignments, goods, names
from traceability.journey.events import CONTEXTS
from traceability.repository.models import TraceEvent
from traceability.repository.scopes import visible_to
from traceability.standard.validation import problems_of_event


@pytest.fixture
def world(session) -> World:
    return make_world()


def documents() -> list[dict[str, Any]]:
    """Everything but that there is a lot."""
    query = select(TraceEvent.document).where(TraceEvent.action != "ADD")
    return list(db.session.scalars(query.order_by(TraceEvent.id)))


def rows(sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.session.execute(text(sql))]


def digest() -> list[tuple[Any, ...]]:
    """Everything that the trace holds."""
    tables = (
        "trace_events",
        "trace_event_epcs",
        "trace_event_attributes",
        "trace_grants",
        "trace_consignments",
        "trace_receipts",
    )
    return [tuple(row) for table in tables for row in db.session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]


def the_lot(world: World) -> goods.LotOfGoods:
    lot = db.session.scalars(select(Lot.id).where(Lot.sku_id == world.listings[0].sku_id)).one()
    return goods.lots_of([lot])[lot]


def refs(world: World) -> tuple[str, str]:
    def name(key: int) -> str:
        return f"urn:uuid:{db.session.get_one(Organisation, key).public_id}"

    return name(world.producer.organisation_id), name(world.buyer.organisation_id)


def test_goods_that_leave_are_told_as_a_shipping_event(world, deliver):
    order = world.signed("10")
    shipment = world.ship(order, "4")

    deliver()

    producer, buyer = refs(world)
    lot = the_lot(world)
    assert documents() == [
        {
            "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "shipping", "disposition": "in_transit",
            "eventTime": "2026-07-15T12:00:00.000+08:00", "eventTimeZoneOffset": "+08:00",
            "quantityList": [{"epcClass": lot.uri, "quantity": 4}],
            "readPoint": {"id": producer},
            "bizTransactionList": [
                {"type": "po", "bizTransaction": f"urn:uuid:{order.public_id}"},
                {"type": "desadv", "bizTransaction": f"urn:uuid:{shipment.public_id}"},
            ],
            "sourceList": [{"type": "possessing_party", "source": producer}],
            "destinationList": [{"type": "possessing_party", "destination": buyer}],
        }
    ]  # fmt: skip
    assert lot.uri == f"https://id.gs1.org/01/{numbers.own_number(world.listings[0].sku_id)}/10/{lot.code}"
    assert problems_of_event({"@context": list(CONTEXTS), **documents()[0]}) == []
    assert rows("SELECT lot_id, order_number, quantity, unit FROM trace_consignments") == [
        (lot.id, order.number, Decimal("4.000"), "bag")
    ]


def test_what_is_accepted_and_what_is_not_are_two_events_of_the_buyers(world, deliver):
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "7", "3")

    deliver(times=2)

    lot = the_lot(world)
    told = [(each["bizStep"], each["disposition"], each["quantityList"]) for each in documents()]
    assert sorted(told, key=str) == sorted(
        [
            ("shipping", "in_transit", [{"epcClass": lot.uri, "quantity": 10}]),
            ("receiving", "in_progress", [{"epcClass": lot.uri, "quantity": 7}]),
            ("receiving", "returned", [{"epcClass": lot.uri, "quantity": 3}]),
            ("accepting", "returned", [{"epcClass": lot.uri, "quantity": 3}]),
        ],
        key=str,
    )
    assert rows("SELECT accepted, rejected FROM trace_receipts") == [(Decimal("7.000"), Decimal("3.000"))]
    assert rows(
        "SELECT DISTINCT movement_id IN (SELECT movement_id FROM trace_consignments), county_code FROM trace_receipts, trace_events"
    ) == [(True, "620421")]


def test_the_same_told_again_changes_nothing(world, deliver):
    order = world.signed("10")
    world.accept(order, world.ship(order, "10"), "7", "3")
    deliver()
    before = digest()
    told = rows(
        "SELECT topic, payload FROM outbox_events WHERE topic IN ('orders.order_shipped', 'orders.goods_accepted') ORDER BY id"
    )

    with transaction():
        for topic, payload in reversed(told):
            take = consignments.take_shipment if topic == "orders.order_shipped" else consignments.take_acceptance
            take(payload, recorded_at=world.at)

    attributes = db.session.scalar(text("SELECT count(*) FROM trace_event_attributes"))
    assert len(before) == 5 + 5 + attributes + 2 + 1 + 1
    assert digest() == before


def test_both_sides_see_the_goods_and_nobody_else(world, deliver):
    world.ship(world.signed("10"), "10")
    deliver()
    other = make_world()

    seen = [
        db.session.scalars(select(TraceEvent.type).where(visible_to(actor))).all()
        for actor in (world.producer, world.buyer, other.producer, other.buyer)
    ]

    assert seen == [["ObjectEvent", "ObjectEvent"], ["ObjectEvent", "ObjectEvent"], [], []]


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("2026-07A", "2026-07A"),
        ("七月第一批", "DK_7"),
        ("A" * 21, "DK_7"),
        ("a/b", "DK_7"),
        ("..", "DK_7"),
        ("DK_12", "DK_7"),
    ],
)
def test_a_lot_is_called_by_its_code_where_gs1_has_room_for_it(code, number):
    assert names.lot_number(code, 7) == number
    assert names.key_of(number) == (7 if number == "DK_7" else None)


def test_the_digits_and_number_of_a_label_find_exactly_its_lot(world):
    lot = the_lot(world)

    assert goods.find_lot(lot.number, lot.code) == lot
    assert goods.find_lot(lot.number, f"DK_{lot.id}") == lot
    assert [goods.find_lot(lot.number, "x"), goods.find_lot("06901234567892", lot.code)] == [None, None]


def test_goods_that_were_not_accepted_are_told_to_be_back_at_the_producer_once_for_each_return(world, deliver):
    order = world.signed("10")
    shipments = [world.ship(order, "5") for _ in range(2)]
    for shipment in shipments:
        world.accept(order, shipment, "3", "2")

    deliver(times=2)

    producer, _buyer = refs(world)
    back = [each for each in documents() if each["bizStep"] == "accepting"]
    assert [(each["disposition"], each["readPoint"], each["quantityList"][0]["quantity"]) for each in back] == [
        ("returned", {"id": producer}, 2)
    ] * 2
    assert [problems_of_event({"@context": list(CONTEXTS), **each}) for each in back] == [[], []]


def test_a_shipment_that_says_where_it_leaves_is_read_there(world, deliver):
    with transaction():
        owner = world.producer.organisation_id
        new = places.NewPlace("collection_point", "东湾集货点", tier="township", gln="6901234567892")
        point = places.add_place(owner, new, world.producer, at=world.at)
    order = world.signed("10")
    [line] = lines_of(order)
    with transaction():
        draft = shipping.ShipmentDraft([shipping.ItemToShip(line.public_id, Decimal(4))], place=point.public_id)
        shipping.ship_order(order.public_id, draft, actor=world.producer, at=world.at)
    deliver()

    assert [each["readPoint"] for each in documents()] == [{"id": "https://id.gs1.org/414/6901234567892"}]
    draft = shipping.ShipmentDraft([shipping.ItemToShip(line.public_id, Decimal(4))], place=order.public_id)
    with pytest.raises(places.NoSuchPlace), transaction():
        shipping.ship_order(order.public_id, draft, actor=world.producer, at=world.at)


def test_a_buyer_of_a_lot_reads_nothing_of_who_else_bought_it(world, deliver, client, bearer, login):
    hospital = make_world(name="乙医院")
    other = replace(world, buyer=hospital.buyer, unit_id=hospital.unit_id)
    first, second = world.signed("10"), other.signed("20")
    world.accept(first, world.ship(first, "10"), "10")
    other.accept(second, other.ship(second, "20"), "15", "5")
    deliver()
    lot = the_lot(world)
    name = f"urn:uuid:{db.session.get_one(Organisation, other.buyer.organisation_id).public_id}"

    def steps(actor: Actor) -> list[tuple[str, Any]]:
        query = "MATCH_anyEPCClass=" + quote(lot.uri, safe="")
        body = client.get(f"/epcis/events?{query}", headers=bearer(actor)).json
        events = body["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        return sorted((each["bizStep"], each["quantityList"][0]["quantity"]) for each in events)

    ours, theirs, makers = (steps(actor) for actor in (world.buyer, other.buyer, world.producer))
    said = client.get(f"/api/v1/trace/{quote(lot.uri, safe='')}?direction=down", headers=bearer(world.buyer)).text
    handed = client.get(
        f"/api/v1/trace/handovers/{quote(lot.uri, safe='')}?direction=down", headers=bearer(world.buyer)
    )
    page = login(world.buyer).get(f"/desk/lots/{lot.public_id}/genealogy?show=nearest").text
    [receipt] = db.session.scalars(
        select(TraceEvent.event_id).where(TraceEvent.document["disposition"].astext == "returned",
                                          TraceEvent.organisation_id == other.buyer.organisation_id)
    )  # fmt: skip
    refused = client.get("/api/v1/trace/receipts", query_string={"event": receipt}, headers=bearer(world.buyer))

    made = ("creating_class_instance", 100)
    assert ours == [made, ("receiving", 10), ("shipping", 10)]
    assert theirs == [made, ("receiving", 5), ("receiving", 15), ("shipping", 20)]
    assert makers == sorted([("accepting", 5), ("receiving", 10), ("shipping", 10), *theirs])
    assert name not in said
    assert name not in handed.text
    assert [each["destinations"] for each in handed.json["items"]] == [[refs(world)[1]]] * 2
    assert ("乙医院" in page, second.number in page, first.number in page) == (False, False, True)
    assert refused.status_code == 404
