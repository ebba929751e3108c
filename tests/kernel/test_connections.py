"""Prepared statements outlive a rollback, so that a statement run again and again is planned once."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

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


def _open() -> Connection:
    return Connection.connect(db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False))


@pytest.mark.committed
def test_after_an_error_a_statement_that_no_longer_fits_its_table_is_prepared_anew(committed_app):
    with _open() as connection, _open() as migration:
        migration.execute("CREATE TABLE things (a int)")
        migration.commit()
        for _ in range(7):
            connection.execute("SELECT * FROM things WHERE a > %s", (1,))
            connection.rollback()
        migration.execute("ALTER TABLE things ADD COLUMN b text")
        migration.commit()

        with pytest.raises(psycopg.errors.FeatureNotSupported):
            connection.execute("SELECT * FROM things WHERE a > %s", (1,))
        connection.rollback()

        assert connection.execute("SELECT * FROM things WHERE a > %s", (1,)).fetchall() == []


@pytest.mark.committed
def test_a_rollback_after_the_server_has_gone_says_so_and_the_pool_connects_anew(committed_app):
    gone = db.session.scalar(text("SELECT pg_backend_pid()"))
    with _open() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (gone,))

    with pytest.raises(OperationalError) as lost:
        db.session.rollback()

    assert lost.value.connection_invalidated
    db.session.remove()
    assert db.session.scalar(text("SELECT pg_backend_pid()")) != gone


@pytest.mark.committed
def test_a_rollback_after_a_statement_has_found_the_server_gone_says_so(committed_app):
    with _open() as other:
        connection = _open()
        gone = connection.execute("SELECT pg_backend_pid()").fetchone()
        other.execute("SELECT pg_terminate_backend(%s, 5000)", gone)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")

    with pytest.raises(psycopg.OperationalError):
        connection.rollback()


@pytest.mark.committed
def test_a_rollback_on_a_closed_connection_says_so(committed_app):
    connection = _open()
    connection.execute("SELECT 1")
    connection.pgconn.finish()

    with pytest.raises(psycopg.OperationalError):
        connection.rollback()
