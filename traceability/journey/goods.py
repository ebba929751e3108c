"""What the market knows of the lots that events are about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from catalog.lots.models import Lot
from catalog.products import numbers
from catalog.products.models import Product, Sku
from shop.db import db
from shop.identity.models import Organisation
from traceability.journey import names


@dataclass(frozen=True, slots=True)
class LotOfGoods:
    """A lot with the goods that it is of."""

    id: int
    public_id: UUID
    code: str
    #: The 14 digits of its goods.
    number: str
    unit: str
    produced_on: date
    expires_on: date | None
    county_code: str
    producer_id: int
    producer_ref: UUID

    @property
    def uri(self) -> str:
        """What events call it."""
        return names.lot_uri(self.number, self.code, self.id)


_QUERY = (
    select(
        Lot.id, Lot.public_id, Lot.code, Sku.id.label("sku"), Sku.gtin, Sku.unit, Lot.produced_on, Lot.expires_on,
        Product.county_code, Product.producer_id, Organisation.public_id.label("producer_ref"),
    )
    .join(Sku, Sku.id == Lot.sku_id)
    .join(Product, Product.id == Sku.product_id)
    .join(Organisation, Organisation.id == Product.producer_id)
)  # fmt: skip


def lots_of(lot_ids: Iterable[int]) -> dict[int, LotOfGoods]:
    """Return lots by their keys."""
    rows = db.session.execute(_QUERY.where(Lot.id.in_(sorted(set(lot_ids)))))
    return {
        row.id: LotOfGoods(
            id=row.id, public_id=row.public_id, code=row.code, number=numbers.trade_number(row.sku, row.gtin),
            unit=row.unit, produced_on=row.produced_on, expires_on=row.expires_on, county_code=row.county_code,
            producer_id=row.producer_id, producer_ref=row.producer_ref,
        )
        for row in rows
    }  # fmt: skip


def find_lot(number: str, lot_number: str) -> LotOfGoods | None:
    """Return the lot that a label's 14 digits and lot number name."""
    sku_id = numbers.sku_of(number)
    if sku_id is None:
        return None
    key = names.key_of(lot_number)
    named = Lot.code == lot_number if key is None else Lot.id == key
    found = db.session.scalars(select(Lot.id).where(Lot.sku_id == sku_id, named, Lot.status != "undone")).one_or_none()
    return None if found is None else lots_of([found])[found]
