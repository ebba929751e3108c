"""When an order is to be paid, how far it is, and what being late costs: pure functions of its sums and days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from orders.purchase.models import Order

#: Days to pay by payment mode: from acceptance (国务院令第802号), and from the signed contract.
GOODS_FIRST_DAYS, PAY_FIRST_DAYS = 30, 30
#: The most that a contract may agree on for goods-first.
GOODS_FIRST_MOST_DAYS = 60
#: Days from leaving within which goods are to be accepted or rejected; after them they are owed as if accepted then.
ACCEPT_WITHIN_DAYS = 15
#: The one extension of a pay-first order.
EXTENSION_DAYS = 15
#: Late payment costs 0.05 % a day; shown, never booked.
INTEREST_PER_DAY = Decimal("0.0005")

PAYMENT_STATES = ("unpaid", "part_paid", "paid", "overpaid", "part_refunded", "refunded")


@dataclass(frozen=True, slots=True)
class Part:
    """What of an order falls due on a day, and how much of it no money covers yet."""

    due_on: date
    amount_fen: int
    open_fen: int


def goods_first_due_on(accepted_on: date, days: int = GOODS_FIRST_DAYS) -> date:
    """Return the last day to pay for goods accepted on a day.

    :param days: what the contract says, at most 60.
    """
    return accepted_on + timedelta(days=min(days, GOODS_FIRST_MOST_DAYS))


def accepted_or_overdue_on(shipped_on: date, decided_on: date | None, within_days: int = ACCEPT_WITHIN_DAYS) -> date:
    """Return the day from which the days to pay count for goods that left on a day.

    The day of their acceptance, and where it does not come in time, the last day on which it was to come: who puts
    acceptance off does not put payment off (国务院令第802号, article 12).
    """
    last = shipped_on + timedelta(days=within_days)
    return last if decided_on is None else min(decided_on, last)


def cover(amounts: Iterable[tuple[date, int]], covered_fen: int, most_fen: int | None = None) -> list[Part]:
    """Return what falls due on each day, the money there is applied to the earliest day first.

    :param most_fen: what the order owes in all; no more than this is open, what fell due last is left out first.
    """
    parts, left = [], max(covered_fen, 0)
    for due_on, amount in sorted(amounts):
        parts.append(Part(due_on, amount, max(amount - left, 0)))
        left = max(left - amount, 0)
    return parts if most_fen is None else _capped(parts, most_fen)


def _capped(parts: list[Part], most_fen: int) -> list[Part]:
    found, left = [], most_fen
    for part in parts:
        still = min(part.open_fen, left)
        found.append(replace(part, open_fen=still))
        left -= still
    return found


def next_due_on(parts: Iterable[Part]) -> date | None:
    """Return the first day with something open, or the last day of all when nothing is."""
    last = None
    for part in parts:
        last = part.due_on
        if part.open_fen:
            break
    return last


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


def overdue_fen(parts: Iterable[Part], on: date) -> int:
    """Return what should have been paid before ``on``."""
    return sum(part.open_fen for part in parts if part.due_on < on)


def interest_of(parts: Iterable[Part], on: date) -> int:
    """Return what being late costs, each part from its own day on; a figure for show."""
    return sum(late_interest_fen(part.open_fen, part.due_on, on) for part in parts)


def late_interest_fen(unpaid: int, due_on: date | None, on: date) -> int:
    """Return 0.05 % of ``unpaid`` for each day after the due day, rounded half-up; a figure for show."""
    if due_on is None or on <= due_on:
        return 0
    amount = unpaid * INTEREST_PER_DAY * (on - due_on).days
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
