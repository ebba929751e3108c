"""What a walk found, told: the identifiers by their distance, the transformations between them, and what is missing."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
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
from traceability.genealogy.bounded import BUDGET
from traceability.genealogy.gaps import Gap
from traceability.genealogy.packs import count_packs, is_of_bought, lots_of_packs
from traceability.genealogy.walk import UP, Kind, Reached, State, ids_of, seen_by, walk
from traceability.standard import identifiers

_NAMES = text("SELECT id, uri FROM trace_epcs WHERE id = ANY(cast(:ids AS bigint[]))")
_STEPS = text("""
    SELECT id, event_id, event_time, biz_step, transformation_id FROM trace_events
    WHERE id = ANY(cast(:ids AS bigint[])) ORDER BY event_time, id""")
_AMOUNTS = text("""
    SELECT event_id, epc_id, is_output, quantity, uom FROM trace_transforms
    WHERE event_id = ANY(cast(:ids AS bigint[])) AND withdrawn_by IS NULL ORDER BY event_id, ordinal""")


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
    #: Keys of the events that happened to what was reached while it mattered, whoever may see them.
    event_ids: list[int]
    #: Numbered packs of what was asked for, if it is a lot: those of which nothing else is told are only counted.
    packs: int


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
    if start is None or not (_is_seen(start, actor) or is_of_bought(start, actor)):
        raise NoSuchTracedThing(_("没有您可查看的事件提到这个标识。"))
    reached = walk([start], direction, actor, budget=budget)
    nodes, steps, links = _told(start, direction, reached)
    missing = gaps.find(reached, steps, nodes, [epc for _, epc, is_output in links if is_output], actor)
    held = [(child, parent) for child, parent, _ in reached.held]
    packs = count_packs(start, actor) if reached.names[start][2] == "lot" else 0
    return Trace(
        identifier, direction, nodes, steps, missing, reached.states, start, links, held, reached.events, packs
    )


def _told(start: int, direction: str, reached: Reached) -> tuple[list[Node], list[Step], list[Link]]:
    steps, links = _steps_of(reached.states, reached.names)
    processes = {step.id: step.transformation_id for step in steps}
    inside = [*((child, parent) for child, parent, _is_open in reached.held), *lots_of_packs(reached)]
    depths = _depths(start, direction, links, inside, processes)
    return _nodes_of(start, reached.states, reached.names, depths), steps, links


def _is_seen(epc_id: int, actor: Actor) -> bool:
    condition, values = seen_by(actor)
    query = f"""SELECT EXISTS (SELECT FROM trace_event_epcs n JOIN trace_events ON trace_events.id = n.event_id
                               WHERE n.epc_id = :epc AND {condition})"""
    return bool(db.session.execute(text(query), {"epc": epc_id, **values}).scalar_one())


def _steps_of(states: Sequence[State], names: Mapping[int, tuple[str, str, str]]) -> tuple[list[Step], list[Link]]:
    """Return the transformations, and (event, identifier, is output) of each part that was reached."""
    reached = {"ids": ids_of(states, Kind.STEP)}
    steps = {row[0]: Step(*row) for row in db.session.execute(_STEPS, reached)}
    links = []
    rows = db.session.execute(_AMOUNTS, reached).all()
    others = _uris({row[1] for row in rows if row[1] not in names})
    for id_, epc_id, is_output, quantity, uom in rows:
        is_reached = epc_id in names
        uri = names[epc_id][0] if is_reached else others[epc_id]
        amounts = steps[id_].outputs if is_output else steps[id_].inputs
        amounts.append(Amount(uri, quantity, uom, is_reached))
        if is_reached:
            links.append((id_, epc_id, is_output))
    return list(steps.values()), links


def _uris(ids: Collection[int]) -> dict[int, str]:
    return {row[0]: row[1] for row in db.session.execute(_NAMES, {"ids": sorted(ids)})} if ids else {}


def _depths(
    start: int,
    direction: str,
    links: Iterable[Link],
    inside: Iterable[tuple[int, int]],
    processes: Mapping[int, str | None],
) -> dict[int, int]:
    """Return how many transformations, containers and lots lie between the start and each identifier, by the shortest way."""
    next_to: dict[_Place, list[_Place]] = defaultdict(list)
    is_up = direction == UP
    for event_id, epc_id, is_output in links:
        process = processes[event_id] or -event_id
        if is_output == is_up:
            next_to[epc_id].append(process)
        else:
            next_to[process].append(epc_id)
    for child, parent in inside:
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
