"""Red invoices: what they take back from their blue one, in all and of each order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, and_, cast, func, or_, select

from orders.invoices import queries
from orders.invoices.models import Invoice, InvoiceOrder
from orders.purchase.models import Order
from shop import clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _


class BadRedInvoice(Invalid):
    """A red invoice takes back at most what is left of a blue one of the same seller and buyer."""

    code = "bad-red-invoice"


def lock_blue(
    red_of: UUID | None, shares: Mapping[UUID, int], amount_fen: int, order: Order, actor: Actor, at: datetime
) -> Invoice:  # fmt: skip
    """Lock the blue invoice that a red one takes back from, and return it if it has so much left, for each order.

    :param shares: by order, in fen, below zero.
    :param order: one of them, whose parties the invoices are of.
    :raises BadRedInvoice: if there is no such invoice of these parties, or less is left.
    """
    if red_of is None:
        raise BadRedInvoice(_("红字发票须注明对应的蓝字发票。"))
    blue = queries.get_invoice(red_of, actor, clock.business_day(at), lock=True)
    taken = db.session.scalar(
        select(func.coalesce(func.sum(Invoice.amount_fen), 0)).where(
            Invoice.red_of_id == blue.id, Invoice.status != "refused"
        )
    )
    if blue.kind != "blue" or blue.status == "refused" or (blue.seller_id, blue.buyer_id) != (
        order.producer_id, order.buyer_id,
    ):  # fmt: skip
        raise BadRedInvoice(_("所引用的发票不是本交易双方有效的蓝字发票。"))
    _check_shares(shares, blue)
    if blue.amount_fen + int(taken or 0) + amount_fen < 0:
        raise BadRedInvoice(_("红冲金额超过蓝字发票剩余金额。"), left=money.as_json(blue.amount_fen + int(taken or 0)))
    return blue


def _check_shares(shares: Mapping[UUID, int], blue: Invoice) -> None:
    """Ask that a red invoice takes back from each order no more than its locked blue one, less earlier red ones, has for it."""
    rows = db.session.execute(
        select(Order.public_id, Order.number, cast(func.sum(InvoiceOrder.amount_fen), BigInteger))
        .join(InvoiceOrder, InvoiceOrder.order_id == Order.id)
        .join(Invoice, Invoice.id == InvoiceOrder.invoice_id)
        .where(or_(Invoice.id == blue.id, and_(Invoice.red_of_id == blue.id, Invoice.status != "refused")))
        .group_by(Order.id)
    )
    left = {public_id: (number, fen) for public_id, number, fen in rows}
    for key, fen_back in shares.items():
        number, fen = left.get(key, ("", 0))
        if fen + fen_back < 0:
            detail = _(
                "所引用的蓝字发票在订单 %(number)s 上只剩 %(left)s 元。", number=number, left=money.show_yuan(fen)
            )
            if not number:
                detail = _("所引用的蓝字发票不含这张订单。")
            raise BadRedInvoice(detail, order=str(key), left=money.as_json(fen))
