"""One bank transfer for several buyers: a receipt for each of them, all under the transfer's serial number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from orders.payments.models import GONE, Payment
from orders.purchase.models import Order
from shop import money
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _

#: Who of some buyers a payer, by name and account, may pay for on a day.
Source = Callable[[str, str, Collection[int], date], set[int]]
_sources: dict[str, Source] = {}


class PayerNotAuthorised(Invalid):
    """Nothing says that this payer pays for each of these buyers. Member ``orders`` names those of the others."""

    code = "payer-not-authorised"


class CreditOwnerUnknown(Invalid):
    """A transfer for several buyers brought more than its orders get: say whose the rest is, one of these buyers."""

    code = "credit-owner-unknown"


@dataclass(frozen=True)
class Part:
    """What of a transfer is one buyer's: so much, of that so much for each order, the rest its credit."""

    buyer_id: int
    amount_fen: int
    named: tuple[tuple[Order, int], ...]


def offer(name: str, source: Source) -> None:
    """Let whoever knows payers say for whom they pay."""
    _sources[name] = source


def require_authorised(name: str, account: str, orders: Sequence[Order], on: date) -> None:
    """Ask that a payer may pay for the buyers of orders, if these are several.

    :raises PayerNotAuthorised: naming the orders of the others.
    """
    buyers = {order.buyer_id for order in orders}
    if len(buyers) < 2:  # noqa: PLR2004  one buyer's orders need no authority: the money is applied to its own
        return
    allowed = set().union(*(source(name, account, buyers, on) for source in _sources.values()))
    others = [order.number for order in orders if order.buyer_id not in allowed]
    if others:
        detail = _(
            "没有依据说明“%(payer)s”可以替这些订单的采购单位付款：%(orders)s。请先登记付款人名称，或由采购单位预告付款。",
            payer=name, orders="、".join(others),
        )  # fmt: skip
        raise PayerNotAuthorised(detail, orders=others)


def parts_of(named: Sequence[tuple[Order, int]], amount_fen: int, credit_of: int | None) -> list[Part]:
    """Return what of a transfer is whose, in the order in which buyers are named; what no order gets is one buyer's.

    :param credit_of: whose the rest is, by key; needed where there is one and several buyers are named.
    :raises CreditOwnerUnknown: if it is not known, or none of these buyers.
    """
    buyers = list(dict.fromkeys(order.buyer_id for order, _fen in named))
    left = amount_fen - sum(fen for _order, fen in named)
    owner = buyers[0] if len(buyers) == 1 else credit_of
    if left > 0 and owner not in buyers:
        detail = _("这笔款付给几个采购单位，还多 %(left)s 元，请写明多出的归哪个采购单位。", left=money.show_yuan(left))
        raise CreditOwnerUnknown(detail, left=money.as_json(left))
    found = []
    for buyer in buyers:
        own = tuple((order, fen) for order, fen in named if order.buyer_id == buyer)
        rest = left if buyer == owner and left > 0 else 0
        found.append(Part(buyer, sum(fen for _order, fen in own) + rest, own))
    return found


def place_of(payee_id: int, serial: str, amount_fen: int) -> tuple[int, int | None] | None:
    """Return the next part's number and the whole transfer where a part was refused and is recorded again, else ``None``.

    Locks the transfer's other parts, so that together they never exceed it.
    """
    there = db.session.scalars(
        select(Payment)
        .where(Payment.payee_id == payee_id, Payment.bank_serial == serial, Payment.status.not_in(GONE))
        .order_by(Payment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    whole = there[0].transfer_fen if there else None
    if whole is None or sum(each.amount_fen for each in there) + amount_fen > whole:
        return None
    return max(each.part_no for each in there) + 1, whole
