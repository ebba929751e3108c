"""Confirming all receipts of a statement: started by a person who did not import it, done one by one, seen as it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, select, text, update

from orders.banking import accounts
from orders.banking.models import (
    BankLinePayment,
    BankStatement,
    BankStatementLine,
    StatementAccount,
    StatementConfirmation,
    StatementConfirmationFailure,
)
from orders.payments import receipts
from orders.payments.models import Payment
from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, DomainError, NotFound
from shop.i18n import _
from shop.identity import queries as identity

#: A worker holds a job so long; it asks again with every receipt.
HELD = timedelta(seconds=60)


class NothingToConfirm(Conflict):
    """No receipt of the statement waits to be confirmed."""

    code = "nothing-to-confirm"


class ConfirmationRunning(Conflict):
    """The statement's receipts are being confirmed already."""

    code = "confirmation-running"


@dataclass(frozen=True)
class Failure:
    """A receipt that could not be confirmed, and why."""

    payment: UUID
    bank_serial: str
    payer_name: str
    amount_fen: int
    code: str
    detail: str


def get_statement(public_id: UUID, actor: Actor, on: date) -> BankStatement:
    """Return a statement of the actor's accounts.

    :raises NotFound: if there is none, or it is another's.
    """
    found = db.session.scalars(
        select(BankStatement)
        .join(StatementAccount, StatementAccount.id == BankStatement.account_id)
        .where(BankStatement.public_id == public_id, accounts.own_lines(actor, on))
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这份对账单。"))
    return found


def start(statement_id: UUID, actor: Actor, at: datetime) -> StatementConfirmation:
    """Ask for all recorded receipts of a statement to be confirmed in the actor's name; a worker does it.

    :raises NotFound: if the statement is not the actor's.
    :raises SamePerson: if the actor imported it.
    :raises NothingToConfirm: if none waits.
    :raises ConfirmationRunning: if that was asked for already and goes on.
    """
    statement = get_statement(statement_id, actor, clock.business_day(at))
    if statement.imported_by == actor.user_id:
        raise receipts.SamePerson(_("导入对账单的人不能确认其中的到账，请由另一位同事办理。"))
    total = count_waiting(statement.id)
    if not total:
        raise NothingToConfirm(_("没有待确认的到账。"))
    job = StatementConfirmation(
        statement_id=statement.id, user_id=actor.user_id, organisation_id=actor.organisation_id, status="running",
        total=total, started_at=at,
    )  # fmt: skip
    running = ConfirmationRunning(_("正在确认，请稍候。"))
    with refusing(uq_statement_confirmations_running=running):
        db.session.add(job)
    audit.record(actor, "banking.confirmation_started", "bank_statement", statement.id, total=[0, total])
    return job


def count_waiting(statement_id: int) -> int:
    """Return how many receipts of a statement are recorded and not decided."""
    return db.session.scalar(_waiting(statement_id).with_only_columns(func.count())) or 0


def claim(now: datetime) -> int | None:
    """Take a running job for a while, in real time; ``None`` if there is none that nobody has."""
    found: int | None = db.session.scalar(
        text("""
            UPDATE statement_confirmations SET claimed_until = :until WHERE id = (
                SELECT id FROM statement_confirmations
                WHERE status = 'running' AND (claimed_until IS NULL OR claimed_until < :now)
                ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id"""),
        {"now": now, "until": now + HELD},
    )
    return found


def actor_of(job_id: int, on: date) -> Actor:
    """Return the person in whose name a job runs, with the rights that they hold now.

    :raises NotFound: if they have left.
    """
    job = db.session.get_one(StatementConfirmation, job_id)
    return identity.actor_of(job.user_id, job.organisation_id, on)


def next_receipts(job_id: int, limit: int) -> list[UUID]:
    """Return some of the receipts that are still to be confirmed, oldest first."""
    job = db.session.get_one(StatementConfirmation, job_id)
    failed = select(StatementConfirmationFailure.payment_id).where(
        StatementConfirmationFailure.confirmation_id == job_id
    )
    query = _waiting(job.statement_id).where(Payment.id.not_in(failed)).order_by(Payment.id).limit(limit)
    return list(db.session.scalars(query.with_only_columns(Payment.public_id)))


def confirm_one(job_id: int, payment_id: UUID, actor: Actor, at: datetime, *, now: datetime) -> None:
    """Confirm one receipt and count it; raises as :func:`orders.payments.receipts.confirm`."""
    receipts.confirm(payment_id, actor, at)
    _count(job_id, now, confirmed=1)


def note_failure(job_id: int, payment_id: UUID, error: DomainError, *, now: datetime) -> None:
    """Write down why a receipt could not be confirmed."""
    key = db.session.execute(select(Payment.id).where(Payment.public_id == payment_id)).scalar_one()
    db.session.execute(
        insert(StatementConfirmationFailure).values(
            confirmation_id=job_id, payment_id=key, code=error.code, detail=error.detail
        )
    )
    _count(job_id, now, failed=1)


def finish(job_id: int, at: datetime) -> None:
    """End a job that has nothing left to do, or nobody to do it for."""
    db.session.execute(
        update(StatementConfirmation)
        .where(StatementConfirmation.id == job_id, StatementConfirmation.status == "running")
        .values(status="done", ended_at=at, claimed_until=None)
    )


def latest(statement_id: int) -> StatementConfirmation | None:
    """Return the last job of a statement."""
    return db.session.scalars(
        select(StatementConfirmation)
        .where(StatementConfirmation.statement_id == statement_id)
        .order_by(StatementConfirmation.id.desc())
        .limit(1)
    ).one_or_none()


def get_job(public_id: UUID, actor: Actor, on: date) -> StatementConfirmation:
    """Return a job of a statement of the actor's.

    :raises NotFound: if there is none, or it is another's.
    """
    found = db.session.scalars(
        select(StatementConfirmation)
        .join(BankStatement, BankStatement.id == StatementConfirmation.statement_id)
        .join(StatementAccount, StatementAccount.id == BankStatement.account_id)
        .where(StatementConfirmation.public_id == public_id, accounts.own_lines(actor, on))
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这次确认。"))
    return found


def failures_of(job_id: int) -> list[Failure]:
    """Return what a job could not confirm, at most the first thousand."""
    rows = db.session.execute(
        select(
            Payment.public_id, Payment.bank_serial, Payment.payer_name, Payment.amount_fen,
            StatementConfirmationFailure.code, StatementConfirmationFailure.detail,
        )
        .join(Payment, Payment.id == StatementConfirmationFailure.payment_id)
        .where(StatementConfirmationFailure.confirmation_id == job_id)
        .order_by(Payment.id)
        .limit(1000)
    )  # fmt: skip
    return [Failure(*row) for row in rows]


def _waiting(statement_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Payment)
        .join(BankLinePayment, BankLinePayment.payment_id == Payment.id)
        .join(BankStatementLine, BankStatementLine.id == BankLinePayment.line_id)
        .where(BankStatementLine.statement_id == statement_id, Payment.status == "recorded")
    )


def _count(job_id: int, now: datetime, *, confirmed: int = 0, failed: int = 0) -> None:
    db.session.execute(
        update(StatementConfirmation)
        .where(StatementConfirmation.id == job_id)
        .values(
            confirmed=StatementConfirmation.confirmed + confirmed, failed=StatementConfirmation.failed + failed,
            claimed_until=now + HELD,
        )
    )  # fmt: skip
