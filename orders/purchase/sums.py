"""What listed procurements cost: in a constant number of statements, however many are listed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from catalog.products.models import Listing
from orders.purchase.models import Order, Procurement, ProcurementLine
from orders.purchase.pricing import Wanted, price_lines
from shop.db import db


def sums_of(procurements: Sequence[Procurement], on: date) -> dict[int, int]:
    """Return the sum of each procurement in fen, by key: of its lines at the day's prices, or of its orders.

    One that was given up before it was placed has none.
    """
    is_open = {row.id for row in procurements if row.status in ("draft", "submitted")}
    placed = [row.id for row in procurements if row.placed_at is not None]
    return _of_lines(sorted(is_open), on) | _of_orders(placed)


def _of_lines(keys: Sequence[int], on: date) -> dict[int, int]:
    if not keys:
        return {}
    rows = db.session.execute(
        select(ProcurementLine.procurement_id, Listing.public_id, ProcurementLine.quantity)
        .join(Listing, Listing.id == ProcurementLine.listing_id)
        .where(ProcurementLine.procurement_id.in_(keys))
    ).all()
    priced = price_lines([Wanted(row.public_id, row.quantity) for row in rows], on, check_stock=False)
    sums = dict.fromkeys(keys, 0)
    for row, line in zip(rows, priced, strict=True):
        sums[row.procurement_id] += line.amount_fen
    return sums


def _of_orders(keys: Sequence[int]) -> dict[int, int]:
    rows = db.session.execute(
        select(Order.procurement_id, func.sum(Order.total_fen))
        .where(Order.procurement_id.in_(keys))
        .group_by(Order.procurement_id)
    )
    return {key: int(total) for key, total in rows}
