"""Exceptions as lists, the page of one, and sheets show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select, text, tuple_

from orders.payments.models import MoneyException
from orders.purchase.labels import event_label
from orders.purchase.models import Order
from orders.reconciliation.aging import opened_before
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.identity.models import Organisation
from shop.paging import Page, decode_cursor, make_page

STATES = ("open", "proposed", "closed")
WAITING = ("open", "proposed")
#: Rows of one sheet.
MOST_ROWS = 20_000

_HISTORY = text("""
    SELECT m.event, m.to_state, m.at, m.why, m.facts, u.name AS person FROM moves m LEFT JOIN users u ON u.id = m.user_id
    WHERE m.machine = 'exception' AND m.subject_id = :id ORDER BY m.id""")
_LINES = text("""
    SELECT transaction_ref, source_ref, type, amount, fee, net, currency, occurred_at FROM balance_transactions
    WHERE exception_id = :id ORDER BY id""")


@dataclass(frozen=True)
class ExceptionFilter:
    """Which exceptions: states, rails, kinds; none given is all."""

    statuses: Sequence[str] = ()
    rails: Sequence[str] = ()
    kinds: Sequence[str] = ()
    occurred_on: date | None = None
    #: Opened so many days ago, or earlier.
    age_days: int | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether only what waits is asked for: then the oldest comes first."""
        return bool(self.statuses) and "closed" not in self.statuses


@dataclass(frozen=True)
class ExceptionRow:
    """An exception with whom it concerns."""

    key: int
    id: UUID
    rail: str
    kind: str
    subject: str
    detail: str
    amount_fen: int
    occurred_on: date
    opened_at: datetime
    status: str
    resolution: str | None
    note: str
    debit: str | None
    credit: str | None
    posted_fen: int | None
    proposed_by: int | None
    proposed_at: datetime | None
    decided_at: datetime | None
    producer: str | None
    order: UUID | None
    number: str | None
    version: int


@dataclass(frozen=True)
class Happening:
    """What was done with an exception: when, what, by whom, why, and what was to be posted."""

    at: datetime
    event: str
    to: str
    what: str
    who: str
    why: str
    debit: str | None = None
    credit: str | None = None
    posted_fen: int | None = None


@dataclass(frozen=True)
class ProviderLine:
    """The provider's line that an exception is about, in the smallest unit of its currency."""

    ref: str
    source_ref: str
    type: str
    amount: int
    fee: int
    net: int
    currency: str
    occurred_at: datetime


@dataclass(frozen=True)
class Queue:
    """How many exceptions a filter finds, their sums as the rails moved, and since when the oldest waits."""

    count: int = 0
    in_fen: int = 0
    out_fen: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True)
class ExceptionDetail:
    """An exception with its history and what it is about."""

    row: ExceptionRow
    history: list[Happening] = field(default_factory=list)
    lines: list[ProviderLine] = field(default_factory=list)


def list_exceptions(
    actor: Actor, wanted: ExceptionFilter, *, limit: int, cursor: str | None = None
) -> Page[ExceptionRow]:
    """Return a page of exceptions: of those that wait the oldest first, else the newest first.

    :raises NotFound: to everybody but the operator's people.
    """
    sort_key = tuple_(MoneyException.opened_at, MoneyException.id)
    columns = MoneyException.opened_at, MoneyException.id
    query = _rows(actor, wanted).limit(limit + 1)
    key = decode_cursor(cursor, datetime.fromisoformat, int)
    if wanted.is_waiting:
        query = query.order_by(*columns)
        query = query.where(sort_key > tuple_(*key)) if key else query
    else:
        query = query.order_by(*(column.desc() for column in columns))
        query = query.where(sort_key < tuple_(*key)) if key else query
    rows = [_row(*found) for found in db.session.execute(query)]
    return make_page(rows, limit, lambda row: (row.opened_at.isoformat(), row.key))


def count_exceptions(actor: Actor, wanted: ExceptionFilter) -> Queue:
    """Return the sums of what a filter finds."""
    fen = MoneyException.amount_fen
    query = _rows(actor, wanted).with_only_columns(
        func.count(), func.coalesce(func.sum(case((fen > 0, fen), else_=0)), 0),
        func.coalesce(func.sum(case((fen < 0, -fen), else_=0)), 0), func.min(MoneyException.opened_at),
    )  # fmt: skip
    count, in_fen, out_fen, oldest = db.session.execute(query).one()
    return Queue(count, int(in_fen), int(out_fen), oldest)


def get_exception(exception_id: UUID, actor: Actor) -> ExceptionDetail:
    """Return an exception with its history.

    :raises NotFound: if there is none, or the actor is not of the operator.
    """
    query = _rows(actor, ExceptionFilter()).where(MoneyException.public_id == exception_id)
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise NotFound(_("没有这笔异常款。"))
    row = _row(*found)
    history = [_happening(move) for move in db.session.execute(_HISTORY, {"id": row.key})]
    lines = [ProviderLine(*line) for line in db.session.execute(_LINES, {"id": row.key})]
    return ExceptionDetail(row, history, lines)


def list_kinds() -> list[str]:
    """Return the kinds of exceptions that there are."""
    return list(db.session.scalars(select(MoneyException.kind).distinct().order_by(MoneyException.kind)))


def _rows(actor: Actor, wanted: ExceptionFilter) -> Select[*tuple[Any, ...]]:
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这笔异常款。"))
    query = (
        select(MoneyException, Organisation.name, Order.public_id, Order.number)
        .outerjoin(Organisation, Organisation.id == MoneyException.producer_id)
        .outerjoin(Order, Order.id == MoneyException.order_id)
    )
    for column, values in (
        (MoneyException.status, wanted.statuses),
        (MoneyException.rail, wanted.rails),
        (MoneyException.kind, wanted.kinds),
    ):
        query = query.where(column.in_(values)) if values else query
    if wanted.age_days:
        query = query.where(MoneyException.opened_at < opened_before(clock.today(), wanted.age_days))
    return query.where(MoneyException.occurred_on == wanted.occurred_on) if wanted.occurred_on else query


def _row(found: MoneyException, producer: str | None, order: UUID | None, number: str | None) -> ExceptionRow:
    return ExceptionRow(
        found.id, found.public_id, found.rail, found.kind, found.subject, found.detail, found.amount_fen,
        found.occurred_on, found.opened_at, found.status, found.resolution, found.note, found.debit, found.credit,
        found.posted_fen, found.proposed_by, found.proposed_at, found.decided_at, producer, order, number, found.version,
    )  # fmt: skip


def _happening(move: Any) -> Happening:
    facts = move.facts or {}
    return Happening(
        move.at, move.event, move.to_state, event_label("exception", move.event), move.person or _("系统"), move.why,
        facts.get("debit"), facts.get("credit"), facts.get("posted_fen"),
    )  # fmt: skip
