"""Transfers of refunds: released by a second person, sent as a file, then paid or not made, as the bank tells."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from orders.payments.clearing import whose
from orders.purchase import machine
from orders.refunding.gathering import require_operator
from orders.refunding.locking import Locked, lock
from orders.refunding.models import RefundRun, RefundTransfer
from orders.settlement import doubting, payers, payment_files
from orders.settlement.bank import BadValueDay, NothingToSend
from orders.settlement.payment_files import Head, Transfer
from shop import audit, clock, money
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.files import services as files
from shop.files.models import StoredFile
from shop.i18n import _
from shop.outbox.services import publish


class TransferSerialTaken(Conflict):
    """Another refund left by the transfer with this serial number. Member ``transfer`` is the one that asks."""

    code = "transfer-serial-taken"


@dataclass(frozen=True, kw_only=True)
class RefundPaid:
    """What the bank says of a transfer that it has made."""

    transfer: UUID
    bank_serial: str
    value_on: date


def release(ids: Collection[UUID], actor: Actor, at: datetime) -> list[RefundTransfer]:
    """Release transfers that another person has prepared.

    :raises NotFound: if one is not there; WrongState: if one is not waiting, or the same person prepared it.
    """
    found = [each.transfer for each in lock(ids, actor)]
    for one in found:
        machine.move("refund_transfer", one, "release", actor=actor, at=at)
        one.released_by, one.released_at = actor.user_id, at
        audit.record(actor, "refunding.transfer_released", "refund_transfer", one.id, status=["prepared", "released"])
    return found


def cancel(transfer_id: UUID, reason: str, actor: Actor, at: datetime) -> RefundTransfer:
    """Give a transfer up before it was sent; its refund waits again.

    :raises NotFound: if it is not there; WrongState: if it was sent or ended.
    """
    (found,) = lock([transfer_id], actor)
    was = found.transfer.status
    machine.move("refund_transfer", found.transfer, "cancel", actor=actor, at=at, why=reason)
    _end(found, reason, actor, at)
    audit.record(actor, "refunding.transfer_cancelled", "refund_transfer", found.transfer.id, status=[was, "cancelled"])
    return found.transfer


def send(run_id: UUID, kind: str, actor: Actor, at: datetime) -> StoredFile:
    """Make the batch's file for the bank, keep it, and say that its transfers are on their way.

    While the bank has decided none of them, the file may be made again in another form; the last one is the evidence.

    :raises NotFound: if there is no such batch.
    :raises NothingToSend: if none is released, or one still waits for it.
    :raises NoPayerAccount, NotInEncoding: if the file cannot be made.
    """
    run = _lock_run(run_id, actor)
    ids = db.session.scalars(select(RefundTransfer.public_id).where(RefundTransfer.run_id == run.id)).all()
    found = [each.transfer for each in lock(ids, actor) if each.transfer.status not in ("cancelled", "failed")]
    if not found or any(each.status not in ("released", "sent") for each in found):
        raise NothingToSend(_("本批付款须全部复核放款（或撤销）后才能生成银行文件。"))
    orders = [
        (payer, [_transfer_of(each) for each in paid]) for payer, paid in payers.by_payer(found, clock.business_day(at))
    ]
    head = Head(run.public_id, f"TK{run.on:%Y%m%d}-{run.id}", f"refunds-{run.on:%Y%m%d}-{run.public_id}")
    data, name = payment_files.render(kind, head, orders, at)
    stored = files.store(data, name, actor)
    for one in found:
        if one.status == "released":
            machine.move("refund_transfer", one, "send", actor=actor, at=at)
    was, run.file_id = run.file_id, stored.id
    audit.record(actor, "refunding.file_made", "refund_run", run.id, file_id=[was, stored.id], sha256=stored.sha256)
    return stored


def confirm(told: Sequence[RefundPaid], actor: Actor | None, at: datetime) -> list[RefundTransfer]:
    """Take the bank's word that refunds have left; by a person, or (``None``) from a matched statement line.

    Who prepared and who released the transfer are the two persons of its refund.

    :raises NotFound: if one is not there; WrongState: if it was not sent.
    :raises BadValueDay: if its day cannot be; TransferSerialTaken: if another one has the serial.
    """
    wanted = {each.transfer: each for each in told}
    locked = lock(wanted.keys(), actor)
    for found in locked:
        _pay(found, wanted[found.transfer.public_id], actor, at)
    return [found.transfer for found in locked]


def find_paid(told: RefundPaid, at: datetime) -> bool:
    """Take a statement's word that a transfer has left which two persons had said to have failed.

    What was prepared or released meanwhile for the same refund is given up; if it went back otherwise already, nothing
    changes and the line stays a person's.

    :return: whether the refund went back by it.
    """
    one = db.session.scalars(select(RefundTransfer).where(RefundTransfer.public_id == told.transfer)).one()
    others = select(RefundTransfer.public_id).where(
        RefundTransfer.refund_id.is_not_distinct_from(one.refund_id),
        RefundTransfer.credit_refund_id.is_not_distinct_from(one.credit_refund_id),
    )
    locked = {each.transfer.public_id: each for each in lock(db.session.scalars(others).all(), None)}
    found = locked.pop(told.transfer)
    for other in locked.values():
        if found.transfer.status == "failed" and other.transfer.status in ("prepared", "released"):
            reason = _("付款 %(number)s 银行已付出，本笔不再支付。", number=found.transfer.number)
            machine.move("refund_transfer", other.transfer, "cancel", actor=None, at=at, why=reason)
            _end(other, reason, None, at)
    if found.transfer.status != "failed" or found.back.refund.status != "requested":
        return False
    found.back.move("gather", actor=None, at=at)
    db.session.flush()  # what was given up makes room for the transfer that stands
    _pay(found, told, None, at, event="find")
    return True


def doubt(transfer_id: UUID, reason: str, actor: Actor, at: datetime) -> RefundTransfer:
    """Say that the bank did not make a transfer; another person agrees, and only then its refund waits again.

    :raises NotFound: if it is not there; WrongState: if it was not sent.
    """
    (found,) = lock([transfer_id], actor)
    doubting.doubt("refund_transfer", found.transfer, reason, actor, at)
    return found.transfer


def fail(transfer_id: UUID, actor: Actor, at: datetime) -> RefundTransfer:
    """Agree that the bank did not make a transfer: its refund waits again, and its sides are told.

    :raises NotFound: if it is not there; WrongState: if nobody has said so, or the same person did.
    """
    (found,) = lock([transfer_id], actor)
    one = found.transfer
    machine.move("refund_transfer", one, "fail", actor=actor, at=at, why=one.failure)
    _end(found, one.failure, actor, at)
    audit.record(actor, "refunding.transfer_failed", "refund_transfer", one.id, status=["failing", "failed"])
    more, by = whose("supervised")
    publish(
        "orders.refund_transfer_failed", organisations=[*found.back.parties, *more], transfer_id=str(one.public_id),
        number=one.number, amount=money.as_json(one.amount_fen), payer=one.account_holder, why=one.failure, **by,
    )  # fmt: skip
    return one


def trust(transfer_id: UUID, actor: Actor, at: datetime) -> RefundTransfer:
    """Say that the bank makes a transfer after all.

    :raises NotFound: if it is not there; WrongState: if nobody doubts it.
    """
    (found,) = lock([transfer_id], actor)
    doubting.trust("refund_transfer", found.transfer, actor, at)
    return found.transfer


def _pay(found: Locked, told: RefundPaid, actor: Actor | None, at: datetime, *, event: str = "pay") -> None:
    one, refund, serial = found.transfer, found.back.refund, "".join(told.bank_serial.split())
    machine.check("refund_transfer", one, event, actor=actor, at=at)
    released_on = clock.business_day(one.released_at or one.prepared_at)
    if not released_on <= told.value_on <= clock.business_day(at):
        raise BadValueDay(_("付款日不能早于放款日，也不能晚于今天。"), payout=one.number)
    detail = _("流水号 %(serial)s 已用于另一笔付款。", serial=serial)
    was = one.status
    with refusing(uq_refund_transfers_bank_serial=TransferSerialTaken(detail, transfer=one.number, bank_serial=serial)):
        one.bank_serial, one.value_on, one.decided_at = serial, told.value_on, at
        one.decided_by = actor.user_id if actor else None
        machine.move("refund_transfer", one, event, actor=actor, at=at)
    one.failure = ""
    refund.bank_serial, refund.value_on = serial, told.value_on
    refund.recorded_by, refund.recorded_at = one.prepared_by, one.prepared_at
    refund.decided_by, refund.decided_at = one.released_by, at
    found.back.move("execute", actor=actor, at=at)
    found.back.enter(actor=actor, at=at)
    audit.record(actor, "refunding.transfer_paid", "refund_transfer", one.id, status=[was, "paid"])


def _end(found: Locked, reason: str, actor: Actor | None, at: datetime) -> None:
    one = found.transfer
    one.failure, one.decided_at = reason, at
    one.decided_by = actor.user_id if actor else None
    found.back.move("drop", actor=actor, at=at, why=reason)
    found.back.refund.failure = reason if one.status == "failed" else ""


def _transfer_of(one: RefundTransfer) -> Transfer:
    return Transfer(one.account_holder, "", one.account_number, one.amount_fen, f"退款 {one.number}", one.number)


def _lock_run(run_id: UUID, actor: Actor) -> RefundRun:
    require_operator(actor)
    query = select(RefundRun).where(RefundRun.public_id == run_id)
    found = db.session.scalars(query.with_for_update()).one_or_none()
    if found is None:
        raise NotFound(_("没有这一批退款。"))
    return found
