"""One step up, one step down: the trace cut where goods change hands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text

from shop.auth import Actor
from shop.db import db
from traceability.genealogy import answers
from traceability.genealogy.documents import windows_of
from traceability.genealogy.walk import UP, seen_by
from traceability.repository.fields import Field
from traceability.standard.identifiers import vocabulary

#: Goods change hands where an event tells a source or destination, or says that it is about sending or receiving.
_STEPS = tuple(vocabulary(word) for word in ("shipping", "receiving", "accepting", "departing", "arriving"))
_HANDOVERS = """
    SELECT DISTINCT n.epc_id, trace_events.id, trace_events.event_id, trace_events.event_time, trace_events.biz_step
    FROM unnest(cast(:ids AS bigint[]), cast(:windows AS tstzrange[])) AS s (id, during)
    JOIN trace_event_epcs n ON n.epc_id = s.id AND s.during @> n.event_time
    JOIN trace_events ON trace_events.id = n.event_id
    WHERE NOT trace_events.is_declaration AND {visible} AND NOT EXISTS (
        SELECT FROM trace_events d WHERE d.event_id = trace_events.event_id AND d.is_declaration
                                     AND d.organisation_id = trace_events.organisation_id)
      AND (trace_events.biz_step = ANY(cast(:steps AS text[])) OR EXISTS (
        SELECT FROM trace_event_attributes a WHERE a.event_id = trace_events.id AND a.field = ANY(cast(:parties AS int[]))))"""
_SAID = text("""
    SELECT a.event_id, a.field, a.value FROM trace_event_attributes a
    WHERE a.event_id = ANY(cast(:events AS bigint[])) AND a.field = ANY(cast(:fields AS int[])) ORDER BY a.event_id, a.ordinal""")


@dataclass
class Handover:
    """An event by which goods change hands."""

    event_id: str
    at: datetime
    biz_step: str | None
    thing: str
    #: What the event names instead of the thing.
    carrier: str | None
    sources: list[str] = field(default_factory=list)
    destinations: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)


def nearest(identifier: str, direction: str, actor: Actor) -> list[Handover]:
    """Return the changes of hands nearest to a thing: its own, or else those of what it was made of (up) or became (down).

    Up the latest stand first, down the earliest.

    :raises NoSuchTracedThing: if no event that the actor may see names it.
    """
    found = answers.trace(identifier, direction, actor, windows=True)
    uris = {node.id: node.uri for node in found.nodes}
    happened, graph = _happened(found, actor), _Graph(found)
    chosen: list[tuple[int, int]] = []
    seen, open_ = {found.start}, [found.start]
    while open_:
        here = [(thing, at) for thing in open_ for at in (thing, *graph.carriers_of(thing)) if at in happened]
        chosen += here
        cut = {thing for thing, _ in here}
        near = {each for thing in open_ if thing not in cut for each in graph.next_to(thing)}
        open_ = sorted(near - seen)
        seen |= near
    told = _said(happened, chosen)
    made = [
        Handover(event_id, at, biz_step, uris[thing], None if thing == named else uris[named], *told[key])
        for thing, named in dict.fromkeys(chosen)
        for key, event_id, at, biz_step in happened[named]
    ]
    return sorted(made, key=lambda each: (each.at, each.event_id), reverse=direction == UP)


class _Graph:
    """What was in what, and what the transformations lead to from each thing."""

    def __init__(self, found: answers.Trace) -> None:
        self._parents: dict[int, list[int]] = defaultdict(list)
        for child, parent, _is_open in found.reached.held:
            self._parents[child].append(parent)
        process = {step.id: step.transformation_id or step.id for step in found.steps}
        self._into: dict[int, set[object]] = defaultdict(set)
        self._out: dict[object, set[int]] = defaultdict(set)
        for event, epc, is_output in found.links:
            if is_output == (found.direction == UP):
                self._into[epc].add(process[event])
            else:
                self._out[process[event]].add(epc)

    def carriers_of(self, thing: int) -> list[int]:
        """Return what a thing was in or on, and what that was in."""
        found: dict[int, None] = {}
        open_ = [thing]
        while open_:
            new = [parent for parent in self._parents[open_.pop()] if parent not in found]
            found |= dict.fromkeys(new)
            open_ += new
        return list(found)

    def next_to(self, thing: int) -> set[int]:
        """Return what a thing was made of (up) or became (down)."""
        return {each for process in self._into[thing] for each in self._out[process]}


_Event = tuple[int, str, datetime, str | None]


def _happened(found: answers.Trace, actor: Actor) -> dict[int, list[_Event]]:
    condition, values = seen_by(actor)
    values |= windows_of(found.reached)
    values |= {"steps": list(_STEPS), "parties": [int(Field.SOURCE), int(Field.DESTINATION)]}
    happened: dict[int, list[_Event]] = defaultdict(list)
    for epc_id, *event in db.session.execute(text(_HANDOVERS.format(visible=condition)), values):
        happened[epc_id].append((event[0], event[1], event[2], event[3]))
    return dict(happened)


def _said(
    happened: dict[int, list[_Event]], chosen: Iterable[Sequence[int]]
) -> dict[int, tuple[list[str], list[str], list[str]]]:
    """Return sources, destinations and business transactions of events."""
    keys = sorted({event[0] for _thing, named in chosen for event in happened[named]})
    told: dict[int, tuple[list[str], list[str], list[str]]] = {key: ([], [], []) for key in keys}
    columns = {Field.SOURCE: 0, Field.DESTINATION: 1, Field.BIZ_TRANSACTION: 2}
    for key, place, value in db.session.execute(_SAID, {"events": keys, "fields": [int(each) for each in columns]}):
        told[key][columns[Field(place)]].append(value)
    return told
