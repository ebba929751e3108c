"""Splitting the main supervised account: prepared by one person, released by another, sent as a file, told by statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text, update

from orders.banking.models import SupervisedAccount
from orders.numbers import make_number
from orders.payments.models import Payment
from orders.purchase import machine
from orders.settlement import payment_files, split_money
from orders.settlement.payment_files import Head, Transfer
from orders.settlement.split_models import Split, SplitPart, SplitRun
from orders.settlement.split_money import OnMain
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden, NotFound
from shop.files import services as files
from shop.files.models import StoredFile
from shop.i18n import _
from shop.identity.models import Organisation

_KEY = text("SELECT nextval(pg_get_serial_sequence('splits', 'id'))")


class NothingToSplit(Conflict):
    """Nothing lies on the main account for a producer that has a sub-account, or none of the run can be sent."""

    code = "nothing-to-split"


class SplitHasLeft(Conflict):
    """The statement shows that the money has left the main account: it ends by what a statement says."""

    code = "split-has-left"


def prepare(producers: Sequence[UUID], actor: Actor, at: datetime) -> SplitRun:
    """Prepare a split for each producer that has money on the main account and a sub-account; another person releases.

    :param producers: only these; all if empty.
    :raises NotFound: for anybody but the operator.
    :raises Forbidden: without ``payouts:prepare``.
    :raises NothingToSplit: if nothing is there.
    """
    _require(actor, "payouts:prepare")
    on = clock.business_day(at)
    found = split_money.on_main(on, _keys_of(producers) if producers else None, lock=True)
    if not found:
        raise NothingToSplit(_("监管主账户上没有应划到子账户的货款。"))
    run = SplitRun(on=on, started_by=actor.user_id, started_at=at)
    db.session.add(run)
    db.session.flush()  # obtains the run's key for its splits
    for one in found:
        _add_split(run, one, actor, at)
    audit.record(actor, "settlement.split_prepared", "split_run", run.id, producers=[None, len(found)])
    return run


def _add_split(run: SplitRun, one: OnMain, actor: Actor, at: datetime) -> None:
    key = db.session.scalars(_KEY).one()
    split = Split(
        id=key, number=make_number("HB", run.on, key), run_id=run.id, producer_id=one.producer_id,
        payer_id=one.main_id, payee_id=one.sub_id, amount_fen=one.amount_fen, status="prepared",
        prepared_by=actor.user_id, prepared_at=at,
    )  # fmt: skip
    db.session.add(split)
    db.session.flush()  # its parts name it
    machine.record_start("split", split, "prepare", actor=actor, at=at)
    for payment_id, fen in one.parts:
        db.session.add(SplitPart(split_id=key, payment_id=payment_id, amount_fen=fen))
        _take(payment_id, fen)


def release(run_id: UUID, actor: Actor, at: datetime) -> SplitRun:
    """Release what another person prepared.

    :raises NotFound: if there is no such run, or for anybody but the operator.
    :raises NothingToSplit: if none of it waits.
    :raises WrongState: if the same person prepared it.
    """
    _require(actor, "payouts:release")
    run = _lock_run(run_id)
    waiting = [each for each in _lock_splits(run.id) if each.status == "prepared"]
    if not waiting:
        raise NothingToSplit(_("本批没有待复核的划拨。"))
    for split in waiting:
        machine.move("split", split, "release", actor=actor, at=at)
        split.released_by, split.released_at = actor.user_id, at
    audit.record(actor, "settlement.split_released", "split_run", run.id, splits=[None, len(waiting)])
    return run


def send(run_id: UUID, kind: str, actor: Actor, at: datetime) -> StoredFile:
    """Make the run's file for the bank and keep it; it may be made again while no statement tells of any of it.

    :raises NotFound: if there is no such run, or for anybody but the operator.
    :raises NothingToSplit: if one still waits for its release, or all were given up or have ended.
    :raises NotInEncoding: if the file cannot be made.
    """
    _require(actor, "payouts:prepare")
    run = _lock_run(run_id)
    splits = [each for each in _lock_splits(run.id) if each.status not in ("cancelled", "failed")]
    begun = any(each.left_line_id or each.arrived_line_id for each in splits)
    if not splits or begun or any(each.status not in ("released", "sent") for each in splits):
        raise NothingToSplit(_("本批划拨须全部复核（或撤销）后才能生成银行文件；银行已办理的不再生成。"))
    orders = [
        (db.session.get_one(SupervisedAccount, key), [_transfer(each) for each in splits if each.payer_id == key])
        for key in sorted({each.payer_id for each in splits})
    ]
    day = f"{run.on:%Y%m%d}"
    head = Head(run.public_id, f"{day}-H{run.id}", f"splits-{day}-{run.public_id}")
    data, file_name = payment_files.render(kind, head, orders, at)
    stored = files.store(data, file_name, actor)
    for split in splits:
        if split.status == "released":
            machine.move("split", split, "send", actor=actor, at=at)
    was, run.file_id = run.file_id, stored.id
    audit.record(actor, "settlement.split_sent", "split_run", run.id, file_id=[was, stored.id], sha256=stored.sha256)
    return stored


def cancel(split_id: UUID, reason: str, actor: Actor, at: datetime) -> Split:
    """Give a split up before it was sent; its money may be split again.

    :raises NotFound: if it is not there, or for anybody but the operator.
    :raises WrongState: if it was sent or has ended.
    """
    split = lock(split_id, actor)
    machine.move("split", split, "cancel", actor=actor, at=at, why=reason)
    return _end(split, reason, actor, at)


def fail(split_id: UUID, reason: str, actor: Actor, at: datetime) -> Split:
    """Say that the bank did not make a split; its money may be split again.

    :raises NotFound: if it is not there, or for anybody but the operator.
    :raises SplitHasLeft: if a statement tells that it has left or arrived.
    :raises WrongState: if it was not sent, or has ended.
    """
    split = lock(split_id, actor)
    if split.left_line_id is not None or split.arrived_line_id is not None:
        raise SplitHasLeft(_("对账单显示这笔划拨已经划出或到账，以对账单为准。"), split=split.number)
    machine.move("split", split, "fail", actor=actor, at=at, why=reason)
    return _end(split, reason, actor, at)


def _end(split: Split, reason: str, actor: Actor, at: datetime) -> Split:
    split.failure, split.decided_by, split.decided_at = reason, actor.user_id, at
    give_back(split)
    audit.record(actor, f"settlement.split_{split.status}", "split", split.id, status=[None, split.status])
    return split


def give_back(split: Split) -> None:
    """Let a locked split's money be its receipts' on the main account again."""
    parts = db.session.scalars(
        select(SplitPart).where(SplitPart.split_id == split.id).order_by(SplitPart.payment_id)
    ).all()
    for part in parts:
        _take(part.payment_id, -part.amount_fen)


def _take(payment_id: int, fen: int) -> None:
    """Add to what of a receipt is split, in the database: a column of its own, so nobody's version is bothered."""
    db.session.execute(
        update(Payment)
        .where(Payment.id == payment_id)
        .values(split_fen=Payment.split_fen + fen)
        .execution_options(synchronize_session=False)
    )


def _transfer(split: Split) -> Transfer:
    payee = db.session.get_one(SupervisedAccount, split.payee_id)
    return Transfer(payee.holder, payee.bank, payee.number, split.amount_fen, f"划拨 {split.number}", split.number)


def _keys_of(producers: Sequence[UUID]) -> list[int]:
    return list(db.session.scalars(select(Organisation.id).where(Organisation.public_id.in_(producers))))


def _require(actor: Actor, permission: str) -> None:
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这个页面。"))
    if not actor.may(permission):
        raise Forbidden(_("这一步由其他岗位办理。"))


def _lock_run(public_id: UUID) -> SplitRun:
    found = db.session.scalars(select(SplitRun).where(SplitRun.public_id == public_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound(_("没有这一批划拨。"))
    return found


def _lock_splits(run_id: int) -> Sequence[Split]:
    query = select(Split).where(Split.run_id == run_id).order_by(Split.id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def lock(public_id: UUID, actor: Actor) -> Split:
    """Lock a split, for the operator.

    :raises NotFound: if there is none, or for anybody else.
    """
    query = select(Split).where(Split.public_id == public_id).with_for_update()
    is_operator = actor.organisation_kind == "operator"
    found = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none() if is_operator else None
    if found is None:
        raise NotFound(_("没有这笔划拨。"))
    return found


def count_waiting() -> int:
    """Return how many splits wait for the second person."""
    return db.session.scalar(select(func.count()).select_from(Split).where(Split.status == "prepared")) or 0
