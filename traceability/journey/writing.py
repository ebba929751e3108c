"""Writing events of the market, whoever's act they tell, in the caller's transaction; a repeat changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from shop.db import db
from traceability.journey.events import CONTEXTS, Event
from traceability.repository.derived import TraceGrant
from traceability.repository.drafts import draft_of
from traceability.repository.storing import Writer, store_events
from traceability.standard.contexts import Context

_CONTEXT = Context.of(*CONTEXTS)
#: Goods and what they were made of; a set, so that what goes round in a circle ends.
_WITH_ORIGIN = text("""
    WITH RECURSIVE up (epc_id) AS (
        SELECT id FROM trace_epcs WHERE uri = ANY (:uris)
        UNION
        SELECT i.epc_id
        FROM up JOIN trace_transforms o ON o.epc_id = up.epc_id AND o.is_output AND o.withdrawn_by IS NULL
        JOIN trace_transforms i ON i.event_id = o.event_id AND NOT i.is_output AND i.withdrawn_by IS NULL
    )
    SELECT epc_id FROM up ORDER BY epc_id""")


class EventTaken(RuntimeError):
    """Somebody else has captured an event of this identifier: the market's own cannot be stored."""


def write(events: Sequence[Event], writer: Writer, *, at: datetime) -> None:
    """Store events as their writer's; those that are there are left alone.

    :raises EventTaken: if another organisation has stored an event with the same hash.
    """
    drafts = [draft_of(event, CONTEXTS, _CONTEXT, n) for n, event in enumerate(events)]
    outcome = store_events(drafts, writer, at=at)
    if outcome.taken:
        raise EventTaken(outcome.taken[0].event_id)


def grant(organisation_id: int, uris: Iterable[str], *, by: int, reason: str, ref: UUID | None, at: datetime) -> None:
    """Let an organisation read the events of goods that it handled or bought, and of what they were made of; once is enough."""
    epcs = db.session.scalars(_WITH_ORIGIN, {"uris": sorted(set(uris))}).all()
    rows = [
        {
            "organisation_id": organisation_id, "epc_id": epc, "granted_at": at, "granted_by": by, "reason": reason,
            "reason_ref": ref,
        }
        for epc in epcs
    ]  # fmt: skip
    if rows:
        db.session.execute(insert(TraceGrant).values(rows).on_conflict_do_nothing())
