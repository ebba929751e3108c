"""The queue of money that does not fit: opened by its finder, left by a posting or a note that two persons agree on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from orders.ledger import books
from orders.ledger.books import MoneyPosting
from orders.payments import attributing, checks, exception_accounts
from orders.payments.attributing import Part
from orders.payments.clearing import whose
from orders.payments.exception_accounts import PostingNotAllowed
from orders.payments.models import MoneyException
from orders.purchase import machine
from orders.purchase.parties import Parties
from shop import audit, clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.etag import check_version
from shop.i18n import _
from shop.money import format_yuan
from shop.outbox.services import publish

#: What agreed postings of exceptions moved: debit less credit of each account.
_DOCUMENTS = """
    SELECT split_part(debit, ' ', 1), split_part(debit, ' ', 2), posted_fen FROM money_exceptions
    WHERE status = 'closed' AND resolution = 'posting'
    UNION ALL SELECT split_part(credit, ' ', 1), split_part(credit, ' ', 2), -posted_fen FROM money_exceptions
    WHERE status = 'closed' AND resolution = 'posting'"""


def init_app(_app: Flask) -> None:
    """Let ``duikou verify`` know what agreed exceptions moved."""
    checks.add_documents("exceptions", _DOCUMENTS)


def open_exception(  # noqa: PLR0913  what an exception is
    key: str,
    rail: str,
    kind: str,
    subject: str,
    detail: str,
    amount_fen: int,
    occurred_on: date,
    at: datetime,
    *,
    producer_id: int | None = None,
    order_id: int | None = None,
) -> MoneyException:
    """Open an exception, once for each ``key``; return it as it stands, also if it was opened or closed before.

    :param key: names the finding, such as ``balance_transaction:txn_…``.
    :param rail: ``bank`` (the supervised account), ``stripe``, or ``direct``: a producer's own account.
    :param kind: why it is here; :data:`orders.payments.exception_labels.KINDS` has the words.
    :param detail: both figures and whatever helps who has to decide, in words.
    :param amount_fen: signed, as the rail moved; a posting moves at most so much.
    :param occurred_on: the day on which the rail moved, and on which a posting counts.
    """
    made = db.session.scalar(
        insert(MoneyException)
        .values(
            public_id=uuid7(), key=key, rail=rail, kind=kind, subject=subject, detail=detail, amount_fen=amount_fen,
            occurred_on=occurred_on, opened_at=at, producer_id=producer_id, order_id=order_id, status="open",
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(MoneyException.id)
    )  # fmt: skip
    row = db.session.scalars(select(MoneyException).where(MoneyException.key == key)).one()
    if made is not None:
        machine.record_start("exception", row, "open", actor=None, at=at)
        audit.record(None, "payments.exception_opened", "exception", row.id, kind=[None, kind])
        _tell(row, at)
    return row


def _tell(row: MoneyException, at: datetime) -> None:
    """Tell the operator that money does not fit, and the producer on whose own account it is: its people enter what is missing."""
    operators, _by = whose("supervised")
    owners = [row.producer_id] if row.rail == "direct" and row.producer_id is not None else []
    publish(
        "orders.exception_opened", organisations=[*operators, *owners],
        exception_id=str(row.public_id), rail=row.rail, kind=row.kind, subject=row.subject,
        amount=money.as_json(row.amount_fen), occurred_on=row.occurred_on.isoformat(),
        opened_on=clock.business_day(at).isoformat(), **({"by_payee": "1"} if owners else {}),
    )  # fmt: skip


def open_unless_waiting(cause: str, name: str, *args: Any, **kwargs: Any) -> MoneyException:
    """Open an exception as :func:`open_exception` does, unless one of the same cause waits; return whichever it is.

    :param cause: what the keys of all exceptions of one cause begin with; ``name`` tells them apart.
    """
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:cause))"), {"cause": cause})
    waiting = select(MoneyException).where(
        MoneyException.key.startswith(f"{cause}:", autoescape=True), MoneyException.status != "closed"
    )
    found = db.session.scalars(waiting.order_by(MoneyException.id).limit(1)).one_or_none()
    return found or open_exception(f"{cause}:{name}", *args, **kwargs)


def settle(key: str, at: datetime) -> MoneyException | None:
    """Close an exception because what was missing came by itself; ``None`` if there is none, nothing if it is closed.

    What was proposed falls away: there is nothing left to post.
    """
    row = _lock(key)
    if row is None or row.status == "closed":
        return row
    was = row.status
    _clear(row)
    row.resolution, row.decided_at = "settled", at
    machine.move("exception", row, "settle", actor=None, at=at, parties=Parties())
    audit.record(None, "payments.exception_settled", "exception", row.id, status=[was, "closed"])
    return row


def restate(key: str, kind: str, detail: str, amount_fen: int, at: datetime) -> MoneyException | None:
    """Say of an exception that waits what differs by now; it stays the same one, as old as it was.

    What was proposed for other figures falls away. ``None`` if there is none, nothing if it is closed or says so already.
    """
    row = _lock(key)
    if row is None or row.status == "closed" or (row.kind, row.amount_fen) == (kind, amount_fen):
        return row
    was = row.amount_fen
    _clear(row)
    row.kind, row.detail, row.amount_fen = kind, detail, amount_fen
    why = _("原差额 %(was)s 元，现差额 %(now)s 元。", was=format_yuan(was), now=format_yuan(amount_fen))
    machine.move("exception", row, "restate", actor=None, at=at, why=why, parties=Parties())
    audit.record(None, "payments.exception_restated", "exception", row.id, amount_fen=[was, amount_fen])
    return row


def propose_note(exception_id: UUID, note: str, actor: Actor, at: datetime) -> MoneyException:
    """Propose to leave an exception with nothing but a note that explains it.

    :raises NotFound: if there is none, or the actor is not of the operator.
    :raises WrongState: if something is proposed already, or it is closed.
    """
    row = lock_exception(exception_id, actor)
    return _propose(row, "note", note, actor=actor, at=at)


def propose_posting(
    exception_id: UUID, debit: str, credit: str, note: str, actor: Actor, at: datetime, *, amount_fen: int | None = None
) -> MoneyException:
    """Propose to post an exception between two kinds of accounts; whose they are follows from what it concerns.

    :param amount_fen: positive, at most what the exception is about; all of it by default.
    :raises NotFound: if there is none, or the actor is not of the operator.
    :raises PostingNotAllowed: if the pair is not in the table of pairs, or the amount does not fit.
    :raises WrongState: if something is proposed already, or it is closed.
    """
    row = lock_exception(exception_id, actor)
    most = abs(row.amount_fen)
    fen = most if amount_fen is None else amount_fen
    if not 0 < fen <= most:
        raise PostingNotAllowed(_("入账金额须大于0，且不超过异常金额 %(most)s 元。", most=format_yuan(most)))
    from_, to = exception_accounts.accounts_for(row, debit, credit)
    row.debit, row.credit, row.posted_fen = exception_accounts.written(from_), exception_accounts.written(to), fen
    return _propose(row, "posting", note, actor=actor, at=at)


def propose_refund(
    exception_id: UUID, parts: Sequence[Part], note: str, actor: Actor, at: datetime
) -> MoneyException:  # fmt: skip
    """Propose of which orders a refund was that somebody made by hand at the provider.

    :raises NotFound: if there is none, or the actor is not of the operator.
    :raises NotAttributable, RefundTooHigh, AllowanceSum, AllowanceTooHigh: if it cannot have been so.
    :raises WrongState: if something is proposed already, or it is closed.
    """
    row = lock_exception(exception_id, actor)
    attributing.check(row, parts)
    row.parts = attributing.written(parts)
    return _propose(row, "refund", note, actor=actor, at=at)


def agree(exception_id: UUID, actor: Actor, at: datetime, *, version: int | None = None) -> MoneyException:
    """Agree to what another person proposed: the exception is closed, and a posting is made on the day it occurred.

    :param version: of what was seen; nothing else is agreed to.
    :raises NotFound: if there is none, or the actor is not of the operator.
    :raises VersionChanged: if something else is proposed now.
    :raises WrongState: if nothing is proposed, or the actor proposed it.
    """
    attributing.lock(get_exception(exception_id, actor))
    row = lock_exception(exception_id, actor)
    machine.move("exception", row, "agree", actor=actor, at=at, parties=Parties())
    check_version(row.version if version is None else version, row.version)
    row.decided_by, row.decided_at = actor.user_id, at
    if row.resolution == "refund":
        attributing.post(row, actor, at)
    if row.resolution == "posting":
        accounts = exception_accounts.read(row.debit), exception_accounts.read(row.credit)
        posting = MoneyPosting(*accounts, row.posted_fen or 0, row.occurred_on)
        books.record_entry(
            f"exception:{row.id}:posted", "exception_posted", occurred_at=at, money=[posting], order_id=row.order_id,
            actor=actor,
        )  # fmt: skip
    audit.record(actor, "payments.exception_closed", "exception", row.id, status=["proposed", "closed"])
    return row


def send_back(exception_id: UUID, reason: str, actor: Actor, at: datetime) -> MoneyException:
    """Send back what was proposed, or take it back; the exception waits again.

    :raises NotFound: if there is none, or the actor is not of the operator.
    :raises WrongState: if nothing is proposed.
    """
    row = lock_exception(exception_id, actor)
    machine.move("exception", row, "send_back", actor=actor, at=at, why=reason, parties=Parties())
    _clear(row)
    audit.record(actor, "payments.exception_sent_back", "exception", row.id, status=["proposed", "open"])
    return row


def get_exception(exception_id: UUID, actor: Actor) -> MoneyException:
    """Return an exception.

    :raises NotFound: if there is none, or the actor is not of the operator.
    """
    row = db.session.scalars(select(MoneyException).where(MoneyException.public_id == exception_id)).one_or_none()
    if row is None or actor.organisation_kind != "operator":
        raise NotFound(_("没有这笔异常款。"))
    return row


def lock_exception(exception_id: UUID, actor: Actor) -> MoneyException:
    """Lock an exception and return it as it is now.

    :raises NotFound: if there is none, or the actor is not of the operator.
    """
    row = get_exception(exception_id, actor)
    return db.session.execute(
        select(MoneyException)
        .where(MoneyException.id == row.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


def _lock(key: str) -> MoneyException | None:
    return db.session.scalars(
        select(MoneyException)
        .where(MoneyException.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _propose(row: MoneyException, resolution: str, note: str, *, actor: Actor, at: datetime) -> MoneyException:
    facts = {"resolution": resolution, "debit": row.debit, "credit": row.credit, "posted_fen": row.posted_fen}
    machine.move(
        "exception", row, "propose", actor=actor, at=at, why=note, facts=facts if row.debit else {}, parties=Parties()
    )
    row.resolution, row.note, row.proposed_by, row.proposed_at = resolution, note, actor.user_id, at
    audit.record(actor, "payments.exception_proposed", "exception", row.id, resolution=[None, resolution])
    return row


def _clear(row: MoneyException) -> None:
    row.resolution, row.note, row.debit, row.credit, row.posted_fen, row.parts = None, "", None, None, None, []
    row.proposed_by, row.proposed_at = None, None
