"""What a reader may do with a return, and what its goods are worth."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from orders.purchase import machine
from orders.purchase.parties import Parties
from orders.returns.models import GoodsReturn
from orders.returns.opening import MACHINE
from orders.returns.queries import ReturnRow
from shop.auth import Actor
from shop.db import db

_WORTH = text("""
    SELECT coalesce(sum(round(l.unit_price_fen * i.quantity)), 0)::bigint FROM goods_return_items i
    JOIN shipment_items s ON s.id = i.shipment_item_id JOIN order_lines l ON l.id = s.line_id WHERE i.return_id = :return""")


def possible(row: ReturnRow, actor: Actor, at: datetime) -> frozenset[str]:
    """Return the moves that the actor can make now."""
    one = db.session.get_one(GoodsReturn, row.key)
    parties = Parties(buyer_id=row.buyer_id, producer_id=row.producer_id)
    return frozenset(each.event for each in machine.possible_moves(MACHINE, one, actor, at=at, parties=parties))


def worth_fen(row: ReturnRow) -> int:
    """Return what the goods of a return cost, by the prices of their lines."""
    return int(db.session.scalar(_WORTH, {"return": row.key}) or 0)
