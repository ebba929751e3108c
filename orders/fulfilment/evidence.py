"""Who may open a paper of a delivery: whoever sees the order."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from orders.fulfilment.models import Acceptance, AcceptanceFile
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
    return found.first() is not None


def init_app(_app: Flask) -> None:
    """Let papers of deliveries be opened."""
    files.allow(may_read)
