"""The session's connections to PostgreSQL: they keep their prepared statements over a rollback."""

from __future__ import annotations

from typing import Any

import psycopg
from flask import Flask, has_request_context
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Engine, event

from shop.db import db
from shop.pipelining import Flight

#: One holder of a row that hangs must not hold every thread that wants it: a wait that long is answered 503, and a
#: transaction that does nothing for a minute is undone by the server. A job may wait and compute longer.
_REQUESTS = "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
_JOBS = "-c lock_timeout=60s -c idle_in_transaction_session_timeout=15min"
#: Statements kept prepared on each connection; a process runs some hundreds that differ.
_KEPT = 400


class Connection(psycopg.Connection[Any]):
    """A connection with a flight of its own, and whose rollback of what went well forgets no prepared statement.

    What waits in the flight leaves before any other statement, and with the commit at the latest.

    The driver forgets them all, in case the transaction had dropped a table. Here only migrations change tables, on
    connections of their own, and every read ends with a rollback: nothing would stay prepared, and planning
    anew costs several times what most statements do. After an error the driver does as it always does, so that a
    statement which a migration has made useless is prepared anew.
    """

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.flight = Flight(self)

    def cursor(self, *args: Any, **values: Any) -> Any:
        """Return a cursor; what waits in the flight is sent before what it will be used for."""
        self.flight.leave()
        return super().cursor(*args, **values)

    def commit(self) -> None:
        """Send what waits together with the commit."""
        if self.pgconn.transaction_status != TransactionStatus.IDLE or not self.flight.is_empty:
            self.flight.leave(ending=b"COMMIT")

    def rollback(self) -> None:
        """Undo the open transaction, if there is one, and drop what waits to be sent in it.

        :raises psycopg.OperationalError: if the server cannot be reached.
        """
        self.flight.drop()
        status = self.pgconn.transaction_status
        if status == TransactionStatus.IDLE:
            return
        if status != TransactionStatus.INTRANS:
            super().rollback()
            self.flight.prepare_anew()
            return
        with self.lock:
            result = self.pgconn.exec_(b"ROLLBACK")
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError(result.get_error_message())

    def _deallocate(self, name: bytes | None) -> Any:
        # The driver lets the server forget everything, ours included, also when only a savepoint is undone.
        if name is None:
            self.flight.forget()
        return super()._deallocate(name)


def limits() -> str:
    """Return how long a connection made now waits: one that serves a request not as long as a job or command."""
    return _REQUESTS if has_request_context() else _JOBS


def _connect(_dialect: Any, _record: Any, arguments: Any, values: Any) -> Connection:
    options = f"{values.get('options') or ''} {limits()}".strip()
    connection = Connection.connect(*arguments, **{**values, "options": options})
    connection.prepared_max = _KEPT
    return connection


def init_app(app: Flask) -> None:
    """Let the application's engine connect so."""
    with app.app_context():
        connect_so(db.engine)


def connect_so(engine: Engine) -> None:
    """Let an engine make such connections."""
    event.listen(engine, "do_connect", _connect)
