"""Reads of the hottest pages: one statement on a connection of its own, beside the session.

The only reader that bypasses ``db.session``: a session costs several times what such a statement does. Connections
are in autocommit, so a statement sees everything committed before it began, and are used last in, first out.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import psycopg
from flask import Flask, current_app

from shop.db import db

#: Connections kept open between statements.
_KEPT = 16
#: The server closes a connection that its client has lost.
_OPTIONS = "-c statement_timeout=10s -c idle_session_timeout=0"

Row = tuple[Any, ...]


class HotReader:
    """A stack of autocommit connections."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._idle: deque[psycopg.Connection[Row]] = deque()

    def fetch(self, statement: Any, values: Any = None) -> list[Row]:
        """Run one statement and return its rows; a connection that has died is replaced once."""
        connection = self._take()
        try:
            return connection.execute(statement, values).fetchall()
        except psycopg.OperationalError:
            connection.close()
            connection = self._connect()
            return connection.execute(statement, values).fetchall()
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> psycopg.Connection[Row]:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _give_back(self, connection: psycopg.Connection[Row]) -> None:
        if connection.closed or len(self._idle) >= _KEPT:
            connection.close()
        else:
            self._idle.append(connection)

    def _connect(self) -> psycopg.Connection[Row]:
        connection = psycopg.connect(self._url, autocommit=True, options=_OPTIONS, prepare_threshold=2)
        connection.prepared_max = 400
        return connection


class SessionReader:
    """The same on the session's connection: reads what the open transaction has written (``HOT_READS`` off)."""

    def fetch(self, statement: Any, values: Any = None) -> list[Row]:
        """Run one statement and return its rows."""
        raw: Any = db.session.connection().connection.driver_connection
        rows: list[Row] = raw.execute(statement, values).fetchall()
        return rows


def fetch(statement: Any, values: Any = None) -> list[Row]:
    """Run one statement with psycopg's placeholders and return its rows."""
    rows: list[Row] = current_app.extensions["hot_reads"].fetch(statement, values)
    return rows


def init_app(app: Flask) -> None:
    """Choose the reader; it connects when it is first used."""
    settings = app.config["SETTINGS"]
    app.extensions["hot_reads"] = HotReader(settings.DATABASE_URL) if settings.HOT_READS else SessionReader()
