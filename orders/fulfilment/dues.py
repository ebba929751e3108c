"""When the goods of a goods-first order fall due: each part from its own acceptance, or from when that was to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import text

from orders.contracts.models import Contract
from orders.contracts.terms import accept_within_days_of, payment_days_of
from orders.purchase import due, dues
from orders.purchase.models import Order, OrderLine
from shop import money
from shop.db import db

#: What left on a day and was accepted on a day, and what of it nobody has decided. What came back later was of what was
#: accepted last: it falls due last.
_GOODS = text("""
    WITH left_goods AS (
        SELECT i.id, i.line_id, i.returned, i.quantity - i.accepted - i.rejected AS undecided,
               (s.shipped_at AT TIME ZONE 'Asia/Shanghai')::date AS shipped_on
        FROM shipments s JOIN shipment_items i ON i.shipment_id = s.id WHERE s.order_id = :order)
    SELECT line_id, shipped_on, decided_on, accepted - least(accepted, greatest(returned - later, 0)) AS quantity FROM (
        SELECT g.line_id, g.shipped_on, (a.accepted_at AT TIME ZONE 'Asia/Shanghai')::date AS decided_on, d.accepted, g.returned,
               coalesce(sum(d.accepted) OVER (PARTITION BY g.id ORDER BY d.id DESC
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS later
        FROM left_goods g JOIN acceptance_items d ON d.shipment_item_id = g.id JOIN acceptances a ON a.id = d.acceptance_id
        WHERE d.accepted > 0) kept
    UNION ALL
    SELECT line_id, shipped_on, NULL, undecided FROM left_goods WHERE undecided > 0""")


def follow_goods(order: Order, lines: Sequence[OrderLine], contract: Contract | None) -> None:
    """Bring what falls due of a goods-first order, under its lock, to what was shipped, accepted and rejected.

    Freight falls due with the first goods. What is not shipped is not due, and what was rejected, or came back, never will be.
    """
    if order.payment_mode != "goods_first":
        return
    db.session.flush()  # the statement below reads what this transaction has changed
    days = payment_days_of(contract.terms) if contract else due.GOODS_FIRST_DAYS
    within = accept_within_days_of(contract.terms) if contract else due.ACCEPT_WITHIN_DAYS
    quantities: dict[int, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in db.session.execute(_GOODS, {"order": order.id}):
        start = due.accepted_or_overdue_on(row.shipped_on, row.decided_on, within)
        quantities[row.line_id][due.goods_first_due_on(start, days)] += row.quantity
    amounts: dict[date, int] = defaultdict(int)
    for line in lines:
        for day, fen in _amounts(line.unit_price_fen, quantities[line.id]).items():
            amounts[day] += fen
    if amounts:
        amounts[min(amounts)] += order.freight_fen
    dues.set_parts(order, amounts, lines)


def _amounts(unit_price_fen: int, quantities: dict[date, Decimal]) -> dict[date, int]:
    """Return what a line's quantities cost by day; each day's is a difference of sums, so that they add up."""
    found, before, quantity = {}, 0, Decimal(0)
    for day in sorted(quantities):
        quantity += quantities[day]
        so_far = money.line_fen(unit_price_fen, quantity)
        found[day], before = so_far - before, so_far
    return found
