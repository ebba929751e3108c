"""What of an order falls due when: kept in step with what was shipped, accepted and paid, under the order's lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import delete, select

from orders.purchase import due
from orders.purchase.due import Part
from orders.purchase.models import Order, OrderDue, OrderLine
from shop.db import db


def set_parts(order: Order, amounts: Mapping[date, int], lines: Sequence[OrderLine]) -> None:
    """Replace what falls due on which day, and apply the order's money to it.

    :param amounts: in fen, before anything that was given back for accepted goods.
    """
    db.session.execute(delete(OrderDue).where(OrderDue.order_id == order.id))
    order.pay_due_on = None
    rows = [OrderDue(order_id=order.id, due_on=day, amount_fen=fen, open_fen=fen) for day, fen in amounts.items()]
    db.session.add_all(rows)
    _cover(order, rows, lines)


def follow_money(order: Order, lines: Sequence[OrderLine]) -> None:
    """Apply the order's money anew to what falls due; called after each fact that moved it.

    What is paid in advance falls due as a whole, whatever it has become.
    """
    if order.pay_due_on is None:
        return
    rows = db.session.scalars(
        select(OrderDue)
        .where(OrderDue.order_id == order.id)
        .order_by(OrderDue.due_on)
        .execution_options(populate_existing=True)
    ).all()
    if order.payment_mode == "pay_first":
        for row in rows:
            row.amount_fen = order.due_fen
    _cover(order, rows, lines)


def _cover(order: Order, rows: Sequence[OrderDue], lines: Sequence[OrderLine]) -> None:
    """Note what no money covers; what was given back for accepted goods need not be paid and covers as money does.

    No more is open than the order owes: freight falls away with the last goods that were to be paid.
    """
    covered = order.received_fen - order.refunded_fen - order.held_fen
    if order.payment_mode == "goods_first":
        covered += sum(line.allowed_fen for line in lines)
    parts = due.cover(((row.due_on, row.amount_fen) for row in rows), covered, due.unpaid_fen(order))
    by_day = {part.due_on: part for part in parts}
    for row in rows:
        row.open_fen = by_day[row.due_on].open_fen
    order.pay_due_on = due.next_due_on(parts) or order.pay_due_on


def parts_of(order_ids: Collection[int]) -> dict[int, list[Part]]:
    """Return what falls due of each order, the earliest first; without an entry nothing does yet."""
    found: dict[int, list[Part]] = defaultdict(list)
    rows = db.session.execute(
        select(OrderDue.order_id, OrderDue.due_on, OrderDue.amount_fen, OrderDue.open_fen)
        .where(OrderDue.order_id.in_(order_ids))
        .order_by(OrderDue.order_id, OrderDue.due_on)
    )
    for order_id, due_on, amount, still in rows:
        found[order_id].append(Part(due_on, amount, still))
    return found
