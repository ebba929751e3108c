"""What a walk found, told: the identifiers by their distance, the transformations between them, and what is missing."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text

from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from traceability.genealogy import gaps
from traceability.genealogy.gaps import Gap
from traceability.genealogy.walk import BUDGET, DOWN, UP, Kind, State, ids_of, seen_by, walk
from traceability.standard import identifiers

_EPCS = (Kind.START, Kind.THING, Kind.INSIDE, Kind.STOP)
_NAMES = text("SELECT id, uri, captured, kind FROM trace_epcs WHERE id = ANY(cast(:ids AS bigint[]))")
_STEPS = text("""
    SELECT e.id, e.event_id, e.event_time, e.biz_step, t.epc_id, t.is_output, t.quantity, t.uom, t.transformation_id
    FROM trace_events e JOIN trace_transforms t ON t.event_id = e.id AND t.withdrawn_by IS NULL
    WHERE e.id = ANY(cast(:ids AS bigint[])) ORDER BY e.event_time, e.id, t.ordinal""")
_HELD = text("""
    SELECT child_id, parent_id FROM trace_containments
    WHERE child_id = ANY(cast(:ids AS bigint[])) AND parent_id = ANY(cast(:ids AS bigint[]))""")


class NoSuchTracedThing(NotFound):
    """No event that the actor may see names the identifier."""

    code = "no-such-traced-thing"


class Node(NamedTuple):
    """An identifier that was reached."""

    id: int
    uri: str
    captured: str
    #: ``instance``, ``lot``, ``class`` or what else the identifier is.
    kind: str
    #: ``self``, ``thing``, ``carrier`` or ``class`` (without a lot: not followed).
    part: str
    #: Transformations and containers between it and what was asked for.
    depth: int


class Amount(NamedTuple):
    """What goes into or comes out of a transformation; ``reached`` if the walk goes through it."""

    uri: str
    quantity: Decimal | None
    uom: str | None
    reached: bool


@dataclass
class Step:
    """A transformation: events that share a transformationID are told one by one, each with it."""

    id: int
    event_id: str
    at: datetime
    biz_step: str | None
    transformation_id: str | None
    inputs: list[Amount] = field(default_factory=list)
    outputs: list[Amount] = field(default_factory=list)


#: An identifier's key, or a transformation: its transformationID, or its event's key below zero.
_Place = int | str
#: A transformation, a part of it that was reached, and whether that came out of it.
Link = tuple[int, int, bool]


@dataclass(frozen=True)
class Trace:
    """The answer of a walk."""

    identifier: str
    direction: str
    nodes: list[Node]
    steps: list[Step]
    gaps: list[Gap]
    states: list[State]
    start: int
    links: list[Link]
    #: (child, parent) of what was in what.
    held: list[tuple[int, int]]


def find_epc(identifier: str) -> int | None:
    """Return the key of an identifier in any of its forms."""
    query = text("SELECT id FROM trace_epcs WHERE uri = :uri")
    found: int | None = db.session.execute(query, {"uri": identifiers.canonical(identifier)}).scalar()
    return found


def trace(identifier: str, direction: str, actor: Actor, *, budget: int = BUDGET) -> Trace:
    """Tell where an EPC, lot or class came from or went, as far as events show that the actor may see.

    :raises NoSuchTracedThing: if none of these names it.
    :raises TraceTooLarge: past the budget.
    """
    start = find_epc(identifier)
    if start is None or not _is_seen(start, actor):
        raise NoSuchTracedThing(_("没有您可查看的事件提到这个标识。"))
    states = walk(start, direction, actor, budget=budget)
    nodes, steps, links, held = _told(start, direction, states)
    missing = gaps.find(states, steps, nodes, actor)
    return Trace(identifier, direction, nodes, steps, missing, states, start, links, held)


def descendants(identifier: str) -> list[Node]:
    """Return all that came of an EPC, lot or class and what it was carried in, nearest first, whoever recorded it.

    For recalls: the caller decides who may see what of it. Empty if nobody has recorded the identifier.
    """
    return _all(identifier, DOWN)


def ancestors(identifier: str) -> list[Node]:
    """Return all that an EPC, lot or class came from, nearest first, whoever recorded it; as :func:`descendants`."""
    return _all(identifier, UP)


def _all(identifier: str, direction: str) -> list[Node]:
    start = find_epc(identifier)
    if start is None:
        return []
    return _told(start, direction, walk(start, direction))[0]


def _told(
    start: int, direction: str, states: Sequence[State]
) -> tuple[list[Node], list[Step], list[Link], list[tuple[int, int]]]:
    names = _names_of(states)
    steps, links = _steps_of(states, names)
    reached = {"ids": ids_of(states, *_EPCS, Kind.CARRIER)}
    held = [(child, parent) for child, parent in db.session.execute(_HELD, reached)]
    depths = _depths(start, direction, links, held, {step.id: step.transformation_id for step in steps})
    return _nodes_of(start, states, names, depths), steps, links, held


def _is_seen(epc_id: int, actor: Actor) -> bool:
    condition, values = seen_by(actor)
    query = f"""SELECT EXISTS (SELECT FROM trace_event_epcs n JOIN trace_events ON trace_events.id = n.event_id
                               WHERE n.epc_id = :epc AND {condition})"""
    return bool(db.session.execute(text(query), {"epc": epc_id, **values}).scalar_one())


def _names_of(states: Sequence[State]) -> dict[int, tuple[str, str, str]]:
    ids = ids_of(states, *_EPCS, Kind.CARRIER)
    return {id_: (uri, captured, kind) for id_, uri, captured, kind in db.session.execute(_NAMES, {"ids": ids})}


def _steps_of(states: Sequence[State], names: Mapping[int, tuple[str, str, str]]) -> tuple[list[Step], list[Link]]:
    """Return the transformations, and (event, identifier, is output) of each part that was reached."""
    steps: dict[int, Step] = {}
    links = []
    rows = db.session.execute(_STEPS, {"ids": ids_of(states, Kind.STEP)}).all()
    others = _uris(row[4] for row in rows if row[4] not in names)
    for id_, event_id, at, biz_step, epc_id, is_output, quantity, uom, transformation_id in rows:
        step = steps.setdefault(id_, Step(id_, event_id, at, biz_step, transformation_id))
        uri = names[epc_id][0] if epc_id in names else others[epc_id]
        (step.outputs if is_output else step.inputs).append(Amount(uri, quantity, uom, epc_id in names))
        if epc_id in names:
            links.append((id_, epc_id, is_output))
    return list(steps.values()), links


def _uris(ids: Iterable[int]) -> dict[int, str]:
    return {row[0]: row[1] for row in db.session.execute(_NAMES, {"ids": sorted(set(ids))})}


def _depths(
    start: int,
    direction: str,
    links: Iterable[Link],
    held: Iterable[tuple[int, int]],
    processes: Mapping[int, str | None],
) -> dict[int, int]:
    """Return how many transformations and containers lie between the start and each identifier, by the shortest way."""
    next_to: dict[_Place, list[_Place]] = defaultdict(list)
    is_up = direction == UP
    for event_id, epc_id, is_output in links:
        process = processes[event_id] or -event_id
        if is_output == is_up:
            next_to[epc_id].append(process)
        else:
            next_to[process].append(epc_id)
    for child, parent in held:
        next_to[child].append(parent)
        next_to[parent].append(child)
    depths: dict[_Place, int] = {start: 0}
    open_: deque[_Place] = deque([start])
    while open_:
        place = open_.popleft()
        depth = depths[place] + (isinstance(place, int) and place > 0)
        for target in next_to[place]:
            if target not in depths:
                depths[target] = depth
                open_.append(target)
    return {place: depth for place, depth in depths.items() if isinstance(place, int) and place > 0}


def _nodes_of(
    start: int, states: Sequence[State], names: Mapping[int, tuple[str, str, str]], depths: Mapping[int, int]
) -> list[Node]:
    parts: dict[int, str] = {}
    for kinds, part in (
        ((Kind.START, Kind.THING, Kind.INSIDE), "thing"),
        ((Kind.CARRIER,), "carrier"),
        ((Kind.STOP,), "class"),
    ):
        for id_ in ids_of(states, *kinds):
            parts.setdefault(id_, part)
    parts[start] = "self"
    furthest = max(depths.values(), default=0) + 1
    nodes = [Node(id_, *names[id_], part, depths.get(id_, furthest)) for id_, part in parts.items()]
    return sorted(nodes, key=lambda node: (node.depth, node.uri))
