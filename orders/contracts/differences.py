"""What the producer's confirmation changed against what was ordered and approved: shown before the buyer signs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text

from orders.purchase.models import Order, OrderLine, Procurement
from shop import money
from shop.db import db
from shop.moves.models import Move

#: What the goods of a procurement cost now, those of its ended orders left out.
_GOODS = text("""
    SELECT coalesce(sum(goods_fen), 0) FROM orders
    WHERE procurement_id = :procurement AND status NOT IN ('declined', 'lapsed', 'cancelled')""")


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A line whose unit price is another than ordered."""

    line_id: UUID
    title: str
    unit: str
    quantity: Decimal
    before_fen: int
    now_fen: int

    @property
    def percent(self) -> str:
        """By how much it rose or fell: ``+30.0``, ``-5.0``."""
        return f"{Decimal(self.now_fen - self.before_fen) * 100 / self.before_fen:+.1f}"


@dataclass(frozen=True, slots=True)
class Differences:
    """An order as confirmed against the order as placed, and its procurement's goods against what was approved."""

    prices: tuple[PriceChange, ...]
    #: Nothing was said of freight when it was ordered: all of it is new.
    freight_fen: int
    ordered_fen: int
    total_fen: int
    #: Of the whole procurement; ``None`` where nothing had to be approved.
    approved_fen: int | None
    goods_today_fen: int

    @property
    def above_approved_fen(self) -> int:
        """By how much the goods of the procurement now cost more than was approved; 0 if they do not."""
        return 0 if self.approved_fen is None else max(self.goods_today_fen - self.approved_fen, 0)


def goods_today_fen(procurement_id: int) -> int:
    """Return what the goods of a procurement cost now, those of its ended orders left out."""
    return int(db.session.scalar(_GOODS, {"procurement": procurement_id}) or 0)


def find_differences(order: Order) -> Differences | None:
    """Return what the confirmation of an order changed; ``None`` if prices stand as ordered and nothing is added."""
    facts = db.session.scalar(
        select(Move.facts)
        .where(Move.machine == "order", Move.subject_id == order.id, Move.event == "confirm")
        .order_by(Move.id.desc())
        .limit(1)
    )
    changed = (facts or {}).get("prices", {})
    if facts is None or (not changed and not order.freight_fen):
        return None
    lines = db.session.scalars(
        select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)
    ).all()
    prices, ordered = [], 0
    for line in lines:
        before, now = changed.get(str(line.public_id), (line.unit_price_fen, line.unit_price_fen))
        ordered += money.line_fen(before, line.quantity)
        if before != now:
            prices.append(PriceChange(line.public_id, line.title, line.unit, line.quantity, before, now))
    procurement = db.session.get_one(Procurement, order.procurement_id)
    return Differences(
        tuple(prices), order.freight_fen, ordered, order.total_fen, procurement.approved_fen,
        goods_today_fen(order.procurement_id),
    )  # fmt: skip
