"""Writing events of the market, whoever's act they tell, in the caller's transaction; a repeat changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from shop.db import db
from shop.logs import log
from traceability.genealogy.bounded import in_bounded_time
from traceability.journey.events import CONTEXTS, Event
from traceability.repository import rules
from traceability.repository.derived import TraceGrant
from traceability.repository.drafts import draft_of
from traceability.repository.storing import Writer, store_events
from traceability.standard.contexts import Context

_CONTEXT = Context.of(*CONTEXTS)
#: Goods and what they were made of; a set, so that what goes round in a circle ends. Nobody gives away what is not his:
#: an event leads on if the market wrote it, or one whose goods came out, and who had what went in.
_WITH_ORIGIN = text("""
    WITH RECURSIVE up (epc_id) AS (
        SELECT id FROM trace_epcs WHERE uri = ANY (:uris)
        UNION
        SELECT i.epc_id
        FROM up JOIN trace_transforms o ON o.epc_id = up.epc_id AND o.is_output AND o.withdrawn_by IS NULL
        JOIN trace_events e ON e.id = o.event_id AND (e.is_market OR trace_is_maker(e.organisation_id, o.epc_id))
        JOIN trace_transforms i ON i.event_id = o.event_id AND NOT i.is_output AND i.withdrawn_by IS NULL
        WHERE e.is_market OR trace_may_tell(e.organisation_id, i.epc_id)
    )
    SELECT epc_id FROM (SELECT epc_id FROM up LIMIT :most) nearest ORDER BY epc_id""")
#: Things that one act gives somebody to read, the goods themselves and the nearest of what they were made of.
MOST_GRANTED = 20_000


class EventTaken(RuntimeError):
    """Somebody else has captured an event of this identifier: the market's own cannot be stored."""


def writer_for(organisation_id: int, counties: Sequence[str]) -> Writer:
    """Return who writes of goods of these counties, the first of which is the event's own: the officials of each see it."""
    first, *others = dict.fromkeys(counties)
    return Writer(organisation_id, first, further=tuple(others))


def write(events: Sequence[Event], writer: Writer, *, at: datetime) -> None:
    """Store events as the market's own in their writer's name; those that are there are left alone.

    Whoever captured an event of the same hash before does not keep the market's out: it has a reserved name then.

    :raises EventTaken: if an event that has a name of its own cannot have it.
    """
    ours = replace(writer, is_market=True)
    taken = _store(events, ours, at)
    if taken and any("eventID" in event for event in taken.values()):
        raise EventTaken(next(iter(taken)))
    renamed = [{**event, "eventID": name + rules.RESERVED} for name, event in taken.items()]
    if renamed and (again := _store(renamed, ours, at)):
        raise EventTaken(next(iter(again)))


def _store(events: Sequence[Event], writer: Writer, at: datetime) -> dict[str, Event]:
    """Store events and return those whose identifiers are taken, by these."""
    drafts = [draft_of(event, CONTEXTS, _CONTEXT, n) for n, event in enumerate(events)]
    outcome = store_events(drafts, writer, at=at, is_whole=False)
    return {draft.event_id: events[draft.place] for draft in outcome.taken}


def grant(organisation_id: int, uris: Iterable[str], *, by: int, reason: str, ref: UUID | None, at: datetime) -> None:
    """Let an organisation read the events of goods that it handled or bought, and of what they were made of; once is enough.

    :raises TraceTooSlow: if that takes too long.
    """
    with in_bounded_time():
        epcs = db.session.scalars(_WITH_ORIGIN, {"uris": sorted(set(uris)), "most": MOST_GRANTED}).all()
    if len(epcs) == MOST_GRANTED:
        log.warning("goods have too many origins, the furthest are not given", organisation=organisation_id, by=by)
    rows = [
        {
            "organisation_id": organisation_id, "epc_id": epc, "granted_at": at, "granted_by": by, "reason": reason,
            "reason_ref": ref,
        }
        for epc in epcs
    ]  # fmt: skip
    if rows:
        db.session.execute(insert(TraceGrant).values(rows).on_conflict_do_nothing())


_HOLDERS = text("""
    SELECT DISTINCT ON (g.organisation_id) g.organisation_id, g.granted_by, g.reason, g.reason_ref, e.uri
    FROM trace_epcs e JOIN trace_grants g ON g.epc_id = e.id AND g.reason <> 'own'
    WHERE e.uri = ANY (:uris) ORDER BY g.organisation_id, e.uri""")


def grant_origins(uris: Sequence[str], *, at: datetime) -> None:
    """Let those who have goods read of what these were made of, which is told only now: what happened is told in any order.

    :raises TraceTooSlow: if that takes too long.
    """
    for row in db.session.execute(_HOLDERS, {"uris": sorted(set(uris))}).all():
        grant(row.organisation_id, [row.uri], by=row.granted_by, reason=row.reason, ref=row.reason_ref, at=at)
