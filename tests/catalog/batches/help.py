"""Batches for tests: a producer with a plot, a product, a pack of 500 g."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from catalog.lots.batches import packing, places, services
from catalog.lots.batches.models import Batch, Place
from catalog.lots.models import Lot
from catalog.products.models import Product, Sku
from shop.auth import Actor
from shop.db import db, transaction
from tests import factories as make
from tests.conftest import NOON


@dataclass
class Farm:
    actor: Actor
    plot: Place
    product: Product
    sku: Sku

    def harvest(self, quantity: str = "100", **changes: Any) -> Batch:
        values: dict[str, Any] = {
            "product": self.product.public_id, "kind": "harvest", "quantity_kg": Decimal(quantity),
            "place": self.plot.public_id, "occurred_at": NOON,
        } | changes  # fmt: skip
        with transaction():
            return services.record_birth(services.NewBatch(**values), self.actor, at=NOON)

    def pack(self, batch: Batch, quantity: str = "10", code: str = "A1", **changes: Any) -> Lot:
        values: dict[str, Any] = {
            "batch": batch.public_id, "sku": self.sku.public_id, "code": code, "quantity": Decimal(quantity),
            "occurred_at": NOON,
        } | changes  # fmt: skip
        with transaction():
            return packing.pack(packing.Packing(**values), self.actor, at=NOON)

    def process(self, inputs: dict[Batch, str], quantity: str, bound: str = "1", **changes: Any) -> Batch:
        values: dict[str, Any] = {
            "inputs": {batch.public_id: Decimal(kg) for batch, kg in inputs.items()}, "product": self.product.public_id,
            "quantity_kg": Decimal(quantity), "yield_bound": Decimal(bound), "occurred_at": NOON,
        } | changes  # fmt: skip
        with transaction():
            return services.process(services.Processing(**values), self.actor, at=NOON)


def make_farm(**product: Any) -> Farm:
    with transaction():
        actor = make.make_producer()
        plot = places.add_place(
            actor.organisation_id,
            places.NewPlace("plot", "三号地块", township="东湾镇", village="大坝村"),
            actor,
            at=make.LONG_AGO,
        )
        made = make.make_product(actor, **product)
        return Farm(actor, plot, made, make.make_sku(made, actor))


def left(*batches: Batch) -> list[Any]:
    found = {row.id: row.on_hand_kg for row in db.session.execute(text("SELECT id, on_hand_kg FROM batches"))}
    return [found[batch.id] for batch in batches]


def events(topic: str) -> list[dict[str, Any]]:
    rows = db.session.execute(
        text("SELECT payload FROM outbox_events WHERE topic = :topic ORDER BY id"), {"topic": topic}
    )
    return list(rows.scalars())
