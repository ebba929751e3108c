"""Who may open the file behind a receipt, a refund or an invoice: whoever sees the thing."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import literal, select, union_all

from orders.invoices.models import Invoice
from orders.payments.credit_models import CreditRefund
from orders.payments.models import Payment, Refund
from orders.purchase.models import Order
from orders.purchase.party import is_party
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.files import services as files


def may_read(actor: Actor, file_id: int) -> bool:
    """Say whether a file is evidence of something that the actor sees."""
    on = clock.today()
    sees_money = literal(actor.may("payments:read"))
    sees_orders = literal(actor.may("orders:read") or actor.may("orders:inspect"))
    found = union_all(
        select(Payment.id).where(
            sees_money, Payment.evidence_file_id == file_id, is_party(actor, Payment.buyer_id, Payment.payee_id, on)
        ),
        select(Refund.id)
        .join(Order, Order.id == Refund.order_id)
        .where(sees_money, Refund.evidence_file_id == file_id, is_party(actor, Order.buyer_id, Order.producer_id, on)),
        select(CreditRefund.id)
        .join(Payment, Payment.id == CreditRefund.payment_id)
        .where(
            sees_money,
            CreditRefund.evidence_file_id == file_id,
            is_party(actor, Payment.buyer_id, Payment.payee_id, on),
        ),
        select(Invoice.id).where(
            sees_orders, Invoice.file_id == file_id, is_party(actor, Invoice.buyer_id, Invoice.seller_id, on)
        ),
    )
    return db.session.execute(found.limit(1)).first() is not None


def init_app(_app: Flask) -> None:
    """Let evidence be opened."""
    files.allow(may_read)
