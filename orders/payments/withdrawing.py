"""Taking back what one recorded or asked for oneself, before anybody has acted on it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from orders.payments import access, refunds
from orders.payments.models import Payment, Refund
from orders.purchase import machine
from shop import audit, clock
from shop.auth import Actor
from shop.i18n import _
from shop.outbox.services import publish


def withdraw_receipt(public_id: UUID, actor: Actor, at: datetime) -> Payment:
    """Take back a receipt that one recorded oneself, before anybody confirms it; it may be recorded again, rightly.

    :raises NotFound: if it is not the actor's.
    :raises WrongState: if it is not waiting, or another person recorded it.
    """
    payment_id = access.get_payment(public_id, actor, clock.business_day(at)).id
    payment = access.lock_payment(payment_id)
    machine.move("receipt", payment, "withdraw", actor=actor, at=at)
    payment.decided_at, payment.reason = at, _("登记人撤回")
    audit.record(actor, "payments.receipt_withdrawn", "payment", payment_id, status=["recorded", "refused"])
    publish("orders.payment_refused", organisations=[payment.payee_id], payment_id=str(payment.public_id))
    return payment


def withdraw_refund(refund_id: UUID, actor: Actor, at: datetime) -> Refund:
    """Take back what one asked for oneself, before anything was sent; what was set aside is the order's again.

    :raises NotFound: if it is not the actor's.
    :raises WrongState: if it is not waiting any more, or another person asked for it.
    """
    refund, order = refunds.lock_refund(refund_id, actor, at)
    machine.move("refund", refund, "withdraw", actor=actor, at=at, parties=refunds.parties_of(order))
    refund.decided_at, refund.refusal = at, _("申请人撤回")
    refunds.give_back(refund, order, actor, at)
    audit.record(actor, "payments.refund_withdrawn", "refund", refund.id, status=["requested", "refused"])
    refunds.tell("orders.refund_withdrawn", refund, order)
    return refund
