"""What a walk found, told: the identifiers by their distance, the transformations between them, and what is missing."""

from __future__ import annotations

from collections import defaultdict
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
from traceability.genealogy.walk import UP, Kind, Reached, seen_by, walk
from traceability.standard import identifiers

_NAMES = text("SELECT id, uri FROM trace_epcs WHERE id = ANY(cast(:ids AS bigint[]))")
_STEPS = text("""
    SELECT id, event_id, event_time, biz_step, transformation_id FROM trace_events
    WHERE id = ANY(cast(:ids AS bigint[])) ORDER BY event_time, id""")
#: One row for each side of a transformation; amounts are null together where nothing is told of how much.
_AMOUNTS = text("""
    SELECT event_id, is_output, array_agg(epc_id ORDER BY ordinal),
           CASE WHEN bool_or(quantity IS NOT NULL) THEN array_agg(quantity ORDER BY ordinal) END,
           CASE WHEN bool_or(uom IS NOT NULL) THEN array_agg(uom ORDER BY ordinal) END
    FROM trace_transforms WHERE event_id = ANY(cast(:ids AS bigint[])) AND withdrawn_by IS NULL
    GROUP BY event_id, is_output ORDER BY event_id, min(ordinal)""")


class NoSuchTracedThing(NotFound):
    """No event that the actor may see names the identifier."""

    code = "no-such-traced-thing"


class Node(NamedTuple):
    """An identifier that was reached; ten thousand sort themselves, nearest first."""

    #: Transformations and containers between it and what was asked for.
    depth: int
    uri: str
    captured: str
    #: ``instance``, ``lot``, ``class`` or what else the identifier is.
    kind: str
    #: ``self``, ``thing``, ``carrier`` or ``class`` (without a lot: not followed).
    part: str
    id: int


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
    reached: Reached
    start: int
    links: list[Link]
    #: Numbered packs of what was asked for, if it is a lot: those of which nothing else is told are only counted.
    packs: int


def find_epc(identifier: str) -> int | None:
    """Return the key of an identifier in any of its forms."""
    query = text("SELECT id FROM trace_epcs WHERE uri = :uri")
    found: int | None = db.session.execute(query, {"uri": identifiers.canonical(identifier)}).scalar()
    return found


def trace(identifier: str, direction: str, actor: Actor, *, budget: int = BUDGET, windows: bool = False) -> Trace:
    """Tell where an EPC, lot or class came from or went, as far as events show that the actor may see.

    :param windows: tell the time in which each thing matters, too.
    :raises NoSuchTracedThing: if none of these names it.
    :raises TraceTooLarge: past the budget.
    """
    start = find_epc(identifier)
    if start is None or not (_is_seen(start, actor) or is_of_bought(start, actor)):
        raise NoSuchTracedThing(_("没有您可查看的事件提到这个标识。"))
    reached = walk([start], direction, actor, budget=budget, windows=windows)
    nodes, steps, links = _told(start, direction, reached)
    missing = gaps.find(reached, steps, nodes, [epc for _, epc, is_output in links if is_output], actor)
    packs = count_packs(start, actor) if reached.names[start][2] == "lot" else 0
    return Trace(identifier, direction, nodes, steps, missing, reached, start, links, packs)


def _told(start: int, direction: str, reached: Reached) -> tuple[list[Node], list[Step], list[Link]]:
    steps, links = _steps_of(reached)
    processes = {step.id: step.transformation_id for step in steps}
    depths = _depths(start, direction, links, [*reached.held, *lots_of_packs(reached)], processes)
    return _nodes_of(start, reached, depths), steps, links


def _is_seen(epc_id: int, actor: Actor) -> bool:
    condition, values = seen_by(actor)
    query = f"""SELECT EXISTS (SELECT FROM trace_event_epcs n JOIN trace_events ON trace_events.id = n.event_id
                               WHERE n.epc_id = :epc AND {condition})"""
    return bool(db.session.execute(text(query), {"epc": epc_id, **values}).scalar_one())


def _steps_of(reached: Reached) -> tuple[list[Step], list[Link]]:
    """Return the transformations, and (event, identifier, is output) of each part that was reached."""
    ids, names = {"ids": reached.of(Kind.STEP)}, reached.names
    steps = {row[0]: Step(*row) for row in db.session.execute(_STEPS, ids)}
    links: list[Link] = []
    rows = db.session.execute(_AMOUNTS, ids).all()
    others = _uris({epc_id for row in rows for epc_id in row[2] if epc_id not in names})
    for id_, is_output, epcs, quantities, uoms in rows:
        amounts = steps[id_].outputs if is_output else steps[id_].inputs
        nothing = (None,) * len(epcs)
        for epc_id, quantity, uom in zip(epcs, quantities or nothing, uoms or nothing, strict=True):
            if epc_id in names:
                amounts.append(Amount(names[epc_id][0], quantity, uom, reached=True))
                links.append((id_, epc_id, is_output))
            else:
                amounts.append(Amount(others[epc_id], quantity, uom, reached=False))
    return list(steps.values()), links


def _uris(ids: Collection[int]) -> dict[int, str]:
    return {row[0]: row[1] for row in db.session.execute(_NAMES, {"ids": sorted(ids)})} if ids else {}


def _depths(
    start: int,
    direction: str,
    links: Iterable[Link],
    inside: Iterable[Sequence[int]],
    processes: Mapping[int, str | None],
) -> dict[int, int]:
    """Return how many transformations, containers and lots lie between the start and each identifier, by the shortest way.

    :param inside: pairs of which one was in, or is a pack of, the other.
    """
    into: dict[int, list[int | str]] = defaultdict(list)
    out: dict[int | str, list[int]] = defaultdict(list)
    beside: dict[int, list[int]] = defaultdict(list)
    is_up = direction == UP
    for event_id, epc_id, is_output in links:
        process = processes[event_id] or event_id
        if is_output == is_up:
            into[epc_id].append(process)
        else:
            out[process].append(epc_id)
    for pair in inside:
        child, parent = pair[:2]
        beside[child].append(parent)
        beside[parent].append(child)
    depths, level, depth = {start: 0}, {start}, 0
    while level:
        depth += 1
        below: set[int] = set()
        for place in level:
            below.update(beside.get(place, ()), *(out.pop(process, ()) for process in into.get(place, ())))
        level = below.difference(depths)
        depths.update(dict.fromkeys(level, depth))
    return depths


def _nodes_of(start: int, reached: Reached, depths: Mapping[int, int]) -> list[Node]:
    parts = dict.fromkeys(reached.of(Kind.STOP), "class")
    parts |= dict.fromkeys(reached.of(Kind.CARRIER), "carrier")
    parts |= dict.fromkeys(reached.of(Kind.START, Kind.THING, Kind.INSIDE), "thing")
    parts[start] = "self"
    furthest, names = max(depths.values(), default=0) + 1, reached.names
    return sorted(Node(depths.get(id_, furthest), *names[id_], part, id_) for id_, part in parts.items())
