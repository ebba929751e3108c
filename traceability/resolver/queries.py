"""Reads of the resolver: goods by what an address names."""

from __future__ import annotations

from sqlalchemy import text

from catalog.products import numbers
from shop.db import db
from traceability.pieces.queries import told_lot
from traceability.resolver import names
from traceability.resolver.targets import Goods
from traceability.standard.links import CANONICAL, escape

_GOODS = text("""
    SELECT s.id, p.name, s.pack_spec, o.name AS producer, c.name AS county, l.public_id AS lot_id, l.id AS lot_key,
           l.code AS lot_code, l.produced_on, l.expires_on, g.public_id AS listing_id,
           coalesce(n.lot_id = l.id, false) AS is_issued,
           trace_is_recorded(:piece) AS is_recorded,
           CASE WHEN l.id IS NULL THEN trace_is_recorded(:named) ELSE false END AS is_lot_recorded
    FROM skus s JOIN products p ON p.id = s.product_id
    JOIN organisations o ON o.id = p.producer_id JOIN assisted_counties c ON c.code = p.county_code
    LEFT JOIN lot_serials n ON n.serial = :serial
    LEFT JOIN LATERAL (
        SELECT * FROM lots l WHERE l.sku_id = s.id
        AND CASE WHEN CAST(:lot AS text) IS NULL THEN l.id = n.lot_id
                 WHEN CAST(:lot_id AS bigint) IS NULL THEN l.code = :lot ELSE l.id = :lot_id END
        ORDER BY l.status = 'undone', l.id DESC LIMIT 1) l ON true
    LEFT JOIN listings g ON g.sku_id = s.id AND g.status = 'listed'
    WHERE s.id = :sku_id
""")


def find_goods(number: str, lot: str | None, serial: str | None) -> Goods | None:
    """Return the goods that 14 digits name, or ``None``; a lot or piece that we do not know still is of these goods.

    A label of a pack need not say its lot: its serial number does. A lot whose record was undone is found where no other has
    its code: labels of it are about.
    """
    sku_id = numbers.sku_of(number)
    if sku_id is None:
        return None
    piece = f"{CANONICAL}01/{number}/21/{escape(serial)}" if serial else None
    lot_id = names.key_of(lot) if lot else None
    named = f"{CANONICAL}01/{number}/10/{escape(lot)}" if lot else None
    asked = {"sku_id": sku_id, "named": named, "lot": lot, "lot_id": lot_id, "serial": serial, "piece": piece}
    row = db.session.execute(_GOODS, asked).one()
    known = names.lot_number(row.lot_code, row.lot_key) if row.lot_id else None
    found = Goods(
        sku_id=row.id, number=number, product_name=row.name, pack_spec=row.pack_spec, producer_name=row.producer,
        county_name=row.county, lot=lot or known, serial=serial, lot_id=row.lot_id, produced_on=row.produced_on,
        expires_on=row.expires_on, listing_id=row.listing_id, is_issued=row.is_issued,
        is_known_piece=row.is_issued or row.is_recorded, is_known_lot=row.lot_id is not None or row.is_lot_recorded,
    )  # fmt: skip
    if row.is_recorded and piece and not lot and not row.lot_id:
        return _beside_its_lot(found, piece)
    return found


def _beside_its_lot(goods: Goods, piece: str) -> Goods:
    """Return a pack that its producer numbered, with the lot that its events say, if we know that one."""
    lot = told_lot(piece)
    beside = find_goods(goods.number, lot, goods.serial) if lot else None
    return beside if beside and beside.lot_id else goods
