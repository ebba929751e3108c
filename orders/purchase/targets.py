"""What each line and the order's accounts should stand at, computed from facts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shop import money


@dataclass(frozen=True)
class LineFacts:
    """What became of a line's quantity, and what was given back for accepted goods; ``counts`` is its dimension's."""

    unit_price_fen: int
    quantity: Decimal
    accepted: Decimal
    rejected: Decimal
    cancelled: Decimal
    counts: bool
    allowed_fen: int = 0


@dataclass(frozen=True)
class LineTargets:
    """What a line should stand at in fen, by measure, and what of it is to be paid."""

    ordered: int
    payable: int
    accepted: int
    paid: int
    counted: int


@dataclass(frozen=True)
class OrderFacts:
    """An order's money: receipts, refunds (confirmed; asked for), holds, and what went straight to the producer."""

    freight_fen: int
    received_fen: int
    refunded_fen: int
    refunding_fen: int
    held_fen: int
    direct_fen: int
    fee_bp: int = 0


@dataclass(frozen=True)
class OrderTargets:
    """The lines' targets in their order, and the order's own sums.

    ``earned`` is what the buyer owes for what it has accepted, freight included from the first accepted goods on;
    ``applied`` is the part of it that the buyer's money covers, ``applied_direct`` of that straight to the producer;
    ``fee`` is the platform's part of what is applied.
    """

    lines: list[LineTargets]
    due: int
    freight_paid: int
    credit: int
    earned: int
    applied: int
    applied_direct: int
    refunds: int
    held: int
    fee: int


def compute(order: OrderFacts, lines: Sequence[LineFacts]) -> OrderTargets:
    """Return every target of an order.

    :param lines: in ascending id, so that the largest remainder's ties go to the lower id, freight last.
    """
    payable = [_payable(line) for line in lines]
    # Freight is owed for goods; when none are left to pay for, there was nothing to carry.
    freight = order.freight_fen if sum(payable) else 0
    due = sum(payable) + freight
    net = order.received_fen - order.refunded_fen - order.held_fen
    parts = money.split(min(net, due), [*payable, freight])
    targets = [_line(line, pay, part) for line, pay, part in zip(lines, payable, parts[:-1], strict=True)]
    goods = sum(target.accepted - line.allowed_fen for target, line in zip(targets, lines, strict=True))
    earned = goods + (freight if goods else 0)
    applied = min(max(net - order.refunding_fen, 0), earned)
    return OrderTargets(
        lines=targets,
        due=due,
        freight_paid=parts[-1],
        credit=max(net - due, 0),
        earned=earned,
        applied=applied,
        applied_direct=min(applied, order.direct_fen),
        refunds=order.refunded_fen + order.refunding_fen,
        held=order.held_fen,
        fee=fee_fen(applied, order.fee_bp),
    )


def fee_fen(applied_fen: int, basis_points: int) -> int:
    """Return the platform's fee on what the buyer's money covers, rounded half-up."""
    return (applied_fen * basis_points + 5000) // 10000


def _payable(line: LineFacts) -> int:
    left = line.quantity - line.rejected - line.cancelled
    return money.line_fen(line.unit_price_fen, left) - line.allowed_fen


def _line(line: LineFacts, payable: int, paid: int) -> LineTargets:
    accepted = money.line_fen(line.unit_price_fen, line.accepted)
    return LineTargets(
        ordered=money.line_fen(line.unit_price_fen, line.quantity - line.cancelled),
        payable=payable,
        accepted=accepted,
        paid=paid,
        counted=min(accepted, paid) if line.counts else 0,
    )
