"""What else moves a lot, written as events: stock whose origin was not recorded, what came back, was destroyed or expired.

What orders ship, and what buyers do not accept, is told with the order, packing with its act. A count changes no goods: it is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from catalog.lots.models import Lot, LotMovement
from shop.db import db
from traceability.journey import events, writing
from traceability.journey.events import Part
from traceability.journey.goods import lots_of
from traceability.repository.storing import Writer

_GONE = frozenset({"destroyed", "expired"})


def take_movement(told: Mapping[str, Any], *, recorded_at: datetime) -> None:
    """Write the event of a movement, if goods came or went with it; a repeat changes nothing."""
    kind = told["kind"]
    if kind not in _GONE and kind not in ("born", "returned"):
        return
    at, producer = datetime.fromisoformat(told["occurred_at"]), UUID(told["producer_id"])
    key = db.session.scalars(select(Lot.id).where(Lot.public_id == UUID(told["lot"]["lot_id"]))).one()
    lot = lots_of([key])[key]
    part = Part(lot.uri, abs(Decimal(told["lot"]["quantity"])), lot.unit)
    if kind == "born":
        event = events.put_in_stock(part, at=at, producer=producer, code=lot.code)
    else:
        movement = db.session.scalars(select(LotMovement.public_id).where(LotMovement.id == told["movement"])).one()
        if kind == "returned":
            event = events.came_back(part, at=at, producer=producer, movement=movement)
        else:
            event = events.taken_away(part, at=at, producer=producer, disposition=kind, movement=movement)
    writing.write([event], Writer(lot.producer_id, lot.county_code), at=recorded_at)
    writing.grant(lot.producer_id, [lot.uri], by=lot.producer_id, reason="own", ref=None, at=recorded_at)
