"""An institution reads how what it bought was made, by queries and genealogy; not who else got it, nor the packs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

from catalog.lots.batches import packing, places, services
from catalog.lots.batches.packing import Packing
from catalog.lots.batches.services import NewBatch
from catalog.products.models import Product, Sku
from shop.db import db, transaction
from tests import factories
from tests.conftest import NOON
from tests.purchase.world import World, make_world
from traceability.journey.goods import lots_of
from traceability.pieces import services as pieces


def test_an_institution_reads_purchase_mixing_and_packing_of_its_lot_and_no_other_buyers(
    session, deliver, client, bearer
):
    world, other = make_world(stock="0"), make_world()
    producer = world.producer
    sku = db.session.get_one(Sku, world.listings[0].sku_id)
    product = db.session.get_one(Product, sku.product_id)
    with transaction():
        plot = places.add_place(
            product.producer_id, places.NewPlace("plot", "一号地块"), producer, at=factories.LONG_AGO
        )
        made = [
            services.record_birth(
                NewBatch(product.public_id, kind, Decimal(50), plot.public_id, NOON), producer, at=NOON
            )
            for kind in ("harvest", "received")
        ]
        mixed = services.mix({each.public_id: Decimal(40) for each in made}, producer, occurred_at=NOON, at=NOON)
        lot = packing.pack(Packing(mixed.public_id, sku.public_id, "L1", Decimal(40), NOON), producer, at=NOON)
        pieces.issue(lot.public_id, 3, producer, at=NOON)
    first = world.signed("10")
    world.accept(first, world.ship(first, "10"), "10")
    also = World(other.buyer, producer, world.listings, other.unit_id)
    also.ship(also.signed("5"), "5")
    deliver()

    def asked(actor: Any) -> list[str]:
        uri = lots_of([lot.id])[lot.id].uri
        header = bearer(actor)
        up = client.get(f"/api/v1/trace/{quote(uri, safe='')}?direction=up", headers=header)
        return sorted(
            each["bizStep"] for each in up.json["events"]["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        )

    ours = ["creating_class_instance", "packing", "receiving", "receiving", "repackaging", "shipping"]
    assert asked(world.buyer) == ours
    found = client.get("/epcis/events?EQ_bizStep=packing|repackaging|commissioning", headers=bearer(world.buyer))
    listed = found.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert sorted(each["bizStep"] for each in listed) == ["packing", "repackaging"]
    assert asked(other.buyer) == ["creating_class_instance", "packing", "receiving", "repackaging", "shipping"]
