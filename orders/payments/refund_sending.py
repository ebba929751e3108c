"""Refunds through the card provider: sent, then confirmed, failed or bounced by its word."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from orders.payments import access, refunds
from orders.payments.clearing import add_to_clearing
from orders.payments.models import Charge, Payment, Refund
from orders.payments.refund_paths import change_allowed
from orders.purchase import counting, machine, party
from orders.purchase.models import Order
from orders.purchase.parties import Parties
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.outbox.services import publish

#: Refunds that nobody has to agree to: the goods fell away.
BY_THEMSELVES = ("rejected", "cancelled", "overpaid")


class NotByCard(Conflict):
    """The money came by bank; record its transfer instead."""

    code = "not-by-card"


def send(refund_id: UUID, actor: Actor, at: datetime) -> Refund:
    """Say that a refund is to be sent through the provider; the call is made after the commit.

    :raises NotFound: if it is not the actor's.
    :raises NotByCard: if the money came by bank.
    :raises WrongState: if it is not waiting for this.
    """
    refund, order = access.get_refund(refund_id, actor, clock.business_day(at))
    party.lock_order(order.id)
    refund = access.lock_refund(refund.id)
    if refund.clearing != "stripe":
        raise NotByCard(_("这笔款是银行转账收到的，请登记银行退款。"))
    return _send(refund, order, actor, at)


def send_by_itself(refund_key: int, at: datetime) -> Refund | None:
    """Send, as the system, a refund that nobody has to agree to; ``None`` if it is not one, or was sent before."""
    found = db.session.execute(
        select(Refund, Order).join(Order, Order.id == Refund.order_id).where(Refund.id == refund_key)
    ).one_or_none()
    if found is None:
        return None
    order = party.lock_order(found[1].id)
    refund = access.lock_refund(refund_key)
    waits = refund.clearing == "stripe" and refund.status == "requested" and not refund.attempts
    return _send(refund, order, None, at) if waits and refund.cause in BY_THEMSELVES else None


def confirm(refund_key: int, refund_ref: str, value_on: date, at: datetime) -> Refund:
    """Take the provider's word that a refund went back; nothing changes if that is known."""
    refund, order = _locked(refund_key)
    if refund.status == "confirmed":
        return refund
    refund.bank_serial, refund.value_on, refund.decided_at = refund_ref, value_on, at
    machine.move("refund", refund, "confirm", actor=None, at=at, parties=_parties(order))
    refunds.enter(refund, order, actor=None, at=at)
    audit.record(None, "payments.refund_confirmed", "refund", refund.id, status=["sent", "confirmed"])
    return refund


def fail(refund_key: int, failure: str, at: datetime) -> Refund:
    """Take the provider's word that a refund could not be sent: it waits for a person again, the money stays set aside.

    One that was confirmed before has come back to our balance: what it moved is turned round.
    """
    refund, order = _locked(refund_key)
    was = refund.status
    if was not in {"sent", "confirmed"}:
        return refund
    refund.failure = failure
    if was == "confirmed":
        machine.move("refund", refund, "bounce", actor=None, at=at, why=failure, parties=_parties(order))
        _turn_round(refund, order, at)
    else:
        machine.move("refund", refund, "fail", actor=None, at=at, why=failure, parties=_parties(order))
    audit.record(None, "payments.refund_failed", "refund", refund.id, status=[was, "requested"])
    return refund


def _send(refund: Refund, order: Order, actor: Actor | None, at: datetime) -> Refund:
    refund.attempts += 1
    refund.failure = ""
    machine.move("refund", refund, "send", actor=actor, at=at, parties=_parties(order))
    audit.record(actor, "payments.refund_sent", "refund", refund.id, status=["requested", "sent"])
    publish(
        "orders.refund_sent",
        organisations=[order.buyer_id, order.producer_id],
        order_id=str(order.public_id),
        refund_id=str(refund.public_id),
        status=refund.status,
    )
    return refund


def _turn_round(refund: Refund, order: Order, at: datetime) -> None:
    on = clock.business_day(at)
    order.refunded_fen -= refund.amount_fen
    order.refunding_fen += refund.amount_fen
    add_to_clearing(order, "stripe", refund.amount_fen)
    change_allowed(refund.id, -1)
    refund.value_on, refund.bank_serial, refund.decided_at = None, None, None
    fact = f"refund:{refund.id}:bounced:{refund.attempts}"
    refunds.post_cash(refund, order, None, at=at, on=on, key=fact, back=True)
    counting.recount(order, fact="refund_bounced", key=f"order:{order.id}:{fact}", at=at, on=on)


def _locked(refund_key: int) -> tuple[Refund, Order]:
    order_id = db.session.scalars(select(Refund.order_id).where(Refund.id == refund_key)).one()
    order = party.lock_order(order_id)
    return access.lock_refund(refund_key), order


def _parties(order: Order) -> Parties:
    return Parties(buyer_id=order.buyer_id, producer_id=order.producer_id)


def charge_of(refund: Refund) -> Charge:
    """Return the charge that a refund goes back to."""
    return db.session.get_one(Charge, refund.charge_id)


def payments_of(charge_id: int) -> list[Payment]:
    """Return a charge's receipts, one of each producer, by their key."""
    return list(db.session.scalars(select(Payment).where(Payment.charge_id == charge_id).order_by(Payment.id)))
