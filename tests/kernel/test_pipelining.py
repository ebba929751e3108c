"""Statements that leave in one flight: in order, in the session's transaction, failing as others do."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from shop.db import db, fetch, land, rows_of_sent, send, transaction
from shop.literals import as_text
from shop.pipelining import Statement
from tests.conftest import count

_ADD = Statement("INSERT INTO outbox_events (id, topic, payload, organisation_ids, request_id, occurred_at)"
                 " VALUES (:id, 'sample', '{}', '[]', '', now()) RETURNING topic")  # fmt: skip
_FIRST, _SECOND = (UUID(int=n) for n in (1, 2))


@pytest.mark.usefixtures("session")
def test_values_of_every_kind_arrive_as_they_were_sent():
    echo = Statement("""
        SELECT cast(:a AS text), cast(:b AS bigint), cast(:c AS numeric), cast(:d AS boolean), cast(:e AS uuid),
               cast(:f AS timestamptz), cast(:g AS bytea), cast(:h AS text[]), cast(:i AS bigint[]), cast(:j AS text)""")
    sent = {
        "a": "枸杞 'x' :a", "b": -7, "c": Decimal("1.50"), "d": False, "e": _FIRST,
        "f": datetime(2026, 7, 15, 4, tzinfo=UTC), "g": b"\x00\xff", "h": ['a"b', "c\\d", "", "{,}", "NULL"], "i": [1, 2],
        "j": None,
    }  # fmt: skip

    assert fetch(echo, sent) == [tuple(sent.values())]


@pytest.mark.usefixtures("session")
def test_text_with_nul_and_values_without_a_form_are_refused_before_anything_is_sent():
    echo = Statement("SELECT cast(:a AS text)")

    with pytest.raises(psycopg.DataError):
        fetch(echo, {"a": "x\0y"})
    with pytest.raises(TypeError):
        fetch(echo, {"a": object()})
    assert fetch(echo, {"a": "x"}) == [("x",)]


@pytest.mark.usefixtures("session")
def test_a_statement_waits_until_another_needs_the_connection():
    sent = send(_ADD, {"id": _FIRST})
    assert sent.rows is None

    assert count("outbox_events") == 1
    assert rows_of_sent(sent) == [("sample",)]


@pytest.mark.usefixtures("session")
def test_answers_are_judged_in_order_when_the_flight_lands_and_one_may_send_more():
    heard: list[object] = []

    def go_on(rows: object) -> None:
        heard.append(rows)
        send(_ADD, {"id": _SECOND}, heard.append)

    send(_ADD, {"id": _FIRST}, go_on)
    send(Statement("SELECT 1"), then=heard.append)
    db.session.execute(text("SELECT 2"))
    assert heard == []
    land()

    assert heard == [[("sample",)], [(1,)], [("sample",)]]


@pytest.mark.committed
def test_a_refusal_at_the_end_of_a_transaction_undoes_it(committed_app):
    def refuse(_rows: object) -> None:
        raise LookupError

    with pytest.raises(LookupError), transaction():
        send(_ADD, {"id": _FIRST}, refuse)

    assert count("outbox_events") == 0


def _send_twice(first: UUID, second: UUID) -> None:
    with transaction():
        send(_ADD, {"id": first})
        send(_ADD, {"id": second})
        send(Statement("SELECT 1 / 0"))


@pytest.mark.committed
def test_the_first_failure_ends_the_flight_and_nothing_of_it_stays(committed_app):
    with transaction():
        send(_ADD, {"id": _FIRST})
    assert count("outbox_events") == 1

    with pytest.raises(IntegrityError) as failed:
        _send_twice(_SECOND, _FIRST)

    assert getattr(failed.value.orig, "sqlstate", None) == "23505"
    assert count("outbox_events") == 1
    with transaction():
        send(_ADD, {"id": _SECOND})
    assert count("outbox_events") == 2


@pytest.mark.committed
def test_an_answer_from_before_a_failure_may_be_refused_as_if_nothing_had_followed(committed_app):
    def refuse(rows: object) -> None:
        raise LookupError(rows)

    send(Statement("SELECT 7"), then=refuse)
    send(Statement("SELECT 1 / 0"))
    with pytest.raises(LookupError, match="7"):
        land()
    db.session.rollback()

    assert fetch(Statement("SELECT 8")) == [(8,)]


@pytest.mark.committed
def test_a_rollback_drops_what_waits(committed_app):
    send(_ADD, {"id": _FIRST})
    db.session.rollback()

    assert count("outbox_events") == 0


@pytest.mark.usefixtures("session")
def test_a_statement_is_prepared_anew_after_a_savepoint_was_undone():
    db.session.execute(text("SELECT 1"))
    for _ in range(8):
        db.session.execute(text("SELECT count(*) FROM divisions"))
    assert fetch(Statement("SELECT 41")) == [(41,)]

    send(_ADD, {"id": _FIRST})
    with pytest.raises(IntegrityError), db.session.begin_nested():
        fetch(_ADD, {"id": _FIRST})

    assert fetch(Statement("SELECT 41")) == [(41,)]


@pytest.mark.committed
def test_a_lost_server_is_said_and_the_next_transaction_connects_anew(committed_app):
    gone = fetch(Statement("SELECT pg_backend_pid()"))[0][0]
    with psycopg.connect(db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (gone,))

    with pytest.raises(OperationalError):
        fetch(Statement("SELECT pg_backend_pid()"))
    db.session.rollback()

    assert fetch(Statement("SELECT pg_backend_pid()"))[0][0] != gone


@pytest.mark.committed
def test_more_than_the_buffers_hold_goes_both_ways(committed_app):
    echo = Statement("SELECT cast(:a AS text)")
    long = "枸" * 2_000_000

    sent = [send(echo, {"a": long}) for _ in range(4)]

    assert [rows_of_sent(one) == [(long,)] for one in sent] == [True] * 4


def test_names_become_places_once_each_and_casts_are_left_alone():
    statement = Statement("SELECT :a::text, :b, :a, '12:30'")

    assert statement.command == b"SELECT $1::text, $2, $1, '12:30'"
    assert (statement.names, statement.sql) == (("a", "b"), "SELECT %(a)s::text, %(b)s, %(a)s, '12:30'")
    assert as_text(["a", None]) == b'{"a",NULL}'


@pytest.mark.parametrize("more", [[], ["\x1f"], ["a\x1fb"], [None]])
def test_long_arrays_of_texts_arrive_as_they_are(session, more):
    texts = ["", " ", "NULL", "a,b", '"', "\\", '\\"', "{}", "长", "\n\t", *more]

    [(found,)] = fetch(Statement("SELECT cast(:texts AS text[])"), {"texts": texts})

    assert found == texts
