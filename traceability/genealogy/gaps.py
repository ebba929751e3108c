"""What is missing in a trace: goods that nobody said they made, containers never opened, quantities that do not balance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from sqlalchemy import text

from shop.auth import Actor
from shop.db import db
from traceability.genealogy.walk import Kind, Reached, seen_by
from traceability.repository.fields import Role
from traceability.repository.units import to_base

_MADE = (Role.OUTPUT, Role.OUTPUT_QUANTITY)
_NAMED = (Role.EPC, Role.QUANTITY)
#: A count of pieces.
PIECES = ""

#: Said to have been made: added by an object event, or come out of a transformation. Declared wrong is not said.
_UNBORN = text(f"""
    SELECT i.uri FROM trace_epcs i WHERE i.id = ANY(cast(:ids AS bigint[])) AND NOT EXISTS (
        SELECT FROM trace_event_epcs n JOIN trace_events e ON e.id = n.event_id
        WHERE n.epc_id = i.id AND NOT e.is_declaration
          AND (n.role IN ({_MADE[0]:d}, {_MADE[1]:d})
               OR n.role IN ({_NAMED[0]:d}, {_NAMED[1]:d}) AND e.type = 'ObjectEvent' AND e.action = 'ADD')
          AND NOT EXISTS (SELECT FROM trace_events d WHERE d.event_id = e.event_id AND d.is_declaration
                                                       AND d.organisation_id = e.organisation_id))
    ORDER BY 1""")
#: What of each lot was made and what was used up, as far as somebody may see it.
_BALANCE = f"""
    SELECT i.uri, n.role, trace_events.action, n.quantity, n.uom
    FROM trace_event_epcs n JOIN trace_events ON trace_events.id = n.event_id JOIN trace_epcs i ON i.id = n.epc_id
    WHERE n.epc_id = ANY(cast(:ids AS bigint[])) AND n.quantity IS NOT NULL
      AND NOT trace_events.is_declaration AND (
        n.role IN ({Role.INPUT_QUANTITY:d}, {Role.OUTPUT_QUANTITY:d})
        OR n.role = {Role.QUANTITY:d} AND trace_events.type = 'ObjectEvent' AND trace_events.action <> 'OBSERVE')
      AND NOT EXISTS (SELECT FROM trace_events d WHERE d.event_id = trace_events.event_id AND d.is_declaration
                                                   AND d.organisation_id = trace_events.organisation_id)"""


@dataclass(frozen=True)
class Gap:
    """Something that is missing or cannot be: what, where, and how much by.

    ``kind`` is ``never_made``, ``never_opened``, ``class_without_lot``, ``more_out_than_in`` (a transformation) or
    ``more_used_than_made`` (a lot).
    """

    kind: str
    subject: str
    expected: Decimal | None = None
    found: Decimal | None = None
    uom: str | None = None


class _Amount(Protocol):
    @property
    def quantity(self) -> Decimal | None: ...
    @property
    def uom(self) -> str | None: ...


class _Step(Protocol):
    event_id: str
    transformation_id: str | None

    @property
    def inputs(self) -> Sequence[_Amount]: ...
    @property
    def outputs(self) -> Sequence[_Amount]: ...


class _Node(Protocol):
    @property
    def uri(self) -> str: ...
    @property
    def part(self) -> str: ...


def find(
    reached: Reached, steps: Sequence[_Step], nodes: Iterable[_Node], made: Collection[int], actor: Actor
) -> list[Gap]:
    """Return what is missing along a trace.

    :param made: identifiers that came out of one of the steps; only the others are looked up.
    """
    things = reached.of(Kind.START, Kind.THING, Kind.INSIDE)
    found = [Gap("class_without_lot", node.uri) for node in nodes if node.part == "class"]
    doubtful = sorted(set(things).difference(made))
    found += [Gap("never_made", row[0]) for row in db.session.execute(_UNBORN, {"ids": doubtful})]
    lots = [id_ for id_ in things if reached.names[id_][2] == "lot"]
    return [*found, *_never_opened(reached, things), *_out_of_balance(steps), *_overused(lots, actor)]


def _never_opened(reached: Reached, things: Iterable[int]) -> Iterable[Gap]:
    """Name the carriers of which things, or other carriers, were never taken out."""
    carriers = set(reached.of(Kind.CARRIER))
    inside = carriers.union(things)
    held = [parent for child, parent, is_open in reached.held if is_open and child in inside and parent in carriers]
    counts = Counter(reached.names[parent][0] for parent in held)
    return [Gap("never_opened", uri, found=Decimal(counts[uri])) for uri in sorted(counts)]


def _out_of_balance(steps: Iterable[_Step]) -> Iterable[Gap]:
    """Name transformations that bring forth more than went in, where both are told in units of one kind."""
    processes: dict[str, list[_Step]] = defaultdict(list)
    for step in steps:
        processes[step.transformation_id or step.event_id].append(step)
    for name, parts in sorted(processes.items()):
        went_in = _sum(amount for step in parts for amount in step.inputs)
        came_out = _sum(amount for step in parts for amount in step.outputs)
        for unit in sorted(went_in.keys() & came_out.keys() - {PIECES}):
            if came_out[unit] > went_in[unit]:
                yield Gap("more_out_than_in", name, went_in[unit], came_out[unit], unit)


def _overused(ids: Sequence[int], actor: Actor) -> Iterable[Gap]:
    """Name lots of which more was used up or taken away than was ever made."""
    made: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    used: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    condition, values = seen_by(actor)
    for uri, role, action, quantity, uom in db.session.execute(
        text(f"{_BALANCE} AND {condition}"), {"ids": ids, **values}
    ):
        amount, unit = to_base(quantity, uom) if uom else (quantity, PIECES)
        is_made = role == Role.OUTPUT_QUANTITY or (role == Role.QUANTITY and action == "ADD")
        (made if is_made else used)[uri, unit] += amount
    for (uri, unit), amount in sorted(used.items()):
        if (uri, unit) in made and amount > made[uri, unit]:
            yield Gap("more_used_than_made", uri, made[uri, unit], amount, unit or None)


def _sum(amounts: Iterable[_Amount]) -> Mapping[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for amount in amounts:
        if amount.quantity is not None:
            value, unit = to_base(amount.quantity, amount.uom) if amount.uom else (amount.quantity, PIECES)
            sums[unit] += value
    return sums
