"""Healing what nobody told us: payments under way are looked at, what the provider has done is compared with what we know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import or_, select

from orders.online import (
    applying,
    calls,
    dispute_money,
    gateway_listing,
    intent_calls,
    performing,
    refund_money,
    snapshots,
)
from orders.online.applying import APPLIED, NOTHING_NEW, UNKNOWN
from orders.online.models import OPEN_STATES, PaymentIntent, ProviderCall
from orders.online.snapshots import CALL
from orders.payments.exceptions import open_exception
from orders.payments.models import Charge, Refund
from shop import clock
from shop.db import db, transaction

Value = TypeVar("Value")
#: How far back the frequent look and the thorough one go.
HOURS, WEEK = timedelta(hours=3), timedelta(days=7)
#: What is younger may be about to be known.
GRACE = timedelta(hours=1)
#: How old what we know of a payment under way may become.
STALE = timedelta(minutes=10)
MOST = 500


def look(span: timedelta) -> None:
    """Make what waits, look at payments under way, and take in what happened in the last ``span``."""
    performing.perform_all()
    look_at_intents()
    since = clock.real_now() - span
    _each(_unknown_charges(gateway_listing.list_charges(since)), _take_charge)
    _each(gateway_listing.list_refunds(since), _take_refund)
    _each(gateway_listing.list_disputes(since), dispute_money.apply_dispute)
    _each((each for each in gateway_listing.list_transfers(since) if _is_old(each.created_at)), take_transfer)
    performing.perform_all()


def look_at_intents() -> int:
    """Ask for the payments under way of which we have heard nothing for a while; returns how many."""
    with transaction():
        keys = list(
            db.session.scalars(
                select(PaymentIntent.id)
                .where(
                    PaymentIntent.status.in_(OPEN_STATES),
                    or_(PaymentIntent.fetched_at.is_(None), PaymentIntent.fetched_at < clock.real_now() - STALE),
                )
                .order_by(PaymentIntent.fetched_at.nulls_first(), PaymentIntent.id)
                .limit(MOST)
            )
        )
    for key in keys:
        with transaction():
            intent_calls.look_at(key)
    return len(keys)


def _each(told: Iterable[Value], apply: Callable[[Value, datetime], Any]) -> None:
    """Take each in, in a transaction of its own: one that cannot be is no reason not to see the others."""
    for one in list(told):
        with transaction():
            apply(one, clock.now())


def _unknown_charges(charges: Iterable[snapshots.Charge]) -> Iterator[snapshots.Charge]:
    told = [charge for charge in charges if charge.status == "succeeded"]
    with transaction():
        known = set(
            db.session.scalars(select(Charge.charge_ref).where(Charge.charge_ref.in_([each.ref for each in told])))
        )
    yield from (charge for charge in told if charge.ref not in known)


def _take_charge(charge: snapshots.Charge, at: datetime) -> None:
    if applying.apply_charge(charge, at) == UNKNOWN and _is_old(charge.created_at):
        open_exception(
            f"charge:{charge.ref}", "stripe", "unknown_charge", charge.ref, charge.intent_ref or "",
            charge.amount_fen, clock.business_day(charge.created_at), at,
        )  # fmt: skip


def _take_refund(refund: snapshots.Refund, at: datetime) -> None:
    if db.session.scalar(select(Refund.id).where(Refund.bank_serial == refund.ref)) and refund.status == "succeeded":
        return
    refund_money.apply_as_it_is(refund, at)


def take_transfer(transfer: snapshots.Transfer, at: datetime) -> str:
    """Nobody but a call of ours makes transfers, which is known by its key: it stores its answer now; others are exceptions."""
    ours = or_(ProviderCall.answer_ref == transfer.ref, ProviderCall.idempotency_key == transfer.metadata.get(CALL, ""))
    call = db.session.scalars(select(ProviderCall).where(ours).limit(1)).one_or_none()
    if call is None:
        open_exception(
            f"transfer:{transfer.ref}", "stripe", "unknown_transfer", transfer.ref, transfer.destination,
            -transfer.amount_fen, clock.business_day(transfer.created_at), at,
        )  # fmt: skip
        return APPLIED
    calls.hurry(call.id)
    return NOTHING_NEW


def _is_old(created_at: datetime) -> bool:
    return clock.real_now() - created_at > GRACE
