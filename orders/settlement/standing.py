"""A producer's orders as a run or a payment finds them, locked in the one order and read as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, text

from orders.purchase import party
from orders.purchase.models import Order
from orders.settlement.models import OrderSettlement
from orders.settlement.positions import Open, OrderSums, PaidOut, Position, open_of
from shop.db import db

#: What is still to be paid of an order ``o`` with its settlement ``s``, both ways together.
OPEN_SQL = """(o.applied_fen - least(o.applied_fen, o.direct_fen) - o.fee_fen
           - s.bank_settled_fen - s.bank_settling_fen - s.stripe_settled_fen - s.stripe_settling_fen)"""

#: A refund ``r`` that one side has asked for and nobody has agreed to: the order's money waits, but it is no debt yet.
_ASKED_SQL = "r.status = 'requested' AND r.cause IN ('agreed', 'overpaid') AND r.attempts = 0"
#: Whoever is owed more than it owes: a run for the others would pay nothing.
_PRODUCERS = text(f"""
    SELECT o.producer_id FROM order_settlements s JOIN orders o ON o.id = s.order_id
    LEFT JOIN LATERAL (SELECT sum(r.amount_fen) AS fen FROM refunds r WHERE r.order_id = o.id AND {_ASKED_SQL}) a ON true
    WHERE ({OPEN_SQL} > 0 AND s.due_on <= :on AND s.held_at IS NULL) OR {OPEN_SQL} < 0
    GROUP BY o.producer_id
    HAVING sum(CASE WHEN {OPEN_SQL} > 0 THEN {OPEN_SQL} ELSE least({OPEN_SQL} + coalesce(a.fen, 0), 0) END) > 0
    ORDER BY o.producer_id""")

#: Orders that were paid too much by transfers which can still be asked back.
_REVERSIBLE = text(f"""
    SELECT o.id FROM order_settlements s JOIN orders o ON o.id = s.order_id
    WHERE {OPEN_SQL} < 0 AND EXISTS (
        SELECT FROM transfers t WHERE t.order_id = o.id AND t.status = 'done' AND t.reversed_fen < t.amount_fen
           AND NOT EXISTS (SELECT FROM transfer_reversals r WHERE r.transfer_id = t.id AND r.status = 'failed'))
    ORDER BY o.id LIMIT 500""")

_ORDERS = text(f"""
    SELECT o.id FROM order_settlements s JOIN orders o ON o.id = s.order_id
    WHERE o.producer_id = :producer AND ({OPEN_SQL}) <> 0 ORDER BY o.id""")


@dataclass(frozen=True)
class Standing:
    """An order under lock with how far it is paid out."""

    order: Order
    settlement: OrderSettlement
    card_leaving_fen: int = 0
    #: What was asked back and nobody has agreed to, of card money and of the rest.
    asked_card_fen: int = 0
    asked_bank_fen: int = 0

    @property
    def sums(self) -> OrderSums:
        """Return the order's money."""
        order = self.order
        return OrderSums(
            received_fen=order.received_fen, refunded_fen=order.refunded_fen, held_fen=order.held_fen,
            direct_fen=order.direct_fen, stripe_fen=order.stripe_fen, applied_fen=order.applied_fen,
            fee_fen=order.fee_fen, card_leaving_fen=self.card_leaving_fen,
        )  # fmt: skip

    @property
    def open(self) -> Open:
        """Return what is still to be paid."""
        return open_of(self.sums, self.paid_out(moving=True))

    @property
    def collectible(self) -> Open:
        """Return the same, but what is owed only for what was asked back and nobody has agreed to: that is collected later."""
        found = self.open
        return Open(
            card_fen=max(found.card_fen, min(found.card_fen + self.asked_card_fen, 0)),
            bank_fen=max(found.bank_fen, min(found.bank_fen + self.asked_bank_fen, 0)),
        )

    def paid_out(self, *, moving: bool) -> PaidOut:
        """Return what was paid out, with ``moving`` also what is on its way; of the fee always both."""
        s = self.settlement
        total, card = s.bank_settled_fen + s.stripe_settled_fen, s.card_settled_fen
        if moving:
            total, card = total + s.bank_settling_fen + s.stripe_settling_fen, card + s.card_settling_fen
        return PaidOut(total, card, s.fee_card_fen, s.fee_bank_fen + s.fee_settling_fen)

    def position(self, on: date) -> Position:
        """Return the order's place in a run of a day."""
        return Position(
            self.order.id, self.collectible, payable=self.settlement.due_on <= on and self.settlement.held_at is None
        )


def producers_with_open(on: date) -> list[int]:
    """Return the producers who have something to get on a day, more than they owe."""
    return list(db.session.scalars(_PRODUCERS, {"on": on}))


def orders_to_ask_back() -> list[int]:
    """Return orders that were paid too much and whose transfers can be asked back."""
    return list(db.session.scalars(_REVERSIBLE))


def orders_with_open(producer_id: int) -> list[int]:
    """Return a producer's orders that are not paid out exactly, due or not."""
    return list(db.session.scalars(_ORDERS, {"producer": producer_id}))


def lock_standings(order_ids: Iterable[int]) -> dict[int, Standing]:
    """Lock orders in ascending key, and return those with a due day, with how far they are paid out."""
    orders = party.lock_orders(order_ids)
    rows = db.session.scalars(
        select(OrderSettlement)
        .where(OrderSettlement.order_id.in_(sorted(orders)))
        .order_by(OrderSettlement.order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    leaving = _leaving(orders)
    return {row.order_id: Standing(orders[row.order_id], row, *leaving.get(row.order_id, (0, 0, 0))) for row in rows}


_LEAVING = text(f"""
    SELECT r.order_id, coalesce(sum(r.amount_fen) FILTER (WHERE r.clearing = 'stripe'), 0)::bigint,
           coalesce(sum(r.amount_fen) FILTER (WHERE r.clearing = 'stripe' AND {_ASKED_SQL}), 0)::bigint,
           coalesce(sum(r.amount_fen) FILTER (WHERE r.clearing IS DISTINCT FROM 'stripe' AND {_ASKED_SQL}), 0)::bigint
    FROM refunds r WHERE r.order_id = ANY(:orders) AND r.status IN ('requested', 'sent') GROUP BY r.order_id""")


def _leaving(orders: Mapping[int, Order]) -> dict[int, tuple[int, int, int]]:
    """Return what of each order's card money is on its way back, and what was only asked for of it and of the rest."""
    rows = db.session.execute(_LEAVING, {"orders": sorted(orders)})
    return {order_id: (card, asked_card, asked_bank) for order_id, card, asked_card, asked_bank in rows}
