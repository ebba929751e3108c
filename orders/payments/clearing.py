"""The ways by which money reaches a producer, and how much an order has by each."""

from __future__ import annotations

from orders.purchase.models import Order

#: Where the money came in, by how it is cleared.
CASH = {"direct": "paid_direct", "supervised": "bank_supervised", "stripe": "stripe_cash"}


def add_to_clearing(order: Order, clearing: str, fen: int) -> None:
    """Add to what an order has by one way of clearing; the supervised account is what the others leave."""
    if clearing == "direct":
        order.direct_fen += fen
    elif clearing == "stripe":
        order.stripe_fen += fen


def by_clearing(order: Order) -> dict[str, int]:
    """Return what an order has received and not given back, by the way it came."""
    left = order.received_fen - order.refunded_fen - order.direct_fen - order.stripe_fen
    return {"direct": order.direct_fen, "stripe": order.stripe_fen, "supervised": left}
