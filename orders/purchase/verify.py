"""Checks of purchases for ``duikou verify``: reservations, and each procurement's money from its parts."""

from __future__ import annotations

from flask import Flask

from orders.ledger import verify
from orders.ledger.verify import Result

#: What orders still hold of each SKU against what the stock says is reserved.
_RESERVED = """
    SELECT format('SKU %s: reserved %s, open orders hold %s', sku, kept, held) FROM (
        SELECT coalesce(s.sku_id, o.sku_id) AS sku, coalesce(s.reserved, 0) AS kept, coalesce(o.held, 0) AS held
        FROM sku_stock s FULL JOIN (
            SELECT l.sku_id, sum(l.quantity - l.cancelled - l.shipped) AS held FROM order_lines l GROUP BY l.sku_id) o
        ON o.sku_id = s.sku_id) both_sides
    WHERE kept <> held
      AND (cast(:order AS bigint) IS NULL OR sku IN (SELECT sku_id FROM order_lines WHERE order_id = :order))
    ORDER BY sku"""
_ORDERS = """
    SELECT format('order %s: goods %s, lines %s', o.number, o.goods_fen, sum(l.amount_fen))
    FROM orders o JOIN order_lines l ON l.order_id = o.id
    WHERE cast(:order AS bigint) IS NULL OR o.id = :order
    GROUP BY o.id HAVING o.goods_fen <> sum(l.amount_fen)
       OR bool_or(l.amount_fen <> round(l.unit_price_fen * l.quantity)) ORDER BY o.id"""
_DELIVERED = """
    SELECT format('line %s of order %s: shipped %s, accepted %s, rejected %s, returned %s; items say %s, %s, %s, %s', l.position,
                  o.number, l.shipped, l.accepted, l.rejected, l.returned, i.shipped, i.accepted, i.rejected, i.returned)
    FROM order_lines l JOIN orders o ON o.id = l.order_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(quantity), 0) AS shipped, coalesce(sum(accepted), 0) AS accepted,
               coalesce(sum(rejected), 0) AS rejected, coalesce(sum(returned), 0) AS returned
        FROM shipment_items WHERE line_id = l.id) i
    WHERE (cast(:order AS bigint) IS NULL OR o.id = :order)
      AND (l.shipped, l.accepted, l.rejected, l.returned)
          IS DISTINCT FROM (i.shipped, i.accepted, i.rejected, i.returned) ORDER BY l.id"""
_DUES = """
    SELECT format('order %s: %s fen fall due and are open, its money says %s', number, open,
                  CASE WHEN whole THEN owed ELSE least(greatest(due - covered, 0), owed) END) FROM (
        SELECT o.id, o.number, sum(d.open_fen) AS open, sum(d.amount_fen) AS due,
               greatest(o.due_fen - o.received_fen + o.refunded_fen + o.held_fen, 0) AS owed,
               NOT EXISTS (SELECT FROM order_lines l
                           WHERE l.order_id = o.id AND l.quantity > l.cancelled + l.accepted + l.rejected) AS whole,
               greatest(o.received_fen - o.refunded_fen - o.held_fen + CASE WHEN o.payment_mode = 'goods_first' THEN (
                   SELECT sum(l.allowed_fen) FROM order_lines l WHERE l.order_id = o.id) ELSE 0 END, 0) AS covered
        FROM orders o JOIN order_dues d ON d.order_id = o.id
        WHERE cast(:order AS bigint) IS NULL OR o.id = :order GROUP BY o.id) each
    WHERE open <> CASE WHEN whole THEN owed ELSE least(greatest(due - covered, 0), owed) END ORDER BY id"""
_PROCUREMENTS = """
    SELECT format('procurement %s is %s: %s orders, %s of them open', p.number, p.status, count(o.id),
                  count(o.id) FILTER (WHERE o.open))
    FROM procurements p LEFT JOIN LATERAL (
        SELECT q.id, q.status NOT IN ('declined', 'lapsed', 'cancelled', 'shipped', 'closed_short')
               OR EXISTS (SELECT FROM order_lines l WHERE l.order_id = q.id AND l.accepted + l.rejected < l.shipped) AS open
        FROM orders q WHERE q.procurement_id = p.id) o ON true
    WHERE cast(:order AS bigint) IS NULL OR p.id = (SELECT procurement_id FROM orders WHERE id = :order)
    GROUP BY p.id
    HAVING (p.status IN ('placed', 'completed')) <> (count(o.id) > 0)
       OR (p.status = 'completed') <> (count(o.id) > 0 AND count(o.id) FILTER (WHERE o.open) = 0)
    ORDER BY p.id"""


def check_reservations(order_id: int | None) -> Result:
    """Compare what is reserved of each SKU with what orders are still to ship of it."""
    return verify.compare("SELECT count(*) FROM sku_stock", _RESERVED, order=order_id)


def check_orders(order_id: int | None) -> Result:
    """Compare each order's goods with its lines, and each line with price times quantity."""
    return verify.compare(_count("orders", "id"), _ORDERS, order=order_id)


def check_deliveries(order_id: int | None) -> Result:
    """Compare each line's shipped, accepted and rejected quantities with its shipments."""
    return verify.compare(_count("order_lines", "order_id"), _DELIVERED, order=order_id)


def check_dues(order_id: int | None) -> Result:
    """Compare what of each order falls due and is open with the money that the order has."""
    return verify.compare(_count("order_dues", "order_id"), _DUES, order=order_id)


def check_procurements(order_id: int | None) -> Result:
    """Compare each procurement's state with its orders: completed if and only if every one has ended."""
    return verify.compare("SELECT count(*) FROM procurements", _PROCUREMENTS, order=order_id)


def _count(table: str, column: str) -> str:
    return f"SELECT count(*) FROM {table} WHERE cast(:order AS bigint) IS NULL OR {column} = :order"


def init_app(_app: Flask) -> None:
    """Register the checks."""
    verify.register("reservations", check_reservations)
    verify.register("orders from lines", check_orders)
    verify.register("lines from shipments", check_deliveries)
    verify.register("due days from money", check_dues)
    verify.register("procurements from orders", check_procurements)
