"""When an order is to be paid, how far it is, and what being late costs: pure functions of its sums and days."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from orders.purchase.models import Order

#: Days to pay by payment mode: from acceptance (国务院令第802号), and from the signed contract.
GOODS_FIRST_DAYS, PAY_FIRST_DAYS = 30, 30
#: The most that a contract may agree on for goods-first.
GOODS_FIRST_MOST_DAYS = 60
#: The one extension of a pay-first order.
EXTENSION_DAYS = 15
#: Late payment costs 0.05 % a day; shown, never booked.
INTEREST_PER_DAY = Decimal("0.0005")

PAYMENT_STATES = ("unpaid", "part_paid", "paid", "overpaid", "part_refunded", "refunded")


def goods_first_due_on(accepted_on: date, days: int = GOODS_FIRST_DAYS) -> date:
    """Return the last day to pay for goods accepted (or, where nobody decides, delivered) on a day.

    :param days: what the contract says, at most 60.
    """
    return accepted_on + timedelta(days=min(days, GOODS_FIRST_MOST_DAYS))


def pay_first_due_on(signed_on: date, *, extended: bool = False) -> date:
    """Return the last day to pay in advance under a contract signed on a day."""
    return signed_on + timedelta(days=PAY_FIRST_DAYS + (EXTENSION_DAYS if extended else 0))


def payment_state(*, due_fen: int, received_fen: int, refunded_fen: int = 0, held_fen: int = 0) -> str:
    """Return an order's payment state; it is always derived, never moved.

    More than is due is ``overpaid``; else what was ever refunded shows; else how much of the due is there.
    """
    net = received_fen - refunded_fen - held_fen
    if received_fen == 0:
        return "unpaid"
    if refunded_fen == received_fen:
        return "refunded"
    if net > due_fen:
        return "overpaid"
    if refunded_fen:
        return "part_refunded"
    return "paid" if net == due_fen else "part_paid"


def payment_state_of(order: Order) -> str:
    """Return the payment state of an order as its sums stand."""
    return payment_state(
        due_fen=order.due_fen,
        received_fen=order.received_fen,
        refunded_fen=order.refunded_fen,
        held_fen=order.held_fen,
    )


def unpaid_fen(order: Order) -> int:
    """Return what of the due is not there yet."""
    return max(order.due_fen - order.received_fen + order.refunded_fen + order.held_fen, 0)


def is_paid_in_full(order: Order) -> bool:
    """Say whether everything due is there: what a pay-first order asks for before it is shipped."""
    return unpaid_fen(order) == 0


def days_left(due_on: date, on: date) -> int:
    """Return the days until the due day; negative when it is over."""
    return (due_on - on).days


def late_interest_fen(unpaid: int, due_on: date | None, on: date) -> int:
    """Return 0.05 % of ``unpaid`` for each day after the due day, rounded half-up; a figure for show."""
    if due_on is None or on <= due_on:
        return 0
    amount = unpaid * INTEREST_PER_DAY * (on - due_on).days
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
