"""Reads of the resolver: goods by what an address names."""

from __future__ import annotations

from sqlalchemy import text

from catalog.products import numbers
from shop.db import db
from traceability.resolver import names
from traceability.resolver.targets import Goods

_GOODS = text("""
    SELECT s.id, p.name, s.pack_spec, o.name AS producer, c.name AS county, l.public_id AS lot_id,
           l.produced_on, l.expires_on, g.public_id AS listing_id
    FROM skus s JOIN products p ON p.id = s.product_id
    JOIN organisations o ON o.id = p.producer_id JOIN assisted_counties c ON c.code = p.county_code
    LEFT JOIN lots l ON l.sku_id = s.id AND (l.id = :lot_id OR CAST(:lot_id AS bigint) IS NULL AND l.code = :lot)
    LEFT JOIN listings g ON g.sku_id = s.id AND g.status = 'listed'
    WHERE s.id = :sku_id
""")


def find_goods(number: str, lot: str | None, serial: str | None) -> Goods | None:
    """Return the goods that 14 digits name, or ``None``; a lot or piece that we do not know still is of these goods."""
    sku_id = numbers.sku_of(number)
    if sku_id is None:
        return None
    asked = {"sku_id": sku_id, "lot": lot, "lot_id": names.key_of(lot) if lot else None}
    row = db.session.execute(_GOODS, asked).one()
    return Goods(
        sku_id=row.id, number=number, product_name=row.name, pack_spec=row.pack_spec, producer_name=row.producer,
        county_name=row.county, lot=lot, serial=serial, lot_id=row.lot_id, produced_on=row.produced_on,
        expires_on=row.expires_on, listing_id=row.listing_id,
    )  # fmt: skip
