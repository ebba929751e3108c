"""The ways by which money reaches a producer, and how much an order has by each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from orders.purchase.models import Order
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.identity.models import Organisation

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


class PaidToSupervised(Conflict):
    """The order is to be paid to the supervised account: that its money came to the producer's own has to be said."""

    code = "paid-to-supervised"


def require_direct(orders: Iterable[int]) -> None:
    """Ask that orders are to be paid to the producer: what it has received itself falls from what it is paid out.

    :raises PaidToSupervised: if one is to be paid to the supervised account.
    """
    query = select(Order.number).where(Order.id.in_(orders), Order.clearing == "supervised").order_by(Order.id)
    if number := db.session.scalar(query.limit(1)):
        detail = _("订单 %(number)s 应付到监管账户，由平台登记。确实付到供应商账户的，请勾选后再登记。", number=number)
        raise PaidToSupervised(detail, order=number)


def whose(clearing: str | None) -> tuple[list[int], Mapping[str, str]]:
    """Return whom an event of money concerns beside its two sides, and what it says so that who must act is told.

    What lies in the supervised account is the operator's to record and to send back.
    """
    if clearing != "supervised":
        return [], {"by_payee": "1"}
    operators = select(Organisation.id).where(Organisation.kind == "operator").order_by(Organisation.id)
    return list(db.session.scalars(operators)), {"by_operator": "1"}
