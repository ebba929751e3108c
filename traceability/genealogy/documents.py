"""The events behind a trace, as an EPCISQueryDocument: those that happened to what was reached, while it mattered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shop.auth import Actor
from shop.db import db
from traceability.genealogy.walk import Kind, Reached, seen_by
from traceability.repository.documents import Stored, query_document
from traceability.repository.queries import urns_of

#: One that was declared to be wrong does not count, nor does its declaration.
_EVENTS = """
    SELECT count(*) OVER (), trace_events.id, trace_events.event_id, trace_events.record_time, trace_events.context_id,
           cast(trace_events.document AS text)
    FROM trace_events
    WHERE trace_events.id = ANY(cast(:ids AS bigint[])) AND NOT trace_events.is_declaration AND {visible} AND NOT EXISTS (
        SELECT FROM trace_events d WHERE d.event_id = trace_events.event_id AND d.is_declaration
                                     AND d.organisation_id = trace_events.organisation_id)
    ORDER BY trace_events.event_time, trace_events.id LIMIT :most"""

_CONTEXTS = text("SELECT id, contexts FROM trace_contexts WHERE id = ANY(cast(:ids AS bigint[]))")


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
    # A thousand documents are read as one: each for itself takes three times as long.
    said = json.loads(f"[{','.join(row[5] for row in rows)}]")
    contexts: dict[int, Any] = dict(db.session.execute(_CONTEXTS, {"ids": sorted({row[4] for row in rows})}).all())
    events = [Stored(row[2], row[3], each, contexts[row[4]]) for row, each in zip(rows, said, strict=True)]
    document = query_document(events, at=at, query_name="trace", form=form, urns=urns)
    return document, (rows[0][0] if rows else 0) - len(rows)


def windows_of(reached: Reached) -> dict[str, Any]:
    """Return identifiers and the times in which they matter, as values of a statement."""
    states = zip(reached.kinds, reached.ids, reached.windows, strict=True)
    told = [(id_, during) for kind, id_, during in states if kind not in (Kind.STEP, Kind.INSIDE)]
    return {"ids": [id_ for id_, _ in told], "windows": [during for _, during in told]}
