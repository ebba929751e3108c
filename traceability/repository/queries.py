"""Reads: capture jobs, and one event with its error declarations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import any_, literal, select

from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from traceability.repository.documents import Stored, written
from traceability.repository.models import TraceContext, TraceEpc, TraceEvent, TraceEventEpc, TraceJob
from traceability.repository.scopes import visible_to


def describe_job(job: TraceJob) -> dict[str, Any]:
    """Return a job as the standard has it, and how many events it stored and knew before."""
    told: dict[str, Any] = {
        "captureID": str(job.public_id),
        "createdAt": written(job.created_at),
        "running": job.finished_at is None,
        "success": job.failed == 0,
        "captureErrorBehaviour": job.behaviour,
        "errors": job.errors,
        "events": job.events,
        "stored": job.stored,
        "duplicates": job.known,
    }
    return told | ({"finishedAt": written(job.finished_at)} if job.finished_at else {})


def list_jobs(actor: Actor, *, limit: int, before: int | None = None) -> tuple[list[dict[str, Any]], int | None]:
    """Return the organisation's jobs, newest first, and the key from which the next page goes on."""
    asked = select(TraceJob).where(TraceJob.organisation_id == actor.organisation_id)
    if before is not None:
        asked = asked.where(TraceJob.id < before)
    found = db.session.scalars(asked.order_by(TraceJob.id.desc()).limit(limit + 1)).all()
    page = found[:limit]
    return [describe_job(job) for job in page], page[-1].id if len(found) > limit else None


def get_job(public_id: UUID, actor: Actor) -> dict[str, Any]:
    """Return one of the organisation's jobs.

    :raises NotFound: if it has none of that identifier.
    """
    asked = select(TraceJob).where(TraceJob.public_id == public_id, TraceJob.organisation_id == actor.organisation_id)
    job = db.session.scalars(asked).one_or_none()
    if job is None:
        raise NotFound("There is no such capture job.")
    return describe_job(job)


def get_event(event_id: str, actor: Actor) -> list[tuple[int, Stored]]:
    """Return an event and its error declarations, each with its key.

    :raises NotFound: if there is none, or the actor may not see it.
    """
    asked = (
        select(TraceEvent.id, TraceEvent.event_id, TraceEvent.record_time, TraceEvent.document, TraceContext.contexts)
        .join(TraceContext, TraceContext.id == TraceEvent.context_id)
        .where(TraceEvent.event_id == event_id, visible_to(actor))
        .order_by(TraceEvent.is_declaration)
    )
    found = [(row[0], Stored(*row[1:])) for row in db.session.execute(asked)]
    if not found:
        raise NotFound("There is no such event.")
    return found


def urns_of(events: Sequence[int]) -> Mapping[str, str]:
    """Return the URNs in which the identifiers of events were captured, by their canonical form."""
    asked = (
        select(TraceEpc.uri, TraceEpc.captured)
        .join(TraceEventEpc, TraceEventEpc.epc_id == TraceEpc.id)
        .where(TraceEventEpc.event_id == any_(literal(list(events))), TraceEpc.captured.startswith("urn:"))
    )
    return {row[0]: row[1] for row in db.session.execute(asked)}
