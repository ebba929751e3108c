"""Payouts by bank: checked by one person, released by another, sent as a file, then paid or returned by the bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from orders.purchase import machine
from orders.settlement import doubting, payees, payers, paying, payment_files, posting
from orders.settlement.models import Payout, PayoutItem, PayoutRun
from orders.settlement.standing import Standing, lock_standings
from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Forbidden, Invalid, NotFound
from shop.files import services as files
from shop.files.models import StoredFile
from shop.i18n import _


class NotChecked(Conflict):
    """The schedule made the payout: one person checks it before another releases it."""

    code = "payout-not-checked"


class NothingToSend(Conflict):
    """No payout of the run is released, or some still wait for that."""

    code = "nothing-to-send"


class BadValueDay(Invalid):
    """The bank's day lies before the payout was released, or in the future."""

    code = "bad-value-day"


class PayoutSerialTaken(Conflict):
    """Another payout was paid by the transfer with this serial number. Member ``payout`` is the one that asks."""

    code = "payout-serial-taken"


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What the bank says of a payout that it has made."""

    payout: UUID
    bank_serial: str
    value_on: date


def check(ids: Sequence[UUID], actor: Actor) -> list[Payout]:
    """Take over, as the first person, payouts that the schedule has made.

    :raises NotFound: if one is not there.
    :raises WrongState: if one is not waiting.
    """
    found = _lock(ids, actor)
    _require(actor, "payouts:prepare")
    for payout in found:
        if payout.status != "prepared" or payout.rail != "bank":
            raise machine.WrongState(_("只能核对待复核的银行付款。"), state=payout.status, possible=[])
        if payout.prepared_by is None:
            payout.prepared_by = actor.user_id
            audit.record(actor, "settlement.payout_checked", "payout", payout.id, prepared_by=[None, actor.user_id])
    return found


def release(ids: Sequence[UUID], actor: Actor, at: datetime) -> list[Payout]:
    """Release payouts that another person has prepared or checked.

    :raises NotFound: if one is not there.
    :raises NotChecked: if nobody has checked what the schedule made.
    :raises WrongState: if one is not waiting, or the same person prepared it.
    :raises PayeeAccountChanged: if one goes to an account that is not its producer's any more.
    """
    found = _lock(ids, actor)
    _require(actor, "payouts:release")
    for payout in found:
        if payout.status == "prepared" and payout.prepared_by is None:
            raise NotChecked(_("系统生成的付款须先由制单人核对，再由另一位同事复核放款。"), payout=payout.number)
    payees.require_same(found, clock.business_day(at))
    for payout in found:
        machine.move("payout", payout, "release", actor=actor, at=at)
        payout.released_by, payout.released_at = actor.user_id, at
        audit.record(actor, "settlement.payout_released", "payout", payout.id, status=["prepared", "released"])
    return found


def cancel(public_id: UUID, reason: str, actor: Actor, at: datetime) -> Payout:
    """Give a payout up before it was sent; its money is the payable's again.

    :raises NotFound: if it is not there.
    :raises Forbidden: for anybody but the operator.
    :raises WrongState: if it was sent or ended.
    """
    if actor.organisation_kind != "operator":
        raise Forbidden(_("这一步由平台办理。"))
    payout, items, standings = _lock_with_orders(public_id, actor)
    paying.cancel_locked(payout, items, standings, reason, actor=actor, at=at)
    return payout


def send(run_id: UUID, kind: str, actor: Actor, at: datetime) -> StoredFile:
    """Make the run's file for the bank, keep it, and say that its payouts are on their way.

    While the bank has decided none of them, the file may be made again in another form; the last one is the evidence.

    :raises NotFound: if there is no such run by bank.
    :raises NothingToSend: if none is released, or one still waits for it.
    :raises PayeeAccountChanged: as :func:`release`.
    :raises NoPayerAccount, NoFeeAccount, NotInEncoding: if the file cannot be made.
    """
    run = get_run(run_id, actor)
    keys = list(db.session.scalars(select(Payout.id).where(Payout.run_id == run.id).order_by(Payout.id)))
    standings = lock_standings(paying.orders_of(keys))
    payouts = [each for each in paying.lock_payouts(keys).values() if each.status not in ("cancelled", "failed")]
    if run.rail != "bank" or not payouts or any(each.status not in ("released", "sent") for each in payouts):
        raise NothingToSend(_("本批付款须全部复核放款（或撤销）后才能生成银行文件。"))
    payees.require_same([each for each in payouts if each.status == "released"], clock.business_day(at))
    fees = {each.id: posting.send_fee(paying.items_of(each.id), standings) for each in payouts}
    batches = payers.make_batches(payouts, fees, clock.business_day(at))
    data, name = payment_files.make(kind, run, batches, actor, at=at)
    stored = files.store(data, name, actor)
    for payout in payouts:
        if payout.status == "released":
            machine.move("payout", payout, "send", actor=actor, at=at)
    was = run.file_id
    run.file_id = stored.id
    audit.record(actor, "settlement.file_made", "payout_run", run.id, file_id=[was, stored.id], sha256=stored.sha256)
    return stored


def confirm(confirmations: Sequence[Confirmation], actor: Actor | None, at: datetime) -> list[Payout]:
    """Take the bank's word that payouts are made; by a person, or (``None``) from a matched statement line.

    :raises NotFound: if one is not there.
    :raises BadValueDay: if its day cannot be.
    :raises WrongState: if it was not sent.
    :raises PayoutSerialTaken: if another payout has the serial.
    """
    wanted = {each.payout: each for each in confirmations}
    keys = _keys(list(wanted), actor)
    standings = lock_standings(paying.orders_of(keys.values()))
    locked = paying.lock_payouts(keys.values())
    found = []
    for public_id, key in sorted(keys.items(), key=lambda pair: pair[1]):
        payout, told = locked[key], wanted[public_id]
        _require_bank(payout)
        machine.check("payout", payout, "pay", actor=actor, at=at)
        take_serial(payout, told, at)
        paying.pay_locked(payout, paying.items_of(key), standings, on=told.value_on, actor=actor, at=at)
        found.append(payout)
    return found


def doubt(public_id: UUID, reason: str, actor: Actor, at: datetime) -> Payout:
    """Say that the bank could not pay; another person agrees, and only then it is the payable's again.

    :raises NotFound: if it is not there; WrongState: if it was not sent by bank.
    """
    payout = _lock([public_id], actor)[0]
    _require_bank(payout)
    doubting.doubt("payout", payout, reason, actor, at)
    return payout


def trust(public_id: UUID, actor: Actor, at: datetime) -> Payout:
    """Say that the bank pays after all; raises as :func:`doubt`."""
    payout = _lock([public_id], actor)[0]
    doubting.trust("payout", payout, actor, at)
    return payout


def fail(public_id: UUID, actor: Actor, at: datetime) -> Payout:
    """Agree, as another person than who said so, that the bank could not pay: it is the payable's again.

    :raises NotFound: if it is not there.
    :raises WrongState: if nobody has said so, or the same person did.
    """
    payout, items, standings = _lock_with_orders(public_id, actor)
    _require_bank(payout)
    if payout.status == "sent":
        raise machine.WrongState(_("还没有人登记这笔付款未付成。"), state=payout.status, possible=["doubt"])
    paying.fail_locked(payout, items, standings, payout.failure, actor=actor, at=at)
    return payout


def get_run(public_id: UUID, actor: Actor) -> PayoutRun:
    """Return a run, for the operator.

    :raises NotFound: if there is none, or for anybody else.
    """
    query = select(PayoutRun).where(PayoutRun.public_id == public_id)
    found = db.session.scalars(query.with_for_update()).one_or_none() if actor.organisation_kind == "operator" else None
    if found is None:
        raise NotFound(_("没有这一批付款。"))
    return found


def take_serial(payout: Payout, told: Confirmation, at: datetime) -> None:
    """Keep the serial number of what paid a locked payout.

    :raises BadValueDay: if its day cannot be; PayoutSerialTaken: if another payout has the serial.
    """
    _check_day(payout, told.value_on, at)
    serial = "".join(told.bank_serial.split())
    detail = _("流水号 %(serial)s 已用于另一笔付款。", serial=serial)
    with refusing(uq_payouts_bank_serial=PayoutSerialTaken(detail, payout=payout.number, bank_serial=serial)):
        payout.bank_serial = serial


def _check_day(payout: Payout, value_on: date, at: datetime) -> None:
    released_on = clock.business_day(payout.released_at or payout.prepared_at)
    if not released_on <= value_on <= clock.business_day(at):
        raise BadValueDay(_("付款日不能早于放款日，也不能晚于今天。"), payout=payout.number)


def _require_bank(payout: Payout) -> None:
    if payout.rail != "bank":
        raise machine.WrongState(_("由支付机构决定。"), state=payout.status, possible=[])


def _require(actor: Actor, permission: str) -> None:
    if not actor.may(permission):
        raise Forbidden(_("这一步由其他岗位办理。"))


def _lock_with_orders(public_id: UUID, actor: Actor | None) -> tuple[Payout, list[PayoutItem], dict[int, Standing]]:
    key = _keys([public_id], actor)[public_id]
    standings = lock_standings(paying.orders_of([key]))
    payout = paying.lock_payouts([key])[key]
    return payout, paying.items_of(key), standings


def _lock(ids: Sequence[UUID], actor: Actor) -> list[Payout]:
    return list(paying.lock_payouts(_keys(ids, actor).values()).values())


def _keys(ids: Sequence[UUID], actor: Actor | None) -> dict[UUID, int]:
    """Return the keys of payouts; they are the operator's to move, nobody else's."""
    if actor is not None and actor.organisation_kind != "operator":
        raise NotFound(_("没有这笔付款。"))
    rows = db.session.execute(select(Payout.public_id, Payout.id).where(Payout.public_id.in_(ids)))
    keys = {row.public_id: row.id for row in rows}
    if set(ids) - keys.keys():
        raise NotFound(_("没有这笔付款。"))
    return keys
