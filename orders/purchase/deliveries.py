"""Where orders are delivered and who takes the goods there, for whoever must reach them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from orders.purchase.models import Order, Procurement
from shop.db import db
from shop.identity.models import Organisation


class Delivery(NamedTuple):
    """Who takes goods, where, and how to reach them."""

    name: str
    phone: str
    address: str


def deliveries_of(order_ids: Iterable[UUID]) -> Mapping[UUID, Delivery]:
    """Return where orders are delivered; what an order leaves open is as its buyer has it in general."""
    rows = db.session.execute(
        select(
            Order.public_id, Procurement.consignee, Procurement.consignee_phone, Procurement.delivery_address,
            Organisation.contact_name, Organisation.contact_phone, Organisation.address,
        )
        .join(Procurement, Procurement.id == Order.procurement_id)
        .join(Organisation, Organisation.id == Order.buyer_id)
        .where(Order.public_id.in_(list(order_ids)))
    )  # fmt: skip
    return {
        row[0]: Delivery(*(said or general for said, general in zip(row[1:4], row[4:7], strict=True))) for row in rows
    }
