"""Adds to ``duikou verify`` that what came back is what returns say."""

from __future__ import annotations

from functools import partial

from flask import Flask

from orders.ledger.verify import Result, compare, register

_COUNT = "SELECT count(*) FROM goods_returns WHERE cast(:order AS bigint) IS NULL OR order_id = :order"
_DIFFERENCES = """
    SELECT format('shipped item %s: %s came back, its returns say %s', s.public_id, s.returned, r.came)
    FROM shipment_items s JOIN shipments h ON h.id = s.shipment_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(i.to_lot + i.apart + i.destroyed), 0) AS came FROM goods_return_items i
        JOIN goods_returns g ON g.id = i.return_id WHERE i.shipment_item_id = s.id AND g.status = 'received') r
    WHERE s.returned <> r.came AND (cast(:order AS bigint) IS NULL OR h.order_id = :order) ORDER BY s.id"""


def check(order_id: int | None) -> Result:
    """Compare each shipped item's returned quantity with its returns."""
    return compare(_COUNT, _DIFFERENCES, order=order_id)


def init_app(_app: Flask) -> None:
    """Register the check."""
    register("returns", partial(check))
