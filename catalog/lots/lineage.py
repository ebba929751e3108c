"""What was made of lots, as the acts on them say, and the lock under which nobody makes more of it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text

from shop.db import db

#: Acts of a producer share it; a recall has it alone, so that it sees all that was made and no act runs beside it.
_KEY = "hashtextextended('lineage:' || :producer, 0)"
_SHARED = text(f"SELECT pg_advisory_xact_lock_shared({_KEY})")
_ALONE = text(f"SELECT pg_advisory_xact_lock({_KEY})")
_PRODUCERS = text("""
    SELECT p.producer_id FROM lots l JOIN skus s ON s.id = l.sku_id JOIN products p ON p.id = s.product_id
    WHERE l.id = ANY(:lots) UNION SELECT producer_id FROM batches WHERE id = ANY(:batches) ORDER BY producer_id""")
#: Opened packs become batches, batches become batches and lots; what was undone was never made. Acts keep to one producer.
_MADE_OF = text("""
    WITH RECURSIVE made (is_lot, id) AS (
        (SELECT true, unnest(CAST(:lots AS bigint[])) UNION ALL SELECT false, unnest(CAST(:batches AS bigint[])))
        UNION
        SELECT x.is_lot, x.id FROM made m CROSS JOIN LATERAL (
            SELECT true, l.id FROM lots l WHERE NOT m.is_lot AND l.batch_id = m.id AND l.status <> 'undone'
            UNION ALL
            SELECT false, b.id FROM (
                SELECT act_id FROM lot_movements WHERE m.is_lot AND lot_id = m.id AND kind = 'unpacked'
                UNION ALL
                SELECT act_id FROM batch_movements WHERE NOT m.is_lot AND batch_id = m.id AND quantity_kg < 0) taken
            JOIN batch_acts a ON a.id = taken.act_id AND a.kind <> 'undo'
            JOIN batch_movements o ON o.act_id = a.id AND o.quantity_kg > 0
            JOIN batches b ON b.id = o.batch_id AND b.status <> 'undone') x (is_lot, id)
    )
    SELECT is_lot, id FROM made ORDER BY is_lot, id""")


def hold(producer_id: int) -> None:
    """Let recalls of a producer's lots wait until the act's transaction ends; before any lock on stock, lots or batches."""
    db.session.execute(_SHARED, {"producer": str(producer_id)})


def hold_alone(lot_ids: Iterable[int], batches: Iterable[int] = ()) -> None:
    """Let acts of the lots' and batches' producers wait until the transaction ends."""
    for producer_id in db.session.scalars(_PRODUCERS, {"lots": list(lot_ids), "batches": list(batches)}).all():
        db.session.execute(_ALONE, {"producer": str(producer_id)})


def made_of(lot_ids: Iterable[int], batches: Iterable[int] = ()) -> tuple[list[int], list[int]]:
    """Return the lots and every lot that was made of them and of the batches, and the batches with those that were."""
    rows = db.session.execute(_MADE_OF, {"lots": sorted(set(lot_ids)), "batches": sorted(set(batches))}).all()
    return [row.id for row in rows if row.is_lot], [row.id for row in rows if not row.is_lot]
