"""Receipts and refunds in one line each, through the services."""

from __future__ import annotations

from datetime import date, datetime
from itertools import count as counter
from typing import Protocol

from orders.payments import receipts, refunds
from orders.payments.models import Payment, Refund
from orders.payments.receipts import ReceiptFacts, Share
from orders.payments.refunds import TransferBack
from orders.purchase.models import Order
from shop import clock
from shop.auth import Actor
from tests.counting.build import Trade

_numbers = counter(1)


def facts(*shares: tuple[Order, int], amount: int | None = None, **changes: object) -> ReceiptFacts:
    values: dict[str, object] = {
        "bank_serial": f"B{next(_numbers):08d}", "payer_name": "和平区财政局", "value_on": date(2026, 7, 14),
        "amount_fen": sum(fen for _order, fen in shares) if amount is None else amount,
        "allocations": tuple(Share(order=order.public_id, amount_fen=fen) for order, fen in shares),
    } | changes  # fmt: skip
    return ReceiptFacts(**values)  # type: ignore[arg-type]


class TwoPersons(Protocol):
    """Who records and who confirms."""

    @property
    def clerk(self) -> Actor: ...
    @property
    def checker(self) -> Actor: ...


def pay(trade: TwoPersons, *shares: tuple[Order, int], amount: int | None = None, **changes: object) -> Payment:
    """Record and confirm a receipt, by two persons of the producer."""
    at = clock.now()
    payment = receipts.record(facts(*shares, amount=amount, **changes), trade.clerk, at)
    return receipts.confirm(payment.public_id, trade.checker, at)


def slip(**changes: object) -> TransferBack:
    values = {"bank_serial": f"R{next(_numbers):08d}", "value_on": date(2026, 7, 15)} | changes
    return TransferBack(**values)  # type: ignore[arg-type]


def refund(trade: Trade, order: Order, fen: int, at: datetime | None = None, **changes: object) -> Refund:
    """Request, record and confirm a refund."""
    at = at or clock.now()
    made = refunds.request(order.public_id, fen, "协商退款", actor=trade.buyer, at=at)
    refunds.record(made.public_id, slip(**changes), trade.clerk, at)
    return refunds.confirm(made.public_id, trade.checker, at)
