"""Capture jobs: a document's events stored all together or each for itself, at once or by a worker that may be killed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update

from catalog.producers.models import Producer
from shop import clock
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.identity.models import Organisation
from shop.identity.queries import actor_of
from traceability.repository import captures, masterdata, rules
from traceability.repository.captures import Capture
from traceability.repository.drafts import Draft
from traceability.repository.models import TraceJob
from traceability.repository.refusals import EpcisRefusal, EventIdTaken, NotValid, as_error
from traceability.repository.storing import Outcome, Writer, store_events

#: Events of a document that stands for itself which one transaction stores.
BATCH = 500
#: How long a worker may be silent before another begins anew, and how often a job is begun.
CLAIM, MOST_TRIES = timedelta(seconds=20), 5
_UNFINISHED = "The job could not be finished; hand in the document in parts."


class _Undone(Exception):
    """Part of a whole could not be stored, so the rest must not be."""

    def __init__(self, refused: dict[int, EpcisRefusal]) -> None:
        self.refused = refused
        super().__init__()


@dataclass
class Result:
    """What became of some events of a document."""

    stored: int = 0
    known: int = 0
    refused: dict[int, EpcisRefusal] = field(default_factory=dict)
    #: Identifiers of refused events, by their places.
    ids: dict[int, str] = field(default_factory=dict)


def writer_of(actor: Actor) -> Writer:
    """Return the writer of an actor's events: officials of its county see them."""
    code = db.session.execute(
        select(Producer.county_code, Organisation.division_code)
        .join_from(Organisation, Producer, Producer.organisation_id == Organisation.id, isouter=True)
        .where(Organisation.id == actor.organisation_id)
    ).one()
    return Writer(actor.organisation_id, code[0] or code[1])


def open_job(raw: bytes, capture: Capture, behaviour: str, actor: Actor, *, at: datetime) -> TraceJob:
    """Write down a job with its document."""
    job = TraceJob(
        organisation_id=actor.organisation_id, user_id=actor.user_id, behaviour=behaviour, payload=raw,
        payload_sha256=hashlib.sha256(raw).digest(), events=len(capture.events), created_at=at,
    )  # fmt: skip
    db.session.add(job)
    db.session.flush()  # obtains the key that events refer to
    return job


def work_on_all(
    job: TraceJob, capture: Capture, drafts: Sequence[Draft], actor: Actor, *, at: datetime, is_checked: bool = False
) -> None:
    """Store all events of a document and end the job: all of them, or each that can be.

    :param is_checked: under rollback, the platform's rules have been looked at.
    """
    if job.behaviour == "proceed":
        masterdata.keep(capture, actor.organisation_id, at=at)
        _note(job, store_some(capture, drafts, job.id, actor, at=at), len(capture.events), capture)
    else:
        refused = {} if is_checked else rules.refusals_of(drafts, actor, capture.base, at=at)
        result = Result(refused=refused) if refused else _store_whole(capture, drafts, job.id, actor, at=at)
        _note(job, _with_ids(result, drafts), len(capture.events), capture)
    _end(job)


def _store_whole(capture: Capture, drafts: Sequence[Draft], job_id: int, actor: Actor, *, at: datetime) -> Result:
    """Store everything or nothing."""
    result = Result()
    try:
        with db.session.begin_nested():
            outcome = store_events(drafts, writer_of(actor), at=at, job_id=job_id)
            _require_none_taken(outcome)
            masterdata.keep(capture, actor.organisation_id, at=at)
    except _Undone as undone:
        result.refused = undone.refused
    else:
        result.stored, result.known = len(outcome.stored), len(outcome.known)
    return result


def _require_none_taken(outcome: Outcome) -> None:
    if outcome.taken:
        raise _Undone(_taken(outcome))


def store_some(capture: Capture, drafts: Sequence[Draft], job_id: int, actor: Actor, *, at: datetime) -> Result:
    """Store each event that can be."""
    refused = rules.refusals_of(drafts, actor, capture.base, at=at)
    good = [draft for draft in drafts if draft.place not in refused]
    outcome = store_events(good, writer_of(actor), at=at, job_id=job_id, is_whole=False)
    return _with_ids(Result(len(outcome.stored), len(outcome.known), refused | _taken(outcome)), drafts)


def _taken(outcome: Outcome) -> dict[int, EpcisRefusal]:
    detail = "{} is the identifier of another event."
    return {draft.place: EventIdTaken(detail.format(draft.event_id)) for draft in outcome.taken}


def _with_ids(result: Result, drafts: Sequence[Draft]) -> Result:
    result.ids = {draft.place: draft.event_id for draft in drafts if draft.place in result.refused}
    return result


def _note(job: TraceJob, result: Result, done: int, capture: Capture) -> None:
    """Add to a job what became of its events up to a place, those that were not valid among them."""
    invalid = {
        place: NotValid(faults) for place, faults in capture.faults.items() if job.done <= place < done
    }  # fmt: skip
    refused: Mapping[int, EpcisRefusal] = {**invalid, **result.refused}
    job.stored, job.known, job.failed = job.stored + result.stored, job.known + result.known, job.failed + len(refused)
    job.done = done
    job.errors = [*job.errors, *(_error(capture, place, refused[place], result.ids) for place in sorted(refused))]


def _error(capture: Capture, place: int, refusal: EpcisRefusal, ids: Mapping[int, str]) -> dict[str, Any]:
    return as_error(refusal, **_named(capture, place, ids.get(place)))


def _named(capture: Capture, place: int, event_id: object = None) -> dict[str, Any]:
    """Return how an error names its event: where it stands, and its identifier if it has one."""
    event = capture.events[place]
    event_id = event_id or (event.get("eventID") if isinstance(event, dict) else None)
    pointer = f"#{capture.base}/{place}" if capture.base else "#"
    return {"pointer": pointer} | ({"eventID": event_id} if event_id else {})


def _end(job: TraceJob) -> None:
    """End a job now: a large document takes longer than the instant at which its events are recorded."""
    job.payload, job.finished_at, job.claimed_until = None, clock.now(), None


def claim(now: datetime) -> int | None:
    """Take a job that nobody works on, the oldest first, or ``None``.

    :param now: real time: what a killed worker had is free again when its claim ends.
    """
    free = (
        select(TraceJob.id)
        .where(TraceJob.finished_at.is_(None), text("(claimed_until IS NULL OR claimed_until < :now)"))
        .order_by(TraceJob.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    values = {"claimed_until": now + CLAIM, "tries": TraceJob.tries + 1}
    taken = update(TraceJob).where(TraceJob.id == free).values(values).returning(TraceJob.id)
    found: int | None = db.session.execute(taken, {"now": now}).scalar()
    return found


class Work:
    """A claimed job in the hands of a worker: its document is read once, however many steps it takes."""

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        self._capture: Capture | None = None

    def step(self, *, at: datetime, now: datetime) -> bool:
        """Do the next part of the job in the open transaction; ``False`` if nothing is left to do."""
        job = db.session.scalars(
            select(TraceJob)
            .where(TraceJob.id == self.job_id, TraceJob.finished_at.is_(None))
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).one_or_none()
        if job is None:
            return False
        # A document that kills whoever reads it is not read once more to name its events.
        if job.tries > MOST_TRIES + 1:
            return _give_up(job, None, _UNFINISHED)
        capture = self._capture = self._capture or self._read(job)
        if job.tries > MOST_TRIES:
            return _give_up(job, capture, _UNFINISHED)
        try:
            actor = actor_of(job.user_id, job.organisation_id, clock.business_day(at))
        except NotFound:
            return _give_up(job, capture, "Who handed in the document is no member of the organisation any more.")
        if job.behaviour == "rollback":
            work_on_all(job, capture, capture.drafts(), actor, at=at)
            return False
        return _proceed(job, capture, actor, at=at, now=now)

    def _read(self, job: TraceJob) -> Capture:
        return captures.examine(captures.read(job.payload or b""), each_for_itself=job.behaviour == "proceed")


def _proceed(job: TraceJob, capture: Capture, actor: Actor, *, at: datetime, now: datetime) -> bool:
    """Store the next events of a document each of which stands for itself."""
    if job.done == 0:
        masterdata.keep(capture, actor.organisation_id, at=at)
    last = min(job.done + BATCH, len(capture.events))
    _note(job, store_some(capture, capture.drafts(job.done, last), job.id, actor, at=at), last, capture)
    job.claimed_until, job.tries = now + CLAIM, 1
    if last == len(capture.events):
        _end(job)
        return False
    return True


def _give_up(job: TraceJob, capture: Capture | None, detail: str) -> bool:
    """End a job that cannot be done; what it has stored under proceed stays, and every other event is named."""
    error = {
        "type": "epcisException:ImplementationException", "title": "The server failed", "status": 500, "detail": detail,
    }  # fmt: skip
    left = range(job.done, job.events) if capture and job.behaviour == "proceed" else ()
    errors = [error | _named(capture, place) for place in left] if capture and left else [error]
    job.errors, job.failed = [*job.errors, *errors], job.events - job.stored - job.known
    _end(job)
    return False
