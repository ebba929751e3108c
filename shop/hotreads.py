"""Reads of the hottest pages: one statement on a connection of its own, beside the session.

The only reader that bypasses ``db.session``: a session costs several times what such a statement does. Connections
are in autocommit, so a statement sees everything committed before it began, and are used last in, first out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from flask import Flask, current_app
from psycopg.errors import QueryCanceled
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

from shop import pipelining
from shop.connections import Connection
from shop.db import db
from shop.db import fetch as session_fetch
from shop.pipelining import Row, Statement

#: Connections kept open between statements.
_KEPT = 16
#: The server closes a connection that its client has lost.
_OPTIONS = "-c statement_timeout=10s -c idle_session_timeout=0"
#: For statements of which one plan is as good as another: they are planned once, where the server would plan anew each time.
_PLANNED = f"{_OPTIONS} -c plan_cache_mode=force_generic_plan"

#: Names prepared on each connection.
_prepared: WeakKeyDictionary[psycopg.Connection[Row], set[bytes]] = WeakKeyDictionary()


class HotReader:
    """A stack of autocommit connections."""

    def __init__(self, url: str, options: str = _OPTIONS) -> None:
        self._options = options
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._idle: deque[Connection] = deque()

    def fetch(self, statement: Any, values: Any = None) -> list[Row]:
        """Run one statement and return its rows; a connection that has died is replaced once."""
        connection = self._take()
        try:
            return connection.execute(statement, values).fetchall()
        except QueryCanceled:  # too slow is too slow: the connection is well
            raise
        except psycopg.OperationalError:
            connection.close()
            connection = self._connect()
            return connection.execute(statement, values).fetchall()
        finally:
            self._give_back(connection)

    def run(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        """Run a statement straight through libpq, and return its rows; a connection that has died is replaced once."""
        connection = self._take()
        try:
            return connection.flight.run(statement, values)
        except QueryCanceled:  # too slow is too slow: the connection is well
            raise
        except psycopg.OperationalError:
            connection.close()
            connection = self._connect()
            return connection.flight.run(statement, values)
        finally:
            self._give_back(connection)

    def check(self, name: bytes, statement: bytes, *values: bytes) -> list[str | None]:
        """Run a statement of one row, prepared under ``name`` with ``$1``, and return its columns as text.

        Straight through libpq: a fifth of what a cursor costs.
        """
        connection = self._take()
        try:
            result = self._run(connection, name, statement, values)
            if result.status != ExecStatus.TUPLES_OK and connection.pgconn.status != ConnStatus.OK:
                connection.close()
                connection = self._connect()
                result = self._run(connection, name, statement, values)
            if result.status != ExecStatus.TUPLES_OK:
                raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
            row = (result.get_value(0, column) for column in range(result.nfields))
            return [None if value is None else value.decode() for value in row]
        finally:
            self._give_back(connection)

    @staticmethod
    def _run(connection: psycopg.Connection[Row], name: bytes, statement: bytes, values: Sequence[bytes]) -> PGresult:
        known = _prepared.setdefault(connection, set())
        if name not in known:
            connection.pgconn.prepare(name, statement)
            known.add(name)
        return connection.pgconn.exec_prepared(name, values)

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _give_back(self, connection: Connection) -> None:
        if connection.closed or len(self._idle) >= _KEPT:
            connection.close()
        else:
            self._idle.append(connection)

    def _connect(self) -> Connection:
        connection = Connection.connect(self._url, autocommit=True, options=self._options, prepare_threshold=2)
        connection.prepared_max = 400
        return connection


class SessionReader:
    """The same on the session's connection: reads what the open transaction has written (``HOT_READS`` off)."""

    def fetch(self, statement: Any, values: Any = None) -> list[Row]:
        """Run one statement and return its rows."""
        raw: Any = db.session.connection().connection.driver_connection
        rows: list[Row] = raw.execute(statement, values).fetchall()
        return rows

    def run(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        """Run one statement and return its rows."""
        return session_fetch(statement, values)

    def check(self, name: bytes, statement: bytes, *values: bytes) -> list[str | None]:  # noqa: ARG002
        """Run a statement of one row and return its columns as text."""
        raw: Any = db.session.connection().connection.driver_connection
        row = psycopg.RawCursor(raw).execute(statement, [value.decode() for value in values]).fetchone()
        return [None if value is None else str(value) for value in row or ()]


def fetch(statement: Any, values: Any = None) -> list[Row]:
    """Run one statement with psycopg's placeholders and return its rows."""
    rows: list[Row] = current_app.extensions["hot_reads"].fetch(statement, values)
    return rows


def fetch_planned(statement: Any, values: Any = None) -> list[Row]:
    """Run one statement as :func:`fetch` does, by a plan that fits all values: for long statements of few rows."""
    rows: list[Row] = current_app.extensions["planned_reads"].fetch(statement, values)
    return rows


def run(statement: Statement, values: Mapping[str, Any]) -> list[Row]:
    """Run one statement, prepared, and return its rows; it fails as the session's do."""
    try:
        rows: list[Row] = current_app.extensions["hot_reads"].run(statement, values)
    except psycopg.Error as error:
        raise pipelining.as_dbapi_error(error) from error
    return rows


def check(name: bytes, statement: bytes, *values: bytes) -> list[str | None]:
    """Run a statement of one row, prepared under ``name``, and return its columns as text."""
    columns: list[str | None] = current_app.extensions["hot_reads"].check(name, statement, *values)
    return columns


def init_app(app: Flask) -> None:
    """Choose the reader; it connects when it is first used."""
    settings = app.config["SETTINGS"]
    url = settings.DATABASE_URL
    app.extensions["hot_reads"] = HotReader(url) if settings.HOT_READS else SessionReader()
    app.extensions["planned_reads"] = HotReader(url, _PLANNED) if settings.HOT_READS else SessionReader()
