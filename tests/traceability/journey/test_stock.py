"""Stock without a recorded origin, and what was destroyed or expired, are events too."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from catalog.lots import expiring
from catalog.lots import services as lots
from catalog.products.models import Sku
from orders.fulfilment.models import ShipmentItem
from shop.auth import Actor
from shop.db import db, transaction
from tests import factories as make
from tests.conftest import NOON
from tests.purchase.world import make_world
from traceability.journey.events import CONTEXTS
from traceability.repository.models import TraceEvent
from traceability.standard.validation import problems_of_event


@pytest.fixture
def producer(session) -> Actor:
    with transaction():
        return make.make_producer()


def put_in_stock(producer: Actor, **changes: Any) -> Any:
    with transaction():
        sku = make.make_sku(make.make_product(producer), producer, gtin="6901234567892")
        return make.make_lot(sku, producer, "100", lot_code="A1", **changes)


def documents() -> list[dict[str, Any]]:
    return list(db.session.scalars(select(TraceEvent.document).order_by(TraceEvent.id)))


def test_a_lot_put_in_stock_without_a_batch_is_added(producer, deliver):
    put_in_stock(producer)

    deliver(times=2)

    (event,) = documents()
    assert event["quantityList"] == [{"epcClass": "https://id.gs1.org/01/06901234567892/10/A1", "quantity": 100}]
    assert (event["action"], event["bizStep"], event["ilmd"]) == (
        "ADD", "creating_class_instance", {"cbvmda:lotNumber": "A1"}
    )  # fmt: skip
    assert problems_of_event({"@context": list(CONTEXTS), **event}) == []


def test_what_is_written_off_or_expires_is_taken_away_and_a_count_is_not_told(producer, deliver):
    lot = put_in_stock(producer, expires_on=date(2026, 8, 1))
    with transaction():
        lots.adjust_lot(lot, Decimal(-10), reason="盘点", actor=producer, at=NOON)
    later = datetime(2026, 8, 2, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
    with transaction():
        expiring.expire_lots(date(2026, 8, 2), at=later)

    deliver(times=2)

    told = [
        (each["action"], each["bizStep"], each["disposition"], each["quantityList"][0]["quantity"])
        for each in documents()
    ]
    assert told == [("ADD", "creating_class_instance", "active", 100), ("DELETE", "destroying", "expired", 90)]
    assert [problems_of_event({"@context": list(CONTEXTS), **each}) for each in documents()] == [[], []]


def test_two_of_as_much_that_are_taken_away_at_once_are_two_events(session, deliver):
    world = make_world(stock="0")
    with transaction():
        sku = db.session.get_one(Sku, world.listings[0].sku_id)
        make.make_lot(sku, world.producer, "100", lot_code="A1", expires_on=date(2026, 7, 16))
    order = world.signed("10")
    shipments = [world.ship(order, "5") for _ in range(2)]
    world.later(days=3)
    with transaction():
        for shipment in shipments:
            item = db.session.scalars(select(ShipmentItem).where(ShipmentItem.shipment_id == shipment.id)).one()
            lots.take_back(item.lot_id, Decimal(5), ref=f"x{shipment.id}", at=world.at, user_id=None, destroyed=False)

    deliver(times=2)

    told = sorted((each["bizStep"], each["quantityList"][0]["quantity"]) for each in documents())
    born = ("creating_class_instance", 100)
    assert told[:5] == [("accepting", 5), ("accepting", 5), born, ("destroying", 5), ("destroying", 5)]
    gone = [each for each in documents() if each["action"] == "DELETE"]
    assert len({each["bizTransactionList"][0]["bizTransaction"] for each in gone}) == 2
    assert [problems_of_event({"@context": list(CONTEXTS), **each}) for each in gone] == [[], []]
