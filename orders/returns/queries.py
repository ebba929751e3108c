"""Returns as lists and pages show them, and what of an order can still go back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.orm import aliased

from orders.purchase.access import visible_orders
from orders.purchase.models import Order
from orders.returns.deciding import NoSuchReturn
from orders.returns.models import OPEN, GoodsReturn
from shop.auth import Actor
from shop.db import db
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True, slots=True)
class ReturnItemRow:
    """So much of a shipped item, and what became of it."""

    id: UUID
    shipment_item_id: UUID
    title: str
    unit: str
    lot_id: UUID
    lot_code: str
    lot_status: str
    shipment_number: str
    quantity: Decimal
    to_lot: Decimal
    apart: Decimal
    destroyed: Decimal
    apart_lot_id: UUID | None
    apart_lot_code: str | None

    @property
    def came(self) -> Decimal:
        """What has come back."""
        return self.to_lot + self.apart + self.destroyed


@dataclass(frozen=True)
class ReturnRow:
    """A return with its items."""

    key: int
    id: UUID
    number: str
    status: str
    reason: str
    is_recall: bool
    opened_at: datetime
    carrier: str
    tracking_ref: str
    sent_at: datetime | None
    received_at: datetime | None
    note: str
    order_key: int
    order_id: UUID
    order_number: str
    buyer_id: int
    buyer: str
    producer_id: int
    producer: str
    items: Sequence[ReturnItemRow] = field(default=())


@dataclass(frozen=True, slots=True)
class Returnable:
    """A shipped item of which something accepted can go back."""

    item_id: UUID
    title: str
    unit: str
    lot_code: str
    shipment_number: str
    left: Decimal
    recall_reason: str | None


def list_returns(
    actor: Actor, at: datetime, *, limit: int, cursor: str | None = None, statuses: Collection[str] = (), order_id: int | None = None
) -> Page[ReturnRow]:  # fmt: skip
    """Return a page of the returns of orders that the actor may see, newest first."""
    query = _returns(actor, at).order_by(GoodsReturn.id.desc()).limit(limit + 1)
    if statuses:
        query = query.where(GoodsReturn.status.in_(statuses))
    if order_id is not None:
        query = query.where(GoodsReturn.order_id == order_id)
    if after := decode_cursor(cursor, int):
        query = query.where(GoodsReturn.id < after[0])
    return make_page(_with_items(query), limit, lambda row: (row.key,))


def get_return(return_id: UUID, actor: Actor, at: datetime) -> ReturnRow:
    """Return a return.

    :raises NoSuchReturn: if there is none that the actor may see.
    """
    found = _with_items(_returns(actor, at).where(GoodsReturn.public_id == return_id))
    if not found:
        raise NoSuchReturn(_("没有找到。"))
    return found[0]


def _returns(actor: Actor, at: datetime) -> Select[*tuple[Any, ...]]:
    buyer, producer = aliased(Organisation), aliased(Organisation)
    return (
        select(
            GoodsReturn.id, GoodsReturn.public_id, GoodsReturn.number, GoodsReturn.status, GoodsReturn.reason,
            GoodsReturn.is_recall, GoodsReturn.opened_at, GoodsReturn.carrier, GoodsReturn.tracking_ref, GoodsReturn.sent_at,
            GoodsReturn.received_at, GoodsReturn.note, Order.id, Order.public_id, Order.number, buyer.id, buyer.name,
            producer.id, producer.name,
        )
        .join(Order, Order.id == GoodsReturn.order_id)
        .join(buyer, buyer.id == Order.buyer_id)
        .join(producer, producer.id == Order.producer_id)
        .where(visible_orders(actor, at))
    )  # fmt: skip


_ITEMS = text("""
    SELECT i.return_id, i.public_id, s.public_id, l.title, l.unit, t.public_id, t.code, t.status, h.number,
           i.quantity, i.to_lot, i.apart, i.destroyed, a.public_id, a.code
    FROM goods_return_items i JOIN shipment_items s ON s.id = i.shipment_item_id JOIN shipments h ON h.id = s.shipment_id
    JOIN order_lines l ON l.id = s.line_id JOIN lots t ON t.id = s.lot_id LEFT JOIN lots a ON a.id = i.apart_lot_id
    WHERE i.return_id = ANY(:returns) ORDER BY l.position, i.id""")


def _with_items(query: Select[*tuple[Any, ...]]) -> list[ReturnRow]:
    db.session.flush()  # the statements below read what this transaction has changed
    rows = db.session.execute(query).all()
    items: dict[int, list[ReturnItemRow]] = defaultdict(list)
    for key, *values in db.session.execute(_ITEMS, {"returns": [row[0] for row in rows]}) if rows else ():
        items[key].append(ReturnItemRow(*values))
    return [ReturnRow(*(*row, items[row[0]])) for row in rows]


_RETURNABLE = text("""
    SELECT s.public_id, l.title, l.unit, t.code, h.number, s.accepted - coalesce(g.going, 0) AS left,
           (SELECT r.reason FROM lot_recalls r WHERE r.lot_id = t.id AND r.lifted_at IS NULL ORDER BY r.id LIMIT 1)
    FROM shipments h JOIN shipment_items s ON s.shipment_id = h.id JOIN order_lines l ON l.id = s.line_id
    JOIN lots t ON t.id = s.lot_id
    LEFT JOIN LATERAL (
        SELECT sum(i.quantity) AS going FROM goods_return_items i JOIN goods_returns r ON r.id = i.return_id
        WHERE i.shipment_item_id = s.id AND r.status = ANY(:open)) g ON true
    WHERE h.order_id = :order AND s.accepted > coalesce(g.going, 0) ORDER BY l.position, s.id""")


def list_returnable(order_id: int) -> list[Returnable]:
    """Return what of an order was accepted and does not go back yet."""
    return [Returnable(*row) for row in db.session.execute(_RETURNABLE, {"order": order_id, "open": list(OPEN)})]
