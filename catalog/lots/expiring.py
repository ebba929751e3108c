"""What is past its day is no stock any more, whatever orders have reserved of it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text

from catalog.lots.moves import Movement, changing, move
from catalog.lots.telling import tell_moved
from catalog.rules import TABLE
from shop.db import db
from shop.moves.table import by
from shop.outbox.services import publish

_SKUS = text("SELECT DISTINCT sku_id FROM lots WHERE status = 'open' AND expires_on < :on ORDER BY sku_id")
_LOTS = text("""
    SELECT id, code, on_hand FROM lots WHERE sku_id = :sku AND status = 'open' AND expires_on < :on
    ORDER BY expires_on, id FOR UPDATE""")
_IS_SHORT = text("SELECT uncovered > 0 FROM sku_stock WHERE sku_id = :sku")


def expire_lots(on: date, *, at: datetime) -> list[int]:
    """Take out of stock what expired before ``on`` and close those lots; returns the SKUs whose orders wait for other goods.

    What orders had reserved of it stays reserved, covered by no stock: nothing is free before other goods cover it.
    """
    return [sku_id for sku_id in db.session.scalars(_SKUS, {"on": on}).all() if expire_sku(sku_id, on, at)]


def expire_sku(sku_id: int, on: date, at: datetime) -> bool:
    """Expire the lots of one SKU; says whether orders wait for other goods."""
    gone = []
    with changing(sku_id):
        for lot in db.session.execute(_LOTS, {"sku": sku_id, "on": on}).all():
            # Closed first: what leaves a closed lot is no stock, so reservations do not stand in its way.
            TABLE.move_many("lot", [lot.id], "expire", by(None, at=at))
            if lot.on_hand > 0:
                movement = Movement(lot.id, "expired", -lot.on_hand, f"expired:{on.isoformat()}", at, None)
                key, _public = move(movement)
                tell_moved(movement, key)
                gone.append(lot.code)
        is_short = bool(db.session.scalar(_IS_SHORT, {"sku": sku_id}))
    if gone and is_short:
        publish("catalog.reserved_goods_expired", sku_id=sku_id, lots=gone)
    return is_short
