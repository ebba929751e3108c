"""A trace as an indented list: what each thing was made of or became, and in what it was carried."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from traceability.genealogy.answers import Step, Trace
from traceability.genealogy.walk import UP


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a thing below what leads to it."""

    level: int
    uri: str
    #: How it comes to stand here: ``self``, ``made`` (by a step), ``carrier`` or ``inside``.
    how: str
    quantity: Decimal | None
    uom: str | None
    at: datetime | None
    biz_step: str | None
    #: It stands further up with all that follows from it.
    is_again: bool


class _Way(NamedTuple):
    """A way from one thing to the next."""

    target: int
    how: str
    step: Step | None


def rows_of(found: Trace) -> list[Row]:
    """Return the lines of a trace, each thing with what follows from it below it, and that once."""
    uris = {node.id: node.uri for node in found.nodes}
    ways = _ways(found, uris)
    amounts = _amounts(found)
    rows: list[Row] = []
    seen: set[int] = set()
    open_ = [(0, _Way(found.start, "self", None))]
    while open_:
        level, (target, how, step) = open_.pop()
        quantity, uom = amounts.get((step.id, uris[target]), (None, None)) if step else (None, None)
        rows.append(
            Row(
                level, uris[target], how, quantity, uom, step.at if step else None, step.biz_step if step else None,
                is_again=target in seen,
            )
        )  # fmt: skip
        if target not in seen:
            seen.add(target)
            open_ += [(level + 1, way) for way in reversed(ways[target]) if not _is_way_back(way, how, seen)]
    return rows


def _is_way_back(way: _Way, how: str, seen: set[int]) -> bool:
    """Say whether a way leads back to where it came from: into the carrier, or to what is inside."""
    return way.target in seen and {way.how, how} <= {"carrier", "inside", "self"}


def _ways(found: Trace, uris: dict[int, str]) -> dict[int, list[_Way]]:
    """Return the ways on from each thing, in the order in which they are shown."""
    steps = {step.id: step for step in found.steps}
    process = {step.id: step.transformation_id or step.id for step in found.steps}
    sides: dict[bool, dict[object, list[tuple[int, int]]]] = {True: defaultdict(list), False: defaultdict(list)}
    for event, epc, is_output in found.links:
        sides[is_output][process[event]].append((event, epc))
    from_outputs = found.direction == UP
    ways: dict[int, list[_Way]] = defaultdict(list)
    for name, sources in sides[from_outputs].items():
        targets = sorted(sides[not from_outputs][name], key=lambda each: uris[each[1]])
        for source in {epc for _event, epc in sources}:
            ways[source] += [_Way(epc, "made", steps[event]) for event, epc in targets]
    carriers = {node.id for node in found.nodes if node.part == "carrier"}
    for child, parent in sorted({(child, parent) for child, parent, _is_open in found.reached.held}):
        if parent in carriers:
            ways[child].append(_Way(parent, "carrier", None))
        if child not in carriers or parent not in carriers:
            ways[parent].append(_Way(child, "inside", None))
    return ways


def _amounts(found: Trace) -> dict[tuple[int, str], tuple[Decimal | None, str | None]]:
    """Return how much of a thing goes into a step, or comes out of it."""
    return {
        (step.id, amount.uri): (amount.quantity, amount.uom)
        for step in found.steps
        for amount in (step.inputs if found.direction == UP else step.outputs)
    }
