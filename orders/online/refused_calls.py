"""Calls that the provider refused for good: a person tries again what may be tried again, or says that it was seen to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from orders.online.models import ProviderCall
from orders.payments import refund_sending
from orders.payments.models import Refund
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.i18n import _

#: What may be asked for once more as it was: looking something up, and opening an account that was not opened.
#: What moves money has its own page, or is made anew by itself: a transfer by the next run, a payment by its buyer.
LOOKS = (
    "fetch_account", "fetch_charge", "fetch_dispute", "fetch_intent", "fetch_invoice", "fetch_movements", "fetch_refund",
    "fetch_session", "create_account",
)  # fmt: skip
REPEATABLE = (*LOOKS, "refund")


class CallNotRefused(Conflict):
    """The call was not refused, was tried again since, or is of a kind that is not tried again here."""

    code = "call-not-refused"


def repeat(call_id: int, actor: Actor, at: datetime) -> None:
    """Try a refused call again: with a key of its own, for what its row says now.

    :raises NotFound: if there is no such call.
    :raises CallNotRefused: if it was not refused, a later attempt is there, or it is tried again elsewhere.
    :raises Forbidden: for a refund, if the actor may not send it.
    """
    call = _lock_refused(call_id)
    last = db.session.scalar(
        select(func.max(ProviderCall.attempt)).where(
            ProviderCall.kind == call.kind, ProviderCall.subject_id == call.subject_id
        )
    )
    if call.kind not in REPEATABLE or last != call.attempt:
        raise CallNotRefused(_("这个请求不能在这里重试，或已经重试过。"), kind=call.kind)
    if call.kind == "refund":
        actor.require("refunds:record")
        refund_sending.send(db.session.get_one(Refund, call.subject_id).public_id, actor, at)
    else:
        _write_again(call)
    audit.record(actor, "online.call_repeated", "provider_call", call.id, attempt=[call.attempt, call.attempt + 1])


def note(call_id: int, actor: Actor) -> None:
    """Say that a refused call was seen to: it leaves the page.

    :raises NotFound: if there is no such call.
    :raises CallNotRefused: if it was not refused.
    """
    call = _lock_refused(call_id)
    call.noted_by, call.noted_at = actor.user_id, clock.real_now()
    audit.record(actor, "online.call_noted", "provider_call", call.id)


def _lock_refused(call_id: int) -> ProviderCall:
    call = db.session.scalars(select(ProviderCall).where(ProviderCall.id == call_id).with_for_update()).one_or_none()
    if call is None:
        raise NotFound(_("没有这个请求。"))
    if call.status != "failed":
        raise CallNotRefused(_("这个请求没有被拒绝。"), kind=call.kind)
    return call


def _write_again(call: ProviderCall) -> None:
    name = call.idempotency_key.rpartition("-")[0]
    db.session.execute(
        insert(ProviderCall)
        .values(
            kind=call.kind, subject_id=call.subject_id, attempt=call.attempt + 1,
            idempotency_key=f"{name}-{call.attempt + 1}", params=call.params, created_at=clock.real_now(),
        )
        .on_conflict_do_nothing(index_elements=["kind", "subject_id", "attempt"])
    )  # fmt: skip
