"""Statements that leave in one flight: straight through libpq, prepared once a connection, and not waited for one by one.

Waiting for a statement costs the server, the application and the machine between them several times what most
statements do. What is sent here waits on the session's own connection, inside its transaction and in its order, until
something needs an answer: then all leave at once, and the answers come back together. The first that fails ends the
flight, and the server runs none after it.
"""

from __future__ import annotations

import hashlib
import re
import select
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shop.literals import as_text

Row = tuple[Any, ...]
_NAME = re.compile(r"(?<![:\w]):([a-z_]+)\b")
#: Where a session keeps what :func:`_connection_of` has found.
_KNOWN = "connection_and_flight"
_FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED)


class Statement:
    """Plain SQL with ``:names``, for what runs by the thousand.

    Values travel as text and take their types from the SQL: cast them where it leaves a doubt.
    """

    def __init__(self, sql: str) -> None:
        self.names = tuple(dict.fromkeys(_NAME.findall(sql)))
        places = {name: f"${place}" for place, name in enumerate(self.names, 1)}
        self.command = _NAME.sub(lambda found: places[found[1]], sql).encode()
        self.key = hashlib.sha256(self.command).hexdigest()[:24].encode()
        #: The same with the driver's placeholders, as those hear it who listen to statements.
        self.sql = _NAME.sub(r"%(\1)s", sql.replace("%", "%%"))


class Sent:
    """A statement on its way; its rows are there once its flight has landed."""

    __slots__ = ("rows", "statement", "then", "values")

    def __init__(
        self, statement: Statement, values: Mapping[str, Any], then: Callable[[list[Row]], object] | None
    ) -> None:
        self.statement, self.then = statement, then
        self.values = [as_text(values[name]) for name in statement.names]
        self.rows: list[Row] | None = None


class Flight:
    """What waits to be sent on one connection, and what is prepared there."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._waiting: list[Sent] = []
        #: What has come back while nobody could be given it.
        self._unjudged: list[Sent] = []
        self._prepared: set[bytes] = set()

    def add(
        self, statement: Statement, values: Mapping[str, Any], then: Callable[[list[Row]], object] | None = None
    ) -> Sent:
        """Let a statement wait; ``then`` is given its rows when the flight has landed: it may refuse, or add others."""
        sent = Sent(statement, values, then)
        self._waiting.append(sent)
        return sent

    def land(self) -> None:
        """Send all that waits, read the answers, and give them to those who asked.

        :raises psycopg.Error: of the first statement that failed, unless an answer that came before it is refused.
        """
        while self._waiting or self._unjudged:
            try:
                self.leave()
            finally:
                landed, self._unjudged = self._unjudged, []
                for sent in landed:
                    if sent.then is not None:
                        sent.then(sent.rows or [])

    def leave(self, *, ending: bytes | None = None) -> None:
        """Send all that waits, and ``ending`` after it, and read the answers; nobody is given them yet.

        :raises psycopg.Error: of the first statement that failed.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting and ending is None:
            return
        with self._connection.lock:
            flown = self._fly(waiting, ending)
        transformer = Transformer.from_context(self._connection)
        for sent, result in flown:
            if result.status in _FAILED:
                raise error_from_result(result)
            if isinstance(sent, bytes):
                self._prepared.add(sent)
            elif sent is not None:
                transformer.set_pgresult(result)
                sent.rows = transformer.load_rows(0, result.ntuples, tuple) if result.nfields else []
                if sent.then is not None:
                    self._unjudged.append(sent)

    def run(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        """Send a statement now, and return its rows."""
        sent = self.add(statement, values)
        self.land()
        return sent.rows or []

    def drop(self) -> None:
        """Forget what waits: its transaction is undone."""
        self._waiting.clear()
        self._unjudged.clear()

    @property
    def is_lost(self) -> bool:
        """Say whether the server cannot be reached any more."""
        return self._connection.pgconn.status != ConnStatus.OK

    @property
    def is_empty(self) -> bool:
        """Say whether nothing waits."""
        return not self._waiting

    @property
    def is_awaited(self) -> bool:
        """Say whether somebody is to be given an answer."""
        return bool(self._unjudged) or any(sent.then for sent in self._waiting)

    def prepare_anew(self) -> None:
        """Let the server forget what is prepared: after an error, because a migration may have made it useless."""
        if self._prepared:
            self._connection.pgconn.exec_(b"DEALLOCATE ALL")
            self.forget()

    def forget(self) -> None:
        """Know nothing as prepared: the server has just forgotten it."""
        self._prepared.clear()

    def _fly(self, waiting: Sequence[Sent], ending: bytes | None) -> list[tuple[Sent | bytes | None, PGresult]]:
        pgconn = self._connection.pgconn
        pgconn.enter_pipeline_mode()
        try:
            commands = self._send(pgconn, waiting, ending)
            return list(zip(commands, _receive(pgconn), strict=True))
        finally:
            if pgconn.status == ConnStatus.OK:
                pgconn.exit_pipeline_mode()

    def _send(self, pgconn: PGconn, waiting: Sequence[Sent], ending: bytes | None) -> list[Sent | bytes | None]:
        """Send and return what each command is: a statement, the key under which one is prepared, or neither."""
        commands: list[Sent | bytes | None] = []
        if not self._connection.autocommit and pgconn.transaction_status == TransactionStatus.IDLE:
            pgconn.send_query_params(b"BEGIN", None)
            commands.append(None)
        for sent in waiting:
            statement = sent.statement
            if statement.key not in self._prepared and statement.key not in commands:
                pgconn.send_prepare(statement.key, statement.command)
                commands.append(statement.key)
            pgconn.send_query_prepared(statement.key, sent.values)
            commands.append(sent)
        if ending is not None:
            pgconn.send_query_params(ending, None)
            commands.append(None)
        pgconn.pipeline_sync()
        return commands


def _receive(pgconn: PGconn) -> list[PGresult]:
    """Return one result for each command, reading while there is still something to write."""
    poll = select.poll()
    while pgconn.flush():
        poll.register(pgconn.socket, select.POLLIN | select.POLLOUT)
        if any(events & ~select.POLLOUT for _socket, events in poll.poll()):
            pgconn.consume_input()
    poll.register(pgconn.socket, select.POLLIN)
    results: list[PGresult] = []
    while True:
        while pgconn.is_busy():
            poll.poll()
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:  # the end of what one command returned
            if pgconn.status != ConnStatus.OK:
                raise psycopg.OperationalError(pgconn.get_error_message())
        elif result.status == ExecStatus.PIPELINE_SYNC:
            return results
        else:
            results.append(result)


def _connection_of(session: Session) -> tuple[Connection, Flight]:
    """Return the session's connection and its flight, looked up once a transaction: SQLAlchemy's way there is long.

    Looking it up is also what sets the savepoint of a nested one.
    """
    transaction = session.get_nested_transaction() or session.get_transaction()
    known: tuple[Any, Connection, Flight] | None = session.info.get(_KNOWN)
    if known is None or transaction is None or known[0] is not transaction:
        connection = session.connection()
        raw: Any = connection.connection.driver_connection
        transaction = session.get_nested_transaction() or session.get_transaction()
        known = session.info[_KNOWN] = (transaction, connection, raw.flight)
    return known[1:]


def send(
    session: Session,
    statement: Statement,
    values: Mapping[str, Any],
    then: Callable[[list[Row]], object] | None = None,
) -> Sent:
    """Let a statement wait on the session's connection; who listens to its statements hears of it now."""
    connection, flight = _connection_of(session)
    for hear in connection.dispatch.before_cursor_execute:
        hear(connection, None, statement.sql, values, None, False)
    return flight.add(statement, values, then)


def land(session: Session, *, only_awaited: bool = False) -> None:
    """Send what waits and read the answers, failing as SQLAlchemy's own statements do.

    :param only_awaited: not if nobody judges the answers.
    :raises DBAPIError: of the first statement that failed.
    """
    connection, flight = _connection_of(session)
    if only_awaited and not flight.is_awaited:
        return
    try:
        flight.land()
    except psycopg.Error as error:
        if flight.is_lost:
            connection.invalidate(error)
        raise as_dbapi_error(error) from error


def as_dbapi_error(error: psycopg.Error) -> DBAPIError:
    """Return an error as SQLAlchemy raises it."""
    found: Any = DBAPIError.instance("in a flight", None, error, psycopg.Error)
    return cast("DBAPIError", found)
