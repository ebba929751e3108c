"""Capturing: a document as a job, or one event at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from shop.auth import Actor
from shop.outbox.services import publish
from traceability.repository import captures, jobs, masterdata, rules
from traceability.repository.drafts import draft_of
from traceability.repository.refusals import CaptureTooLarge, EpcisRefusal, EventIdTaken, NotValid
from traceability.repository.storing import store_events
from traceability.standard.contexts import Context
from traceability.standard.validation import events_of, problems_of_event

#: Documents up to so many events are stored before the answer; larger ones by a worker.
AT_ONCE = 500


def read_document(raw: bytes, *, behaviour: str, most: int) -> captures.Capture:
    """Return a document whose head, and under rollback whose events, the standard allows; asks no database.

    :param most: events that it may hold.
    :raises NotValid: with a pointer for each fault.
    :raises CaptureTooLarge: if it holds more events.
    """
    document = captures.read(raw)
    events = events_of(document)
    if len(events) > most:
        raise CaptureTooLarge(f"The document holds {len(events)} events; a capture may hold {most}.")
    capture = captures.examine(document, each_for_itself=behaviour == "proceed")
    masterdata.require_short_names(capture)
    return capture


def capture_document(raw: bytes, capture: captures.Capture, behaviour: str, actor: Actor, *, at: datetime) -> UUID:
    """Take a document as a job and return its identifier; a small one is stored when this returns.

    :param behaviour: ``rollback``, all or nothing, or ``proceed``, each event that can be.
    :raises NotValid: under rollback, if an event of a small document breaks a rule of the platform.
    :raises ForeignKey: under rollback, if one names another's goods.
    """
    if len(capture.events) > AT_ONCE:
        job = jobs.open_job(raw, capture, behaviour, actor, at=at)
        publish("traceability.capture_accepted", job_id=job.id)
        return job.public_id
    drafts = capture.drafts()
    if behaviour == "rollback" and (refused := rules.refusals_of(drafts, actor, capture.base, at=at)):
        raise _together(refused)
    job = jobs.open_job(raw, capture, behaviour, actor, at=at)
    jobs.work_on_all(job, capture, drafts, actor, at=at, is_checked=behaviour == "rollback")
    return job.public_id


def _together(refused: Mapping[int, EpcisRefusal]) -> EpcisRefusal:
    """Return one refusal for all: of the first's kind, with what is wrong with every event."""
    first = refused[min(refused)]
    errors = [error for place in sorted(refused) for error in refused[place].members["errors"]]
    first.members["errors"] = errors
    return first


def capture_event(event: dict[str, Any], actor: Actor, *, at: datetime) -> str:
    """Store one event and return its identifier; the same event again is stored once.

    :raises NotValid: if the standard or a rule of the platform forbids it.
    :raises ForeignKey: if it names another's goods.
    :raises EventIdTaken: if another event has its identifier.
    """
    if faults := problems_of_event(event):
        raise NotValid(faults)
    draft = draft_of(event, [], Context.of())
    if refused := rules.refusals_of([draft], actor, "", at=at):
        raise refused[0]
    outcome = store_events([draft], jobs.writer_of(actor), at=at)
    if outcome.taken:
        raise EventIdTaken(f"{draft.event_id} is the identifier of another event.")
    return draft.event_id
