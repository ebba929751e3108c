"""The database session, the declarative base, and the transaction that entry points open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import g, has_request_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, Date, DateTime, MetaData, Numeric, Text, TextualSelect, Uuid, column, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import UserDefinedType
from uuid6 import uuid7

from shop import pipelining
from shop.etag import VersionChanged
from shop.i18n import _
from shop.pipelining import Row, Sent, Statement


class Base(DeclarativeBase):
    """Base of every table; types follow from annotations, constraint names from one convention."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  read by SQLAlchemy as a class attribute
        int: BigInteger,
        str: Text,
        Decimal: Numeric(14, 3),
        datetime: DateTime(timezone=True),
        date: Date,
        UUID: Uuid,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: ARRAY(Text),
    }


#: Gives the session and the engine; tables derive from :class:`Base`, not from ``db.Model``.
db = SQLAlchemy(metadata=Base.metadata)


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        """Name the type."""
        return "xid8"


class PublicId:
    """A surrogate key that is never shown and the UUIDv7 that is."""

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[UUID] = mapped_column(unique=True, default=uuid7)


class Dated:
    """A fact that holds from a day to a day, both inclusive; an open end is ``None``."""

    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


def no_overlap(table: str, *columns: str, where: str | None = None) -> ExcludeConstraint:
    """Return the constraint that two rows alike in ``columns`` never hold on one day."""
    keys = [(text(column), "=") for column in columns]
    return ExcludeConstraint(
        *keys,
        (text("daterange(valid_from, valid_to, '[]')"), "&&"),
        using="gist",
        name=f"ex_{table}_dates",
        where=text(where) if where else None,
    )


class NestedTransaction(RuntimeError):
    """``transaction()`` was opened inside another: a service opened one, or a view two."""


_CHECK_CONSTRAINTS = Statement("SET CONSTRAINTS ALL IMMEDIATE")
_OPEN, _JOINED, _BEFORE, _AFTER = "transaction_open", "transaction_joined", "before_commit", "after_commit"


@contextmanager
def transaction() -> Iterator[None]:
    """Run the block in one transaction: commit at its end, roll back on any exception.

    Ends a read transaction left open by a loader. Inside :func:`joined_transaction` it joins: an exception undoes
    all that was done so far, so that a page which shows the refusal, or redirects, commits nothing of it.

    :raises NestedTransaction: if one is open already.
    :raises VersionChanged: if a row was changed by somebody else after the block had read it.
    """
    session = db.session()
    if session.info.get(_JOINED):
        try:
            with _stale_as_changed():
                yield
                land()  # a refusal belongs to this block
        except BaseException:
            session.rollback()
            session.info[_BEFORE], session.info[_AFTER] = [], []
            raise
        return
    with _run(joined=False):
        yield


@contextmanager
def joined_transaction() -> Iterator[None]:
    """Run the block in one transaction that a ``transaction()`` inside it joins (idempotency keys)."""
    with _run(joined=True):
        yield


@contextmanager
def _stale_as_changed() -> Iterator[None]:
    """Turn the edit of a row that somebody else has changed since it was read into the refusal that says so.

    :raises VersionChanged: if so.
    """
    try:
        yield
    except StaleDataError as error:
        raise VersionChanged(_("内容已被修改，请重新读取后再改。")) from error


@contextmanager
def _run(*, joined: bool) -> Iterator[None]:
    session = db.session()
    if session.info.get(_OPEN):
        message = "transaction() does not nest: only entry points open one."
        raise NestedTransaction(message)
    session.rollback()
    session.info[_OPEN], session.info[_JOINED], session.info[_BEFORE], session.info[_AFTER] = True, joined, [], []
    try:
        with _stale_as_changed():
            yield
            session.flush()
        send(_CHECK_CONSTRAINTS)
        pipelining.land(session, only_awaited=not session.info[_BEFORE])
        for callback in session.info[_BEFORE]:
            callback()
        session.commit()
    except BaseException:
        session.rollback()
        session.info[_AFTER] = []
        raise
    finally:
        session.info[_OPEN] = session.info[_JOINED] = False
        session.info[_BEFORE] = []
    callbacks, session.info[_AFTER] = session.info[_AFTER], []
    for callback in callbacks:
        callback()


def discard() -> None:
    """Undo whatever the session holds, after a statement failed outside ``transaction()`` or before a re-run."""
    db.session.rollback()


def rows_of(sql: str, names: str) -> TextualSelect:
    """Return plain SQL whose columns are named here, in their order: for statements that run by the thousand.

    Knowing the names beforehand, SQLAlchemy prepares the result once, not with every execution.
    """
    return text(sql).columns(*(column(name) for name in names.split()))


def send(
    statement: Statement, values: Mapping[str, Any] | None = None, then: Callable[[list[Row]], object] | None = None
) -> Sent:
    """Let a statement wait for the next that is needed, with which it leaves; see :mod:`shop.pipelining`.

    :param then: is given its rows when they are there, and may refuse them by an exception.
    """
    return pipelining.send(db.session(), statement, values or {}, then)


def fetch(statement: Statement, values: Mapping[str, Any] | None = None) -> list[Row]:
    """Run a statement, and before it what waits, and return its rows."""
    return rows_of_sent(send(statement, values))


def rows_of_sent(sent: Sent) -> list[Row]:
    """Return what a statement has returned, sending it now if it waits."""
    if sent.rows is None:
        land()
    return sent.rows or []


def land() -> None:
    """Send what waits and read the answers."""
    pipelining.land(db.session())


def in_transaction() -> bool:
    """Say whether an entry point's transaction is open."""
    return bool(db.session().info.get(_OPEN))


def require_no_transaction() -> None:
    """Refuse to go on inside a transaction; called before anything that uses the network."""
    if in_transaction():
        message = "No network inside a transaction."
        raise RuntimeError(message)
    if has_request_context():
        # What was sent cannot be unsent, so the factory does not run this view again.
        g.network_used = True


def before_commit(callback: Callable[[], object]) -> None:
    """Call ``callback`` as the last thing before the open transaction commits; never if it rolls back before.

    For what must be on the disk when the commit is; if it fails, nothing is committed.
    """
    if not in_transaction():
        message = "before_commit() needs an open transaction."
        raise RuntimeError(message)
    db.session().info[_BEFORE].append(callback)


def after_commit(callback: Callable[[], None]) -> None:
    """Call ``callback`` once the open transaction has committed; never if it rolls back."""
    if not in_transaction():
        message = "after_commit() needs an open transaction."
        raise RuntimeError(message)
    callbacks = db.session().info[_AFTER]
    if callback not in callbacks:
        callbacks.append(callback)


@contextmanager
def snapshot() -> Iterator[None]:
    """Run reads in one read-only REPEATABLE READ transaction, so that they agree with each other.

    Inside a savepoint (a test's) the outer transaction has begun already and decides.
    """
    session = db.session()
    if session.info.get(_OPEN):
        message = "snapshot() does not nest in transaction()."
        raise NestedTransaction(message)
    session.rollback()
    if not session.connection().in_nested_transaction():
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    session.info[_OPEN] = True
    try:
        yield
    finally:
        session.info[_OPEN] = False
        session.rollback()
