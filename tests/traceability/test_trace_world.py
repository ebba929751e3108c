"""The generated world of the benchmarks holds what captures of the same events store, all but keys and transactions."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask

from bench import trace_history as lots
from bench import trace_world
from bench.catalogue import fill
from shop.db import transaction
from tests.conftest import NOON
from traceability.repository.drafts import Draft, draft_of
from traceability.repository.storing import Writer, store_events
from traceability.standard.contexts import Context

pytestmark = pytest.mark.committed

#: Each table's rows with keys told by what they stand for, so that two databases can be compared.
TABLES = (
    "trace_event_epcs", "trace_event_attributes", "trace_containments", "trace_transforms", "trace_grants", "trace_events",
)  # fmt: skip
ROWS = {
    "events": """
        SELECT e.event_id, is_declaration, type, action, biz_step, disposition, read_point, biz_location, transformation_id,
               event_time, tz_offset, declared_at, has_sensors, organisation_id, county_code, hash_id, job_id, document,
               content_sha256, c.contexts
        FROM trace_events e JOIN trace_contexts c ON c.id = e.context_id ORDER BY 1""",
    "identifiers": "SELECT uri, captured, kind, gs1_key FROM trace_epcs ORDER BY 1",
    "named": """
        SELECT e.event_id, n.ordinal, i.uri, n.role, n.event_time, n.quantity, n.uom FROM trace_event_epcs n
        JOIN trace_events e ON e.id = n.event_id JOIN trace_epcs i ON i.id = n.epc_id ORDER BY 1, 2""",
    "attributes": """
        SELECT e.event_id, a.ordinal, a.field, n.name, a.element, a.value, a.num, a.time, a.uom FROM trace_event_attributes a
        JOIN trace_events e ON e.id = a.event_id JOIN trace_names n ON n.id = a.name_id ORDER BY 1, 2""",
    "containments": """
        SELECT c.uri, p.uri, k.during::text, o.event_id, d.event_id FROM trace_containments k
        JOIN trace_epcs c ON c.id = k.child_id JOIN trace_epcs p ON p.id = k.parent_id
        JOIN trace_events o ON o.id = k.opened_by LEFT JOIN trace_events d ON d.id = k.closed_by ORDER BY 1, 2, 3""",
    "transforms": """
        SELECT e.event_id, t.ordinal, t.transformation_id, i.uri, t.is_output, t.quantity, t.uom, t.withdrawn_by
        FROM trace_transforms t JOIN trace_events e ON e.id = t.event_id JOIN trace_epcs i ON i.id = t.epc_id ORDER BY 1, 2""",
}
CONTEXTS = [lots.CONTEXT]
LOTS, ABREAST = 3, 2


def test_copied_histories_are_the_rows_of_captured_ones(committed_app: Flask, throwaway_url: str) -> None:
    with psycopg.connect(throwaway_url, autocommit=True) as connection:
        fill(connection, LOTS)
        world = trace_world.prepare(connection, ABREAST)
        for group in (0, 1):
            trace_world.copy_group(connection, world, group, LOTS)
        copied = _rows(connection)
        for table in (*TABLES, "trace_epcs"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            connection.execute(f"DELETE FROM {table}")
        for lot in range(LOTS):
            _capture(world, lot, lot // ABREAST)
        captured = _rows(connection)
    assert {name: len(rows) for name, rows in copied.items()} == {
        "events": 375, "identifiers": 999, "named": 2874, "attributes": 930, "containments": 1080, "transforms": 21,
    }  # fmt: skip
    for name, rows in copied.items():
        assert rows == captured[name], name


def _rows(connection: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    return {name: connection.execute(query).fetchall() for name, query in ROWS.items()}


def _capture(world: trace_world.World, lot: int, group: int) -> None:
    """Capture the events of a lot in a document of each writer."""
    context = Context.of(lots.CONTEXT)
    drafts: dict[str, list[Draft]] = {}
    for writer, event in lots.history(trace_world.names_of(world, lot, group), lot % trace_world.VARIANTS):
        drafts.setdefault(writer, []).append(draft_of(event, CONTEXTS, context))
    for writer, its in drafts.items():
        who = world.owner(lot) if writer == "producer" else world.buyer(lot, int(writer[-1]))
        with transaction():
            store_events(its, Writer(who.id, who.seat), at=NOON)
