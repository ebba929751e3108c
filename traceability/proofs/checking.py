"""What the monitor looks for beside the leaves: events that no log ever reads, edges and lots that no event tells."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from shop.db import db
from traceability.proofs.comparing import compare
from traceability.repository.drafts import lots_told
from traceability.repository.fields import Role

#: The log reads above 0 and below the transactions of now: what stands elsewhere is seen by readers and never logged.
_OUTSIDE = text("""
    SELECT event_id, cast(xid AS text) AS xid FROM trace_events
    WHERE xid <= cast('0' AS xid8) OR xid >= pg_snapshot_xmax(pg_current_snapshot()) ORDER BY xid, id""")
#: What goes into transformations and comes out of them, as the events have it and as recalls and pages follow it.
_EDGES = text("""
    WITH told AS (
        SELECT e.id AS event_id, n.ordinal, e.transformation_id, n.epc_id, n.role = ANY (:out) AS is_output, n.quantity,
               n.uom, d.id AS withdrawn_by
        FROM trace_events e JOIN trace_event_epcs n ON n.event_id = e.id
        LEFT JOIN trace_events d
          ON d.event_id = e.event_id AND d.is_declaration AND d.organisation_id = e.organisation_id
         AND (d.is_market OR NOT e.is_market)
        WHERE e.type = 'TransformationEvent' AND NOT e.is_declaration AND n.role = ANY (:all)),
    differing AS (
        SELECT coalesce(told.event_id, kept.event_id) AS event_id
        FROM told FULL JOIN trace_transforms kept
          ON kept.event_id = told.event_id AND kept.ordinal = told.ordinal
        WHERE (told.transformation_id, told.epc_id, told.is_output, told.quantity, told.uom, told.withdrawn_by)
          IS DISTINCT FROM
              (kept.transformation_id, kept.epc_id, kept.is_output, kept.quantity, kept.uom, kept.withdrawn_by)
           OR told.event_id IS NULL OR kept.event_id IS NULL)
    SELECT coalesce(e.event_id, 'no event ' || differing.event_id) AS event, count(*) AS edges
    FROM differing LEFT JOIN trace_events e ON e.id = differing.event_id GROUP BY 1 ORDER BY 1""")
#: Events that say of which lot their packs are, or of which that is kept; :func:`lots_told` reads what they say.
_LOTS = text("""
    SELECT e.id, e.event_id, e.document, x.contexts,
           ARRAY(SELECT t.uri FROM trace_event_lots l LEFT JOIN trace_epcs t ON t.id = l.lot_id WHERE l.event_id = e.id) AS kept
    FROM trace_events e JOIN trace_contexts x ON x.id = e.context_id
    WHERE e.id > :after AND (e.document -> 'ilmd' IS NOT NULL
                             OR EXISTS (SELECT FROM trace_event_lots l WHERE l.event_id = e.id))
    ORDER BY e.id LIMIT :limit""")
_LOTS_OF_NOTHING = text("""
    SELECT event_id, count(*) AS lots FROM trace_event_lots l
    WHERE NOT EXISTS (SELECT FROM trace_events e WHERE e.id = l.event_id) GROUP BY event_id ORDER BY event_id""")
_AT_ONCE = 1000
_IN, _OUT = [Role.INPUT, Role.INPUT_QUANTITY], [Role.OUTPUT, Role.OUTPUT_QUANTITY]


def check() -> Iterator[str]:
    """Name what differs; inside the monitor's snapshot."""
    for event_id, xid in db.session.execute(_OUTSIDE):
        yield f"{event_id} is there and can never be logged: its transaction is said to be {xid}"
    for event, edges in db.session.execute(_EDGES, {"all": [*_IN, *_OUT], "out": _OUT}):
        yield f"{event}: {edges} of its inputs and outputs are not kept as the event tells them"
    yield from _check_lots()
    yield from compare()


def _check_lots() -> Iterator[str]:
    """Name events whose packs are kept as of other lots than the event tells."""
    after, has_more = 0, True
    while has_more:
        rows = db.session.execute(_LOTS, {"after": after, "limit": _AT_ONCE}).all()
        has_more = len(rows) == _AT_ONCE
        after = rows[-1][0] if rows else after
        for _id, event_id, document, contexts, kept in rows:
            if sorted(lots_told(document, contexts)) != sorted(uri or "" for uri in kept):
                yield f"{event_id}: the lots of its packs are not kept as the event tells them"
    for event, lots in db.session.execute(_LOTS_OF_NOTHING):
        yield f"no event {event}: {lots} lots are kept as those of its packs"
