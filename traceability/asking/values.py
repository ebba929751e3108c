"""The top-level resources: which types of events, identifiers, steps, places and dispositions there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import Select, false, func, select, union, union_all
from sqlalchemy.orm import aliased

from shop.auth import Actor
from shop.db import db, fetch
from shop.identity.queries import within
from shop.pipelining import Statement
from traceability.asking.reading import Asked
from traceability.repository.derived import TraceValue
from traceability.repository.fields import ITEMS
from traceability.repository.models import TraceEpc, TraceEvent, TraceEventEpc
from traceability.repository.scopes import parts_visible_to, visible_to
from traceability.standard.contexts import Context
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
#: Events that are read for a page of identifiers; who sees more of them walks through the identifiers.
MOST_READ = 20_000
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
    find = _epcs if resource.column is None else _kept
    found = [(row[0], row[-1]) for row in db.session.execute(find(resource, actor, after).limit(limit))]
    return _as_captured(resource.place, found) if resource.place else found


def is_value(resource: Resource, value: str, actor: Actor) -> bool:
    """Say whether an event visible to the actor has a value, which is in its canonical form."""
    kept, others = _values(resource, actor)
    asked = union_all(kept.where(TraceValue.value == value), *(each.where(held == value) for each, held in others))
    return db.session.execute(asked.limit(1)).first() is not None


def _as_captured(place: str, found: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return places with the URN by which the newest event of each names it, if it does."""
    forms: dict[str, str | None] = dict(fetch(_SAID[place], {"uris": [value for value, _ in found]}))
    return [(value, form if (form := forms.get(value) or "").startswith("urn:") else value) for value, _ in found]


def canonical_value(resource: Resource, value: str, prefixes: Mapping[str, str], actor: Actor) -> str:
    """Return a value as the column holds it.

    :raises BadParameter: for what cannot be one.
    """
    asked = Asked(resource.parameter, [value], Context.of(dict(prefixes)), actor)
    if resource.words:
        return asked.word(value, resource.words)
    return (asked.identifiers() if resource.are_identifiers else asked.types())[0]


def _kept(resource: Resource, actor: Actor, after: str | None) -> Select[Any]:
    """List values of a column: those kept for whoever wrote, and those of the events about goods that the actor was given.

    Only the latter read events, and begin with the goods.
    """
    kept, others = _values(resource, actor)
    parts = [(kept, cast("Any", TraceValue.value)), *others]
    if after is not None:
        parts = [(part.where(held > after), held) for part, held in parts]
    if not others:
        return parts[0][0].distinct().order_by(TraceValue.value)
    values = union(*(part.distinct() for part, _held in parts)).subquery()
    return select(values.c.value, values.c.value).order_by(values.c.value)


def _values(resource: Resource, actor: Actor) -> tuple[Select[Any], list[tuple[Select[Any], Any]]]:
    """Return the kept values of the actor's scope, and those of events of others with what holds them."""
    kept = select(TraceValue.value).where(TraceValue.kind == resource.column.key)
    scope, held = actor.scope, resource.column.collate("C")
    if scope.kind == "all":
        return kept, []
    if scope.kind == "division":
        return kept.where(within(TraceValue.county_code, scope.divisions)), []
    if scope.kind == "budget":
        return kept.where(false()), []
    others = [
        (select(held.label("value")).where(part.clause, held.is_not(None)), held)
        for part in parts_visible_to(actor)
        if part.is_start
    ]
    return kept.where(TraceValue.organisation_id == actor.organisation_id), others


def _epcs(_resource: Resource, actor: Actor, after: str | None) -> Select[Any]:
    """List identifiers of items.

    Who sees all events sees all that any names, in the order of their index. Of others who see few events these are read
    first: a walk through everybody's identifiers would look long for the few that are theirs. Who sees many walks: the
    next page is near, and all events need not be read for it.
    """
    named = aliased(TraceEventEpc)  # what is visible has a condition on the same table
    is_item = named.role.in_([int(role) for role in ITEMS])
    asked: Any = select(TraceEpc.uri, TraceEpc.captured)
    if actor.scope.kind == "all":
        asked = asked.where(select(named.epc_id).where(named.epc_id == TraceEpc.id, is_item).exists())
    elif _sees_many(actor):
        seen = select(named.epc_id).join(TraceEvent, TraceEvent.id == named.event_id)
        asked = asked.where(seen.where(named.epc_id == TraceEpc.id, is_item, visible_to(actor)).exists())
    else:
        events = select(named.epc_id.label("id")).join(TraceEvent, TraceEvent.id == named.event_id).where(is_item)
        ids = union(*(events.where(part.clause) for part in parts_visible_to(actor))).cte().prefix_with("MATERIALIZED")
        asked = asked.join(ids, ids.c.id == TraceEpc.id)
    asked = asked if after is None else asked.where(TraceEpc.uri > after)
    return cast("Select[Any]", asked.order_by(TraceEpc.uri))


def _sees_many(actor: Actor) -> bool:
    """Say whether an actor sees more events than are read for one page, by the greater part of them."""
    first = select(TraceEvent.id).where(parts_visible_to(actor)[0].clause).limit(MOST_READ + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(first)) > MOST_READ  # type: ignore[operator]
