"""What the database itself refuses to do to captured events."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shop.db import db

KEPT = ("trace_contexts", "trace_epcs", "trace_event_attributes", "trace_event_epcs", "trace_events", "trace_names")
#: A row of each table, as a statement, with a column that somebody might like to change.
ROWS = {
    "trace_contexts": ("INSERT INTO trace_contexts (sha256, contexts) VALUES ('a', '[]')", "sha256 = 'b'"),
    "trace_epcs": ("INSERT INTO trace_epcs (uri, captured, kind) VALUES ('urn:x:1', 'urn:x:1', 'other')", "kind = 'lot'"),
    "trace_event_attributes": (
        "INSERT INTO trace_event_attributes (event_id, ordinal, field, name_id, element) VALUES (1, 1, 1, 1, 1)", "field = 2",
    ),
    "trace_event_epcs": (
        "INSERT INTO trace_event_epcs (event_id, ordinal, epc_id, role, event_time) VALUES (1, 1, 1, 1, now())", "role = 2",
    ),
    "trace_names": ("INSERT INTO trace_names (name) VALUES ('urn:x:name')", "name = 'urn:x:other'"),
}  # fmt: skip


@pytest.mark.parametrize("table", sorted(ROWS))
@pytest.mark.parametrize("change", ["UPDATE {table} SET {what}", "DELETE FROM {table}"])
def test_what_was_captured_is_not_changed(session, table, change):
    insert, what = ROWS[table]
    db.session.execute(text(insert))

    with pytest.raises(DBAPIError, match="append-only"), db.session.begin_nested():
        db.session.execute(text(change.format(table=table, what=what)))


@pytest.mark.parametrize("table", KEPT)
def test_no_table_of_events_is_emptied(session, table):
    with pytest.raises(DBAPIError, match="append-only"), db.session.begin_nested():
        db.session.execute(text(f"TRUNCATE {table} CASCADE"))


def test_the_form_in_which_an_identifier_was_captured_may_become_better_known(session):
    db.session.execute(text(ROWS["trace_epcs"][0]))

    db.session.execute(text("UPDATE trace_epcs SET captured = 'urn:epc:id:x'"))

    assert db.session.execute(text("SELECT uri, captured FROM trace_epcs")).one() == ("urn:x:1", "urn:epc:id:x")
