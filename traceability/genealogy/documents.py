"""The events behind a trace, as an EPCISQueryDocument: those that happened to what was reached, while it mattered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shop.auth import Actor
from shop.db import db
from traceability.genealogy.walk import Kind, State, seen_by
from traceability.repository.documents import Stored, query_document
from traceability.repository.queries import urns_of

#: One that was declared to be wrong does not count, nor does its declaration.
_EVENTS = """
    SELECT count(*) OVER (), trace_events.id, trace_events.event_id, trace_events.record_time, trace_events.document, x.contexts
    FROM trace_events JOIN trace_contexts x ON x.id = trace_events.context_id
    WHERE trace_events.id = ANY(cast(:ids AS bigint[])) AND NOT trace_events.is_declaration AND {visible} AND NOT EXISTS (
        SELECT FROM trace_events d WHERE d.event_id = trace_events.event_id AND d.is_declaration
                                     AND d.organisation_id = trace_events.organisation_id)
    ORDER BY trace_events.event_time, trace_events.id LIMIT :most"""


def events_of(
    event_ids: Sequence[int], actor: Actor, at: datetime, *, most: int, form: str = "Never_Translates"
) -> tuple[dict[str, Any], int]:
    """Return those events of a walk that the actor may see, in the order of their time, and how many more there are.

    :param most: events that the document holds; at least one.
    :param form: how identifiers are written.
    """
    condition, values = seen_by(actor)
    values |= {"ids": list(event_ids), "most": most}
    rows = db.session.execute(text(_EVENTS.format(visible=condition)), values).all()
    urns = urns_of([row[1] for row in rows]) if form == "Always_EPC_URN" else {}
    document = query_document([Stored(*row[2:]) for row in rows], at=at, query_name="trace", form=form, urns=urns)
    return document, (rows[0][0] if rows else 0) - len(rows)


def windows_of(states: Sequence[State]) -> dict[str, Any]:
    """Return identifiers and the times in which they matter, as values of a statement."""
    reached = [state for state in states if state.kind not in (Kind.STEP, Kind.INSIDE)]
    return {"ids": [state.id for state in reached], "windows": [state.during for state in reached]}
