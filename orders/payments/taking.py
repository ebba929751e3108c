"""What an order has received: added under its lock, unless the receipt counts as another sale."""

from __future__ import annotations

from orders.ledger.filings import numbers as filed
from orders.payments.clearing import add_to_clearing
from orders.payments.models import Payment
from orders.purchase.models import Order


def take_in(order: Order, payment: Payment, fen: int) -> None:
    """Add to what an order has received, or (negative) take it away, under the order's lock.

    :raises AlreadyFiled: if the bank's receipt was filed as a sale off the platform and counts.
    """
    if fen > 0 and payment.rail == "bank" and payment.bank_serial:
        filed.require_not_filed("bank_serial", payment.bank_serial)
    order.received_fen += fen
    add_to_clearing(order, payment.clearing, fen)
