"""By which way money goes back: through each charge what came through it, the rest by the bank; and for which goods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from orders.payments import charges, refund_origins
from orders.payments.models import Refund, RefundLine
from orders.payments.refund_models import OPEN_REFUNDS
from orders.payments.refund_origins import Path
from orders.purchase.models import Order, OrderLine
from shop import money
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _


class AllowanceTooHigh(Invalid):
    """More is given back for a line than its accepted goods cost; ``errors`` points at each."""

    code = "allowance-too-high"


class AllowanceSum(Invalid):
    """The lines' amounts are not the refund's."""

    code = "allowance-sum"


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """How much of a refund is for a line whose goods were accepted: short weight, quality, price."""

    line: UUID
    amount_fen: int


def find_paths(order: Order, amount_fen: int) -> list[Path]:
    """Return by which ways so much goes back, what came last first, under the order's lock; locks the charges."""
    found, left = [], min(amount_fen, _left_at_provider(order))
    rest = amount_fen - left
    locked = charges.lock_charges(charges.charges_of_order(order.id))
    for charge in sorted(locked.values(), key=lambda each: -each.id):
        there = min(
            charges.shares_of_charge(charge.id).get(order.id, 0),
            charge.amount_fen - charge.refunded_fen - charge.disputed_fen,
        )
        if (taken := min(left, there)) > 0:
            found.append(Path(charge, taken))
            left -= taken
    return [*found, *refund_origins.bank_paths(order.id, rest + left)] if rest + left else found


def _left_at_provider(order: Order) -> int:
    """Return what an order has at the provider that nobody has asked back yet."""
    asked = db.session.scalar(
        select(func.coalesce(func.sum(Refund.amount_fen), 0)).where(
            Refund.order_id == order.id, Refund.clearing == "stripe", Refund.status.in_(("requested", "sent"))
        )
    )
    return max(order.stripe_fen - int(asked or 0), 0)


def read_allowances(order: Order, wanted: Sequence[Allowance], amount_fen: int) -> dict[int, int]:
    """Return fen by the line's key, under the order's lock; nothing if no line is named.

    :raises AllowanceSum: if the lines do not add up to the refund.
    :raises AllowanceTooHigh: pointing at lines that get more than their accepted goods cost.
    """
    if not wanted:
        return {}
    if sum(each.amount_fen for each in wanted) != amount_fen:
        raise AllowanceSum(_("各行退款之和必须等于退款金额。"))
    lines = {line.public_id: line for line in _lines(order)}
    asked = asked_of_lines(order)
    found: dict[int, int] = {}
    errors = []
    for n, each in enumerate(wanted):
        line = lines.get(each.line)
        left = money.line_fen(line.unit_price_fen, line.accepted) - line.allowed_fen if line else 0
        taken = found.get(line.id, 0) + asked.get(line.id, 0) if line else 0
        if line is None or taken + each.amount_fen > left:
            shown = money.show_yuan(max(left - taken, 0))
            errors.append({"pointer": f"#/lines/{n}/amount", "detail": _("该行最多可退 %(left)s 元。", left=shown)})
        else:
            found[line.id] = found.get(line.id, 0) + each.amount_fen
    if errors:
        raise AllowanceTooHigh(errors[0]["detail"], errors=errors)
    return found


@dataclass(frozen=True)
class Allowable:
    """A line with accepted goods, and how much may still go back for them."""

    line: UUID
    title: str
    left_fen: int


def list_allowable(order: Order) -> list[Allowable]:
    """Return the lines for whose accepted goods something may still go back."""
    asked = asked_of_lines(order)
    found = [
        Allowable(
            line.public_id,
            line.title,
            money.line_fen(line.unit_price_fen, line.accepted) - line.allowed_fen - asked.get(line.id, 0),
        )
        for line in _lines(order)
    ]
    return [one for one in found if one.left_fen > 0]


def _lines(order: Order) -> list[OrderLine]:
    query = select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def asked_of_lines(order: Order) -> dict[int, int]:
    """Return what open refunds already promise for each line."""
    rows = db.session.execute(
        select(RefundLine.line_id, func.sum(RefundLine.amount_fen))
        .join(Refund, Refund.id == RefundLine.refund_id)
        .where(Refund.order_id == order.id, Refund.status.in_(OPEN_REFUNDS))
        .group_by(RefundLine.line_id)
    )
    return {line_id: int(fen) for line_id, fen in rows}


def lines_of_path(left: dict[int, int], amount_fen: int) -> dict[int, int]:
    """Take so much off the lines' amounts, lower keys first, for the refund of one path."""
    taken: dict[int, int] = {}
    for line_id in sorted(left):
        part = min(left[line_id], amount_fen - sum(taken.values()))
        if part:
            taken[line_id] = part
            left[line_id] -= part
    return taken


def change_allowed(refund_id: int, sign: int) -> None:
    """Write a refund's lines off what is owed, or (-1) take that back; the caller counts the order anew."""
    for share in db.session.scalars(select(RefundLine).where(RefundLine.refund_id == refund_id)).all():
        line = db.session.get_one(OrderLine, share.line_id)
        line.allowed_fen += sign * share.amount_fen
    db.session.flush()  # the count that follows reads the lines from the database
