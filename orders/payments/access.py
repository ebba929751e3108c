"""Whose receipts and refunds an actor may see, and taking their rows under lock after their orders'."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from orders.payments.models import Payment, Refund
from orders.purchase.models import Order
from orders.purchase.parties import producers_of
from orders.purchase.party import is_party
from shop.auth import Actor
from shop.db import db
from shop.errors import Forbidden, NotFound
from shop.files import services as files
from shop.i18n import _
from shop.identity.models import Organisation


def get_payment(public_id: UUID, actor: Actor, on: date) -> Payment:
    """Return a receipt of the actor's.

    :raises NotFound: if there is none, or it is another's.
    """
    found = db.session.scalars(
        select(Payment).where(Payment.public_id == public_id, is_party(actor, Payment.buyer_id, Payment.payee_id, on))
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这笔到账。"))
    return found


def lock_payment(payment_id: int) -> Payment:
    """Lock a receipt, after the orders that it touches, and return it as it is now."""
    return db.session.execute(
        select(Payment).where(Payment.id == payment_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()


def get_refund(public_id: UUID, actor: Actor, on: date) -> tuple[Refund, Order]:
    """Return a refund of the actor's with its order.

    :raises NotFound: if there is none, or it is another's.
    """
    found = db.session.execute(
        select(Refund, Order)
        .join(Order, Order.id == Refund.order_id)
        .where(Refund.public_id == public_id, is_party(actor, Order.buyer_id, Order.producer_id, on))
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这笔退款。"))
    return found[0], found[1]


def lock_refund(refund_id: int) -> Refund:
    """Lock a refund, after its order, and return it as it is now."""
    return db.session.execute(
        select(Refund).where(Refund.id == refund_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()


def file_key(public_id: UUID | None, actor: Actor) -> int | None:
    """Return the key of an evidence file that the actor's organisation stored.

    :raises NotFound: if there is none, or it is another's.
    """
    return None if public_id is None else files.get_own(public_id, actor).id


def payee_key(public_id: UUID | None, actor: Actor, on: date) -> int:
    """Return the key of the producer whose receipt it is: any for the operator, else the actor's own or a principal's.

    :raises NotFound: if there is none, or the actor does not act for it.
    """
    if public_id is None and actor.organisation_kind == "producer":
        return actor.organisation_id
    payee = db.session.scalars(
        select(Organisation).where(Organisation.public_id == public_id, Organisation.kind.in_(("producer", "agent")))
    ).one_or_none()
    allowed = actor.organisation_kind == "operator" or (payee and payee.id in producers_of(actor, on))
    if payee is None or not allowed:
        raise NotFound(_("没有这个收款单位。"))
    return payee.id


def buyer_key(public_id: UUID | None) -> int | None:
    """Return the key of an institution.

    :raises NotFound: if there is none.
    """
    if public_id is None:
        return None
    buyer = db.session.scalar(
        select(Organisation.id).where(Organisation.public_id == public_id, Organisation.kind == "institution")
    )
    if buyer is None:
        raise NotFound(_("没有这个采购单位。"))
    return buyer


def require_clearing(clearing: str, actor: Actor) -> None:
    """Let only the operator speak of the supervised account: what it says has come there is paid out from there.

    :raises Forbidden: for anybody else.
    """
    if clearing == "supervised" and actor.organisation_kind != "operator":
        raise Forbidden(_("监管账户的到账和退款由平台登记和确认。"))
