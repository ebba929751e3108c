"""Refunds by card: the calls that send them, and what the provider says of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from orders.online import calls, gateway_listing, gateway_stripe, snapshots
from orders.online.applying import APPLIED, NOTHING_NEW, UNKNOWN
from orders.online.calls import Call, Handler, handles, metadata_of
from orders.online.errors import ProviderRefused
from orders.online.models import ProviderCall
from orders.online.snapshots import CALL
from orders.payments import access, charges, refund_sending
from orders.payments.exceptions import open_exception, settle
from orders.payments.models import Refund
from orders.purchase import party
from shop import clock
from shop.db import db

#: The provider's states of a refund that is at its end. Done can still turn into failed, never the other way round.
DONE, GONE = "succeeded", frozenset({"failed", "canceled"})


def enqueue(refund_id: UUID) -> None:
    """Write the call down that sends a refund back, if it is to be sent."""
    refund = db.session.scalars(select(Refund).where(Refund.public_id == refund_id)).one()
    if refund.status != "sent":
        return
    charge = refund_sending.charge_of(refund)
    params = {"charge": charge.charge_ref, "amount_fen": refund.amount_fen, "subject": str(refund.public_id)}
    calls.enqueue("refund", refund, params, attempt=refund.attempts)


def _send(call: Call) -> snapshots.Refund:
    params = call.params
    metadata = metadata_of(call, params["subject"])
    return gateway_stripe.create_refund(params["charge"], params["amount_fen"], metadata, call.key)


def _find(call: Call) -> snapshots.Refund | None:
    listed = gateway_listing.list_refunds(call.created_at, charge_ref=call.params["charge"])
    return gateway_listing.find_made_by(call.name, listed)


def _store(call: Call, told: snapshots.Refund, at: datetime) -> str:
    _settle(call.subject_id, call.attempt, told, at)
    return told.ref


def _refuse(call: Call, refusal: ProviderRefused, at: datetime) -> None:
    """Let it wait for a person again; the money stays set aside."""
    if _is_current(call.subject_id, call.attempt):
        refund_sending.fail(call.subject_id, refusal.detail, at)


def apply_refund(told: snapshots.Refund, at: datetime) -> str:
    """Take in what is said of a refund: sent back, failed, or come back although it had been sent."""
    found = _find_ours(told)
    if not found:
        return UNKNOWN
    moved = [_settle(key, attempt, told, at) for key, attempt in found]
    return APPLIED if any(moved) else NOTHING_NEW


def apply_as_it_is(told: snapshots.Refund, at: datetime) -> str:
    """Take in a refund as it is now, also one of a charge of ours that somebody sent by hand: that is an exception."""
    outcome = apply_refund(told, at)
    charge = charges.get_charge(told.charge_ref or "")
    if outcome != UNKNOWN or charge is None:
        return outcome
    if told.status in GONE:
        return NOTHING_NEW if settle(f"refund:{told.ref}", at) is None else APPLIED
    if told.status != DONE:
        return NOTHING_NEW
    row = open_exception(
        f"refund:{told.ref}", "stripe", "unknown_refund", told.ref, charge.charge_ref, -told.amount_fen,
        clock.business_day(told.created_at), at,
    )  # fmt: skip
    if row.status == "open" and row.detail != charge.charge_ref:
        row.detail = charge.charge_ref  # its line was seen first, which does not name the charge
    return APPLIED


def _find_ours(told: snapshots.Refund) -> list[tuple[int, int]]:
    """Return key and attempt of the refund that is told of; of one by hand, those of each order that it was found to be."""
    by_key = ProviderCall.idempotency_key == told.metadata.get(CALL, "")
    query = select(ProviderCall.subject_id, ProviderCall.attempt).where(ProviderCall.kind == "refund")
    row = (
        db.session.execute(query.where(ProviderCall.answer_ref == told.ref)).first()
        or db.session.execute(query.where(by_key)).first()
    )
    if row is not None:
        return [(row.subject_id, row.attempt)]
    attributed = select(Refund.id, Refund.attempts).where(
        Refund.clearing == "stripe", Refund.bank_serial == told.ref, Refund.cause != "dispute"
    )
    return [(each.id, each.attempts) for each in db.session.execute(attributed.order_by(Refund.order_id))]


def _settle(refund_key: int, attempt: int, told: snapshots.Refund, at: datetime) -> bool:
    """Bring a refund to where the provider says that this attempt of it is; ``False`` if it is there."""
    if not _is_current(refund_key, attempt):
        return False
    refund = db.session.get_one(Refund, refund_key)
    was = refund.status
    if told.status == DONE and was == "sent":
        refund_sending.confirm(refund_key, told.ref, clock.business_day(told.created_at), at)
        return True
    if told.status in GONE and was in ("sent", "confirmed"):
        refund_sending.fail(refund_key, told.failure or told.status, at)
        if was == "confirmed":
            _tell_bounce(refund, told, at)
        return True
    return False


def _is_current(refund_key: int, attempt: int) -> bool:
    """Lock a refund's order and the refund, and say whether the attempt is its last."""
    order_id = db.session.scalars(select(Refund.order_id).where(Refund.id == refund_key)).one()
    party.lock_order(order_id)
    return access.lock_refund(refund_key).attempts == attempt


def _tell_bounce(refund: Refund, told: snapshots.Refund, at: datetime) -> None:
    open_exception(
        f"refund:{told.ref}:bounced", "stripe", "refund_failed", told.ref, told.failure, told.amount_fen,
        clock.business_day(at), at, order_id=refund.order_id,
    )  # fmt: skip


handles("refund", Handler(make=_send, store=_store, refuse=_refuse, find=_find))
