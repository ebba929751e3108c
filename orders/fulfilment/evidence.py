"""Who may open a paper of a delivery, or of the goods delivered: whoever sees the order."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from catalog.lots.records.evidence import lots_of_file
from orders.fulfilment.models import Acceptance, AcceptanceFile, Shipment, ShipmentItem
from orders.purchase.access import visible_orders
from orders.purchase.models import Order
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.files import services as files


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file is a paper of a delivery of an order that the actor sees."""
    if not (actor.may("orders:read") or actor.may("orders:inspect")):
        return False
    found = db.session.execute(
        select(AcceptanceFile.file_id)
        .join(Acceptance, Acceptance.id == AcceptanceFile.acceptance_id)
        .join(Order, Order.id == Acceptance.order_id)
        .where(AcceptanceFile.file_id == file_id, visible_orders(actor, clock.now()))
        .limit(1)
    )
    return found.first() is not None or _is_of_goods(actor, file_id)


def _is_of_goods(actor: Actor, file_id: int) -> bool:
    """Say whether a file is a test, a paper of meat or a logger's of a lot that was shipped for an order the actor sees."""
    lots = lots_of_file(file_id)
    if not lots:
        return False
    found = db.session.execute(
        select(Shipment.id)
        .join(ShipmentItem, ShipmentItem.shipment_id == Shipment.id)
        .join(Order, Order.id == Shipment.order_id)
        .where(ShipmentItem.lot_id.in_(lots), visible_orders(actor, clock.now()))
        .limit(1)
    )
    return found.first() is not None


def init_app(_app: Flask) -> None:
    """Let papers of deliveries be opened."""
    files.allow(may_read)
