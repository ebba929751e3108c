"""The session's connections to PostgreSQL: they keep their prepared statements over a rollback."""

from __future__ import annotations

from typing import Any

import psycopg
from flask import Flask
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import event

from shop.db import db

#: Statements kept prepared on each connection; a process runs some hundreds that differ.
_KEPT = 400


class Connection(psycopg.Connection[Any]):
    """A connection whose rollback of what went well forgets no prepared statement.

    The driver forgets them all, in case the transaction had dropped a table. Here only migrations change tables, on
    connections of their own, and every read ends with a rollback: nothing would stay prepared, and planning
    anew costs several times what most statements do. After an error the driver does as it always does, so that a
    statement which a migration has made useless is prepared anew.
    """

    def rollback(self) -> None:
        """Undo the open transaction, if there is one.

        :raises psycopg.OperationalError: if the server cannot be reached.
        """
        if self.pgconn.transaction_status != TransactionStatus.INTRANS:
            super().rollback()
            return
        with self.lock:
            result = self.pgconn.exec_(b"ROLLBACK")
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError(result.get_error_message())


def _connect(_dialect: Any, _record: Any, arguments: Any, values: Any) -> Connection:
    connection = Connection.connect(*arguments, **values)
    connection.prepared_max = _KEPT
    return connection


def init_app(app: Flask) -> None:
    """Let the application's engine connect so."""
    with app.app_context():
        event.listen(db.engine, "do_connect", _connect)
