"""To whom bank money goes back: each refund names the receipts of one payer, and never more than came of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, cast, func, select

from orders.payments.models import Charge, Payment, PaymentAllocation, Refund
from orders.payments.refund_models import RefundReceipt
from orders.purchase.models import Order
from shop import clock
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _


class OtherPayer(Invalid):
    """The money went to somebody else than who had paid it; a refund goes back to its payer."""

    code = "other-payer"


class RefundBeforeOrder(Invalid):
    """The value day of a refund lies before the order, or before the money that it gives back came."""

    code = "refund-before-order"


@dataclass(frozen=True)
class Path:
    """So much goes back through a charge, or by the bank to who paid these receipts (key and fen of each)."""

    charge: Charge | None
    amount_fen: int
    receipts: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Origin:
    """A receipt that holds money of an order, or that a refund goes back to: who paid, from which account, how much."""

    payment_id: int
    clearing: str
    payer_name: str
    payer_account: str
    amount_fen: int


def bank_paths(order_id: int, amount_fen: int) -> list[Path]:
    """Return to whom so much of an order's bank money goes back, the last receipt first; one path for each payer."""
    left = amount_fen
    by_payer: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for one in what_is_left(order_id):
        if taken := min(left, one.amount_fen):
            by_payer.setdefault((one.clearing, one.payer_name, one.payer_account), []).append((one.payment_id, taken))
            left -= taken
    found = [Path(None, sum(fen for _key, fen in named), tuple(named)) for named in by_payer.values()]
    return [*found, Path(None, left)] if left else found


def what_is_left(order_id: int) -> list[Origin]:
    """Return the bank receipts that hold money of an order nobody has asked back, the last first."""
    promised = promised_fen([order_id])
    nameless = _nameless_fen(order_id)
    found = []
    for one in _receipts_of(order_id):
        left = one.amount_fen - promised.get((one.payment_id, order_id), 0)
        taken = min(max(left, 0), nameless)
        nameless -= taken
        if left > taken:
            found.append(Origin(one.payment_id, one.clearing, one.payer_name, one.payer_account, left - taken))
    return found


def promised_fen(orders: Sequence[int]) -> dict[tuple[int, int], int]:
    """Return what refunds that were not refused give back, by receipt and order."""
    rows = db.session.execute(
        select(RefundReceipt.payment_id, Refund.order_id, cast(func.sum(RefundReceipt.amount_fen), BigInteger))
        .join(Refund, Refund.id == RefundReceipt.refund_id)
        .where(Refund.order_id.in_(orders), Refund.status != "refused")
        .group_by(RefundReceipt.payment_id, Refund.order_id)
    )
    return {(payment, order): fen for payment, order, fen in rows}


def origins_of(refund_ids: Sequence[int]) -> dict[int, list[Origin]]:
    """Return the receipts that refunds go back to; of one that names none all that paid its order."""
    columns = Payment.id, Payment.clearing, Payment.payer_name, Payment.payer_account
    rows = db.session.execute(
        select(RefundReceipt.refund_id, *columns, RefundReceipt.amount_fen)
        .join(Payment, Payment.id == RefundReceipt.payment_id)
        .where(RefundReceipt.refund_id.in_(refund_ids))
        .order_by(RefundReceipt.refund_id, Payment.id)
    )
    found: dict[int, list[Origin]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Origin(row[1], row[2], row[3], row[4], row[5]))
    bare = sorted(set(refund_ids) - found.keys())
    rows = db.session.execute(
        select(Refund.id, *columns, cast(func.sum(PaymentAllocation.amount_fen), BigInteger))
        .join(PaymentAllocation, PaymentAllocation.order_id == Refund.order_id)
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(Refund.id.in_(bare), Payment.status == "confirmed", Payment.rail == "bank")
        .group_by(Refund.id, Payment.id)
        .having(func.sum(PaymentAllocation.amount_fen) > 0)
        .order_by(Refund.id, Payment.value_on, Payment.id)
    )
    for row in rows:
        found.setdefault(row[0], []).append(Origin(row[1], row[2], row[3], row[4], row[5]))
    return found


def first_day_of(refund: Refund) -> date | None:
    """Return the day from which the receipts that a refund goes back to had its money for the order; before it nothing goes back."""
    named = dict(
        db.session.execute(
            select(RefundReceipt.payment_id, RefundReceipt.amount_fen).where(RefundReceipt.refund_id == refund.id)
        ).all()
    )
    rows = db.session.execute(
        select(PaymentAllocation.payment_id, PaymentAllocation.effective_on, PaymentAllocation.amount_fen)
        .join(Payment, Payment.id == PaymentAllocation.payment_id)
        .where(PaymentAllocation.order_id == refund.order_id, Payment.status == "confirmed", Payment.rail == "bank")
        .order_by(PaymentAllocation.effective_on, PaymentAllocation.id)
    ).all()
    if not named:
        return rows[0].effective_on if rows else None
    days = []
    for row in rows:
        if row.payment_id in named:
            if named[row.payment_id] > 0:
                days.append(row.effective_on)
            named[row.payment_id] -= row.amount_fen
    return max(days, default=None)


def check_day(value_on: date | None, order: Order, refund: Refund) -> None:
    """Ask that money does not go back before it came for the order.

    :raises RefundBeforeOrder: if it does.
    """
    first = first_day_of(refund)
    if value_on is not None and value_on < clock.business_day(order.placed_at):
        raise RefundBeforeOrder(_("退款日不能早于下单日。"), value_on=value_on.isoformat())
    if value_on is not None and first is not None and value_on < first:
        raise RefundBeforeOrder(_("退款日不能早于到账日。"), value_on=value_on.isoformat(), paid_on=first.isoformat())


def clearing_of(refund_id: int) -> str | None:
    """Return the way by which the receipts came that a refund names; ``None`` if it names none."""
    return db.session.scalar(
        select(Payment.clearing)
        .join(RefundReceipt, RefundReceipt.payment_id == Payment.id)
        .where(RefundReceipt.refund_id == refund_id)
        .limit(1)
    )


def _receipts_of(order_id: int) -> list[Origin]:
    share = cast(func.sum(PaymentAllocation.amount_fen), BigInteger)
    rows = db.session.execute(
        select(Payment.id, Payment.clearing, Payment.payer_name, Payment.payer_account, share)
        .join(PaymentAllocation, PaymentAllocation.payment_id == Payment.id)
        .where(PaymentAllocation.order_id == order_id, Payment.status == "confirmed", Payment.rail == "bank")
        .group_by(Payment.id)
        .having(share > 0)
        .order_by(Payment.value_on.desc(), Payment.id.desc())
    )
    return [Origin(*row) for row in rows]


def _nameless_fen(order_id: int) -> int:
    """Return what of an order goes back by bank without naming a receipt, as refunds once did."""
    named = select(RefundReceipt.refund_id).where(RefundReceipt.refund_id == Refund.id).exists()
    asked = db.session.scalar(
        select(func.coalesce(func.sum(Refund.amount_fen), 0)).where(
            Refund.order_id == order_id, Refund.charge_id.is_(None), Refund.status != "refused", ~named
        )
    )
    return int(asked or 0)


def refuse_other(payer: str) -> OtherPayer:
    """Return the refusal of money that went to somebody else."""
    return OtherPayer(_("退款须原路退回付款人 %(payer)s，这笔流水的收款人不同。", payer=payer), payer=payer)
