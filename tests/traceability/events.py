"""Events to capture, and what the repository holds afterwards."""

from __future__ import annotations

import hashlib
from itertools import count as counter
from typing import Any

from sqlalchemy import text

from shop.db import db, transaction
from tests.conftest import NOON
from traceability.repository import storing
from traceability.repository.drafts import draft_of
from traceability.repository.storing import Outcome, Writer
from traceability.standard.contexts import Context

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
CONTEXTS = [CONTEXT, {"ex": "https://example.com/ns/"}]
#: What a capture writes to.
TABLES = (
    "trace_jobs", "trace_contexts", "trace_events", "trace_epcs", "trace_event_epcs", "trace_names",
    "trace_event_attributes", "trace_containments", "trace_transforms", "trace_master_data", "outbox_events",
)  # fmt: skip
_numbers = counter(1)


def sgtin(serial: object, prefix: str = "4012345", item: str = "098765") -> str:
    return f"urn:epc:id:sgtin:{prefix}.{item}.{serial}"


def sscc(number: int) -> str:
    return f"urn:epc:id:sscc:4012345.{number:010d}"


def lot(number: object) -> str:
    return f"urn:epc:class:lgtin:4012345.012345.{number}"


def observed(*epcs: str, **changes: Any) -> dict[str, Any]:
    """An ObjectEvent; every call has an identifier of its own."""
    event = {
        "type": "ObjectEvent", "eventID": f"urn:uuid:019c5a1e-0000-7000-8000-{next(_numbers):012d}",
        "eventTime": "2026-07-14T08:00:00.000+08:00", "eventTimeZoneOffset": "+08:00", "action": "OBSERVE",
        "bizStep": "shipping", "disposition": "in_transit", "epcList": list(epcs) or [sgtin(1)],
        "readPoint": {"id": "urn:epc:id:sgln:4012345.00001.0"},
    }  # fmt: skip
    return without_nothing(event | changes)


def large(*epcs: str, **changes: Any) -> dict[str, Any]:
    """An event of 950,000 characters and a little more, nearly as many as one may have."""
    return observed(*epcs, **{"ex:notes": ["x" * 95_000] * 10, **changes})


def packed(parent: str | None, *children: str, action: str = "ADD", at: str = "2026-07-14T08:00:00Z", **changes: Any):
    """An AggregationEvent."""
    return observed(
        type="AggregationEvent", action=action, parentID=parent, childEPCs=list(children) or None, epcList=None,
        bizStep="packing", disposition=None, eventTime=at, **changes,
    )  # fmt: skip


def declared(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The error declaration of an event."""
    declaration = {"declarationTime": "2026-07-14T12:00:00Z", "reason": "incorrect_data", **changes}
    return event | {"errorDeclaration": declaration}


def without_nothing(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if value is not None}


def document(*events: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "@context": CONTEXTS, "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-07-14T08:00:00.000+08:00", "epcisBody": {"eventList": list(events)}, **changes,
    }  # fmt: skip


def store(writer: Writer, *events: dict[str, Any], is_whole: bool = True, contexts: list[Any] | None = None) -> Outcome:
    """Store events as a capture does."""
    given = CONTEXTS if contexts is None else contexts
    context = Context.of(*given)
    drafts = [draft_of(event, given, context, place) for place, event in enumerate(events)]
    with transaction():
        return storing.store_events(drafts, writer, at=NOON, is_whole=is_whole)


def digest(*tables: str) -> dict[str, str]:
    """What the tables hold, for asserting that nothing changed."""
    found = {}
    for table in tables or TABLES:
        rows = db.session.execute(text(f"SELECT t::text FROM {table} t ORDER BY 1").columns()).scalars()
        found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    db.session.rollback()
    return found


def rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    found = [tuple(row) for row in db.session.execute(text(sql), values)]
    db.session.rollback()
    return found
