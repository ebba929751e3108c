"""What follows when goods that orders had reserved are no more."""

from __future__ import annotations

from typing import Any

from orders.fulfilment import shortage
from shop.outbox.services import subscribe


@subscribe("catalog.reserved_goods_expired")
def on_reserved_goods_expired(*, sku_id: int, lots: list[str], **_: Any) -> None:
    """Tell the orders that wait for other goods now."""
    shortage.tell_expired(sku_id, lots)
