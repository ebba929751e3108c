"""The top-level resources: which types of events, identifiers, steps, places and dispositions there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import Select, select, union
from sqlalchemy.orm import aliased

from shop.auth import Actor
from shop.db import db, fetch
from shop.pipelining import Statement
from traceability.repository.fields import ITEMS
from traceability.repository.models import TraceEpc, TraceEvent, TraceEventEpc
from traceability.repository.scopes import parts_visible_to
from traceability.standard.identifiers import to_urn
from traceability.standard.words import FULL


@dataclass(frozen=True, slots=True)
class Resource:
    """One of the resources: the parameter that asks for a value of it, and the column that holds them."""

    parameter: str
    column: Any
    #: The vocabulary whose words its values are.
    words: str | None = None
    are_identifiers: bool = False
    #: The member of events whose ``id`` is a value, as it was captured.
    place: str | None = None

    def written(self, value: str, captured: str, form: str) -> str:
        """Return a value as the answer has it: a plain word if it is one of the vocabulary."""
        if self.words:
            return _WORDS[self.words].get(value, value)
        if not self.are_identifiers:
            return value
        if form == "Always_EPC_URN":
            return to_urn(value, captured)
        return captured if form == "Never_Translates" else value


_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        field: MappingProxyType({full: word for word, full in FULL[field].items()})
        for field in ("bizStep", "disposition")
    }
)
RESOURCES: Mapping[str, Resource] = MappingProxyType(
    {
        "eventTypes": Resource("eventType", TraceEvent.type),
        "epcs": Resource("MATCH_anyEPC", None, are_identifiers=True),
        "bizSteps": Resource("EQ_bizStep", TraceEvent.biz_step, "bizStep"),
        "bizLocations": Resource("EQ_bizLocation", TraceEvent.biz_location, are_identifiers=True, place="bizLocation"),
        "readPoints": Resource("EQ_readPoint", TraceEvent.read_point, are_identifiers=True, place="readPoint"),
        "dispositions": Resource("EQ_disposition", TraceEvent.disposition, "disposition"),
    }
)
#: How the newest event at a place writes it.
_SAID = MappingProxyType(
    {
        place: Statement(f"""
            SELECT v.uri, (SELECT document #>> '{{{place},id}}' FROM trace_events WHERE {held} = v.uri
                           ORDER BY event_time DESC, id DESC LIMIT 1)
            FROM unnest(cast(:uris AS text[])) AS v (uri)""")
        for place, held in (("readPoint", "read_point"), ("bizLocation", "biz_location"))
    }
)


def list_values(resource: Resource, actor: Actor, *, after: str | None, limit: int) -> list[tuple[str, str]]:
    """Return the values that events visible to the actor have, in the order of their bytes, each as it was captured."""
    find: Callable[[Resource, Actor, str | None], Select[Any]] = _epcs if resource.column is None else _column
    found = [(row[0], row[1]) for row in db.session.execute(find(resource, actor, after).limit(limit))]
    return _as_captured(resource.place, found) if resource.place else found


def _as_captured(place: str, found: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return places with the URN by which the newest event of each names it, if it does."""
    forms: dict[str, str | None] = dict(fetch(_SAID[place], {"uris": [value for value, _ in found]}))
    return [(value, form if (form := forms.get(value) or "").startswith("urn:") else value) for value, _ in found]


def _column(resource: Resource, actor: Actor, after: str | None) -> Select[Any]:
    held = resource.column.collate("C")
    parts: Sequence[Select[Any]] = [
        select(held.label("value")).where(part.clause, held.is_not(None)).distinct() for part in parts_visible_to(actor)
    ]
    if after is not None:
        parts = [part.where(held > after) for part in parts]
    values = union(*parts).subquery()
    return select(values.c.value, values.c.value).order_by(values.c.value)


def _epcs(_resource: Resource, actor: Actor, after: str | None) -> Select[Any]:
    """List identifiers of items.

    Who sees all events sees all that any names, in the order of their index; for others their events are read first: a
    walk through everybody's identifiers would look long for the few that are theirs.
    """
    named = aliased(TraceEventEpc)  # what is visible has a condition on the same table
    is_item = named.role.in_([int(role) for role in ITEMS])
    asked: Any = select(TraceEpc.uri, TraceEpc.captured)
    if actor.scope.kind == "all":
        asked = asked.where(select(named.epc_id).where(named.epc_id == TraceEpc.id, is_item).exists())
    else:
        events = select(named.epc_id.label("id")).join(TraceEvent, TraceEvent.id == named.event_id).where(is_item)
        ids = union(*(events.where(part.clause) for part in parts_visible_to(actor))).cte().prefix_with("MATERIALIZED")
        asked = asked.join(ids, ids.c.id == TraceEpc.id)
    asked = asked if after is None else asked.where(TraceEpc.uri > after)
    return cast("Select[Any]", asked.order_by(TraceEpc.uri))
