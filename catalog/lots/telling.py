"""Tells others what moved a lot, with everything that an event of the trace needs; what orders ship they tell themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from catalog.lots.moves import Movement
from shop.db import db
from shop.outbox.services import publish

_LOT = text("""
    SELECT l.public_id AS lot_id, l.code, l.produced_on, l.expires_on, s.public_id AS sku_id, s.gtin, s.pack_spec, s.unit,
           coalesce(l.unit_mass_g, CASE WHEN s.unit = 'kg' THEN 1000 ELSE s.net_weight_g END) AS unit_mass_g, p.producer_id, o.public_id AS producer,
           p.public_id AS product_id, p.name AS product_name, p.category_code, p.county_code, b.public_id AS batch_id
    FROM lots l JOIN skus s ON s.id = l.sku_id JOIN products p ON p.id = s.product_id
    JOIN organisations o ON o.id = p.producer_id LEFT JOIN batches b ON b.id = l.batch_id
    WHERE l.id = :lot""")


def tell_moved(movement: Movement, movement_id: int) -> None:
    """Publish that a lot was put in stock without a batch, counted, destroyed, expired or came back."""
    row = db.session.execute(_LOT, {"lot": movement.lot_id}).one()
    mass = None if row.unit_mass_g is None else f"{movement.quantity * row.unit_mass_g / 1000:.3f}"
    publish(
        "catalog.lot_moved",
        organisations=[row.producer_id],
        kind=movement.kind,
        movement=movement_id,
        ref=movement.ref,
        occurred_at=movement.at.isoformat(),
        producer_id=str(row.producer),
        county=row.county_code,
        lot={**_lot(row), "quantity": f"{movement.quantity:.3f}", "mass_kg": mass},
        reason=movement.note.get("reason", ""),
    )


def _lot(row: Any) -> dict[str, Any]:
    return {
        "lot_id": str(row.lot_id), "code": row.code, "sku_id": str(row.sku_id), "gtin": row.gtin, "pack_spec": row.pack_spec,
        "unit": row.unit, "product_id": str(row.product_id), "product_name": row.product_name,
        "category": row.category_code, "batch_id": str(row.batch_id) if row.batch_id else None,
        "produced_on": row.produced_on.isoformat(), "expires_on": row.expires_on.isoformat() if row.expires_on else None,
    }  # fmt: skip
