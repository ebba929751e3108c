"""What follows by itself: goods that fell away after they were paid are asked back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.payments import refunds
from shop.db import db
from shop.outbox.models import OutboxEvent
from shop.outbox.services import subscribe


@subscribe("orders.goods_accepted")
@subscribe("orders.order_cancelled")
@subscribe("orders.order_closed_short")
def on_order_reduced(*, event_id: UUID | str, order_id: str, **_: Any) -> None:
    """Ask back what was paid for goods that were rejected or will never come, as of the event."""
    event = db.session.get_one(OutboxEvent, UUID(str(event_id)))
    refunds.request_what_is_too_much(UUID(order_id), event.occurred_at)
