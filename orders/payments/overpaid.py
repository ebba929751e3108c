"""What a charge brought twice: a payment that was given up and is taken all the same, after the order was paid otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from orders.payments import refunds
from orders.payments.credit import excess_fen
from orders.purchase import party
from shop.i18n import _


def give_back(shares: Mapping[int, int], at: datetime) -> int:
    """Ask, as the system, for what orders do not need of a charge that was just taken; return how much in all.

    The charge is the newest, so it goes back through it. The caller holds the locks of the orders, and calls it once.

    :param shares: what of the charge was for which order, by key, in fen.
    """
    asked = 0
    for order_id in sorted(shares):
        order = party.lock_order(order_id)
        amount = min(excess_fen(order), shares[order_id])
        if amount > 0:
            refunds.request_locked(
                order, amount, _("已放弃的在线支付仍然扣款，订单已另行付清"), cause="overpaid", actor=None, at=at
            )
            asked += amount
    return asked
