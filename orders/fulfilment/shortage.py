"""Orders whose reserved goods are no stock any more, expired or called back: the last placed wait for other goods."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text

from orders.purchase import changes
from orders.purchase.models import Order
from shop.db import db

#: What a pack's orders have reserved beyond what its open lots hold is missing to the orders placed last.
_SHORT = text("""
    WITH short AS (
        SELECT sku_id, reserved - on_hand AS missing FROM sku_stock WHERE sku_id = ANY(:skus) AND reserved > on_hand),
    waiting AS (
        SELECT l.id, l.order_id, l.sku_id, l.title, l.unit, l.quantity - l.shipped - l.cancelled AS due,
               sum(l.quantity - l.shipped - l.cancelled) OVER (PARTITION BY l.sku_id ORDER BY l.id DESC) AS so_far
        FROM orders o JOIN order_lines l ON l.order_id = o.id
        WHERE o.status IN ('awaiting_confirmation', 'confirmed', 'part_shipped') AND l.quantity > l.shipped + l.cancelled
          AND l.sku_id IN (SELECT sku_id FROM short)
          AND o.producer_id IN (SELECT p.producer_id FROM skus k JOIN products p ON p.id = k.product_id
                                WHERE k.id IN (SELECT sku_id FROM short)))
    SELECT w.order_id, w.title, w.unit, least(w.due, s.missing - (w.so_far - w.due)) AS missing
    FROM waiting w JOIN short s ON s.sku_id = w.sku_id WHERE s.missing > w.so_far - w.due
    ORDER BY w.order_id, w.id""")
_SKUS = text("""
    SELECT k.sku_id FROM order_lines l JOIN sku_stock k ON k.sku_id = l.sku_id AND k.reserved > k.on_hand
    WHERE l.order_id = :order AND l.quantity > l.shipped + l.cancelled""")
_OPEN = ("awaiting_confirmation", "confirmed", "part_shipped")


@dataclass(frozen=True, slots=True)
class Short:
    """How much of a line has no goods."""

    order_id: int
    title: str
    unit: str
    missing: Decimal


def short_of(sku_ids: Collection[int]) -> list[Short]:
    """Return what is missing to which orders of these packs, the first placed having their goods first."""
    rows = db.session.execute(_SHORT, {"skus": sorted(sku_ids)})
    return [Short(row.order_id, row.title, row.unit, row.missing) for row in rows]


def short_of_order(order: Order) -> list[Short]:
    """Return what is missing to an order that still waits for goods."""
    if order.status not in _OPEN:
        return []
    skus = db.session.scalars(_SKUS, {"order": order.id}).all()
    return [each for each in short_of(skus) if each.order_id == order.id] if skus else []


def tell_expired(sku_id: int, lots: list[str]) -> int:
    """Tell both sides of every order to which expired goods are missing; returns how many orders."""
    missing: dict[int, list[Short]] = {}
    for each in short_of([sku_id]):
        missing.setdefault(each.order_id, []).append(each)
    for order_id, short in missing.items():
        quantity = sum((each.missing for each in short), Decimal(0))
        changes.tell(
            "orders.reserved_goods_expired", db.session.get_one(Order, order_id), product=short[0].title,
            lots="、".join(lots), quantity=f"{quantity.normalize():f}", unit=short[0].unit,
        )  # fmt: skip
    return len(missing)
