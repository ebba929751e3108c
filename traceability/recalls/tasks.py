"""A recall, its lifting, and goods that turn out to have left before it, are told; in any order, each once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shop import clock
from shop.outbox.services import subscribe
from traceability.recalls import telling


@subscribe("catalog.lot_recalled")
@subscribe("traceability.recalled_goods_left")
def on_lot_recalled(*, lot_id: str, **_: Any) -> None:
    """Tell who got some of the lot."""
    telling.tell_lot(UUID(lot_id), at=clock.now())


@subscribe("catalog.recall_lifted")
def on_recall_lifted(**told: Any) -> None:
    """Tell those who were told of the recall."""
    telling.tell_lifted(told, at=clock.now())
