"""Payouts that the bank returned after they were paid: one person's word or a bank line, agreed to by another person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from orders.purchase import machine
from orders.purchase.parties import Parties
from orders.settlement import paying
from orders.settlement.models import Payout, PayoutReturn
from orders.settlement.standing import lock_standings
from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Forbidden, Invalid, NotFound
from shop.i18n import _
from shop.outbox.services import publish


class ReturnKnown(Conflict):
    """The payout's return, or another one by the same bank line, is recorded already."""

    code = "return-known"


class BadReturnDay(Invalid):
    """The money cannot have come back before it was paid, or in the future."""

    code = "bad-return-day"


@dataclass(frozen=True, kw_only=True)
class ReturnFacts:
    """What the bank says of money that came back: its day, its serial number, and why."""

    returned_on: date
    bank_serial: str
    reason: str


def record(payout_id: UUID, facts: ReturnFacts, actor: Actor, at: datetime) -> PayoutReturn:
    """Say, as the first person, that a payout by bank came back; nothing moves before another person agrees.

    :raises NotFound: if it is not there, or for anybody but the operator.
    :raises WrongState: if it was not paid by bank.
    :raises BadReturnDay: if its day cannot be.
    :raises ReturnKnown: if that was said already.
    """
    payout = _find(payout_id, actor)
    if not actor.may("payouts:prepare"):
        raise Forbidden(_("这一步由其他岗位办理。"))
    return record_locked(_lock(payout.id), facts, user_id=actor.user_id, actor=actor, at=at)


def record_locked(
    payout: Payout, facts: ReturnFacts, *, user_id: int, actor: Actor | None, at: datetime, line_id: int | None = None
) -> PayoutReturn:
    """Write down that a locked payout came back; raises as :func:`record`.

    :param user_id: who says so, or imported the statement whose line says so.
    """
    if payout.rail != "bank" or payout.status != "paid":
        raise machine.WrongState(_("只有银行已付的付款才能登记退汇。"), state=payout.status, possible=[])
    if not (payout.value_on or facts.returned_on) <= facts.returned_on <= clock.business_day(at):
        raise BadReturnDay(_("退汇日不能早于付款日，也不能晚于今天。"), payout=payout.number)
    made = PayoutReturn(
        payout_id=payout.id, line_id=line_id, bank_serial="".join(facts.bank_serial.split()),
        returned_on=facts.returned_on, reason=facts.reason.strip(), status="recorded", recorded_by=user_id, recorded_at=at,
    )  # fmt: skip
    known = ReturnKnown(_("这笔付款的退汇已经登记过。"), payout=payout.number)
    with refusing(uq_payout_returns_payout=known, uq_payout_returns_line=known):
        db.session.add(made)
    machine.record_start("payout_return", made, "record", actor=actor, at=at)
    audit.record(actor, "settlement.return_recorded", "payout", payout.id, bank_serial=[None, made.bank_serial])
    return made


def confirm(return_id: UUID, actor: Actor, at: datetime, *, same_account: bool = False) -> Payout:
    """Agree that a payout came back: what it paid is owed to the producer again.

    :param same_account: the account is right after all, so that it may be paid to once more; else it has to be changed.
    :raises NotFound: if there is none, or for anybody but the operator.
    :raises WrongState: if it was decided, or the same person recorded it.
    """
    key = _find_return(return_id, actor).payout_id
    standings = lock_standings(paying.orders_of([key]))
    payout = _lock(key)
    found = _lock_return(return_id)
    machine.move("payout_return", found, "confirm", actor=actor, at=at, parties=Parties())
    found.decided_by, found.decided_at, found.same_account = actor.user_id, at, same_account
    paying.return_locked(payout, paying.items_of(key), standings, found, actor=actor, at=at)
    return payout


def refuse(return_id: UUID, reason: str, actor: Actor, at: datetime) -> Payout:
    """Say that a payout did not come back after all; it stays paid.

    :raises NotFound: if there is none, or for anybody but the operator.
    :raises WrongState: if it was decided, or the same person recorded it.
    """
    payout = _lock(_find_return(return_id, actor).payout_id)
    found = _lock_return(return_id)
    machine.move("payout_return", found, "refuse", actor=actor, at=at, why=reason, parties=Parties())
    found.decided_by, found.decided_at, found.refusal = actor.user_id, at, reason
    audit.record(actor, "settlement.return_refused", "payout", payout.id, status=["recorded", "refused"])
    publish("orders.payout_return_refused", return_id=str(found.public_id), payout_id=str(payout.public_id))
    return payout


def allow_account(payout_id: UUID, actor: Actor) -> Payout:
    """Let money go to the account of a returned payout again: it has been found right.

    :raises NotFound: if it is not there, or for anybody but the operator.
    :raises Forbidden: without ``payouts:release``.
    :raises WrongState: if it was not returned.
    """
    payout = _lock(_find(payout_id, actor).id)
    if not actor.may("payouts:release"):
        raise Forbidden(_("这一步由其他岗位办理。"))
    found = db.session.scalars(
        select(PayoutReturn).where(PayoutReturn.payout_id == payout.id, PayoutReturn.status == "confirmed")
    ).one_or_none()
    if found is None:
        raise machine.WrongState(_("这笔付款没有退汇。"), state=payout.status, possible=[])
    found.same_account = True
    audit.record(actor, "settlement.account_allowed", "payout", payout.id, same_account=[False, True])
    return payout


def _find(payout_id: UUID, actor: Actor) -> Payout:
    query = select(Payout).where(Payout.public_id == payout_id)
    found = db.session.scalars(query).one_or_none() if actor.organisation_kind == "operator" else None
    if found is None:
        raise NotFound(_("没有这笔付款。"))
    return found


def _find_return(return_id: UUID, actor: Actor) -> PayoutReturn:
    query = select(PayoutReturn).where(PayoutReturn.public_id == return_id)
    found = db.session.scalars(query).one_or_none() if actor.organisation_kind == "operator" else None
    if found is None:
        raise NotFound(_("没有这笔退汇。"))
    return found


def _lock(payout_id: int) -> Payout:
    return paying.lock_payouts([payout_id])[payout_id]


def _lock_return(return_id: UUID) -> PayoutReturn:
    query = select(PayoutReturn).where(PayoutReturn.public_id == return_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()
