"""Prepared statements outlive a rollback, so that a statement run again and again is planned once."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from shop.connections import Connection
from shop.db import db

_ASKED = text("SELECT count(*) FROM divisions WHERE code = :code")


def _prepared(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%FROM divisions%'")
    return [statement for (statement,) in rows]


@pytest.mark.committed
def test_a_statement_stays_prepared_over_the_rollback_that_ends_each_read(committed_app):
    for _ in range(7):
        db.session.execute(_ASKED, {"code": "620421"})
        db.session.rollback()

    driver = db.session.connection().connection.dbapi_connection

    assert isinstance(driver, Connection)
    assert _prepared(driver) == ["SELECT count(*) FROM divisions WHERE code = $1"]


@pytest.mark.committed
def test_a_rollback_undoes_what_was_written(committed_app):
    db.session.execute(text("DELETE FROM counting_rules"))
    db.session.rollback()

    assert db.session.execute(text("SELECT count(*) > 0 FROM counting_rules")).scalar_one() is True


@pytest.mark.committed
def test_a_rollback_on_a_closed_connection_says_so(committed_app):
    connection = Connection.connect(db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False))
    connection.execute("SELECT 1")
    connection.pgconn.finish()

    with pytest.raises(psycopg.OperationalError):
        connection.rollback()
