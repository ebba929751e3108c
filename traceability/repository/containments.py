"""What was in or on what, and from when until when: rebuilt for a pair from all its events whenever one of them comes.

Events come late and out of order, so the last interval is never patched. ADD opens an interval and DELETE closes it; a
DELETE without children closes all. Of a class or lot that comes with quantities, a part may leave: the interval ends
when nothing is left. An event of another organisation closes an interval only if it was given one of the two things.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from shop.db import fetch
from shop.pipelining import Statement
from traceability.repository.copying import NULL, copy_rows
from traceability.repository.dictionary import Epcs
from traceability.repository.drafts import Draft
from traceability.repository.fields import Role

_TYPES = ("AggregationEvent", "AssociationEvent")
_CHILDREN = (Role.CHILD, Role.CHILD_QUANTITY)
Pair = tuple[int, int]
#: Whose act it is does not matter for a pair that has only this one.
NOBODY = 0

_PAIRS = "unnest(cast(:children AS bigint[]), cast(:parents AS bigint[])) AS p (child_id, parent_id)"
_COUNTS = f"""e.type IN {_TYPES} AND e.action IN ('ADD', 'DELETE') AND NOT e.is_declaration AND NOT EXISTS (
    SELECT FROM trace_events d WHERE d.event_id = e.event_id AND d.is_declaration
                                 AND d.organisation_id = e.organisation_id)"""
#: What happened to each pair, in the order of time; an event that empties a parent happens to all its pairs.
_ACTS = Statement(f"""
    SELECT child_id, parent_id, event_time, id, action = 'ADD', organisation_id, quantity, uom, role FROM (
        SELECT p.child_id, p.parent_id, e.event_time, e.id, e.action, e.organisation_id, c.quantity, c.uom, c.role
        FROM {_PAIRS}
        JOIN trace_event_epcs c ON c.epc_id = p.child_id AND c.role IN ({Role.CHILD:d}, {Role.CHILD_QUANTITY:d})
        JOIN trace_event_epcs r ON r.event_id = c.event_id AND r.epc_id = p.parent_id AND r.role = {Role.PARENT:d}
        JOIN trace_events e ON e.id = c.event_id WHERE {_COUNTS}
        UNION ALL
        SELECT p.child_id, p.parent_id, e.event_time, e.id, e.action, e.organisation_id, NULL, NULL, {Role.CHILD:d}
        FROM {_PAIRS}
        JOIN trace_event_epcs r ON r.epc_id = p.parent_id AND r.role = {Role.PARENT:d}
        JOIN trace_events e ON e.id = r.event_id
        WHERE {_COUNTS} AND e.action = 'DELETE' AND NOT EXISTS (
            SELECT FROM trace_event_epcs c WHERE c.event_id = e.id
                                             AND c.role IN ({Role.CHILD:d}, {Role.CHILD_QUANTITY:d}))) a
    ORDER BY 1, 2, 3, 4""")
_INSIDE = Statement("""
    SELECT DISTINCT child_id, parent_id FROM trace_containments WHERE parent_id = ANY (cast(:parents AS bigint[]))""")
_FORGET = Statement(f"""
    DELETE FROM trace_containments c USING {_PAIRS} WHERE c.child_id = p.child_id AND c.parent_id = p.parent_id""")
_GRANTED = Statement("""
    SELECT organisation_id, epc_id FROM trace_grants
    WHERE epc_id = ANY (cast(:ids AS bigint[])) AND organisation_id = ANY (cast(:organisations AS bigint[]))""")


@dataclass(frozen=True, slots=True)
class Act:
    """One event puts a child in a parent, or takes it out."""

    child_id: int
    parent_id: int
    at: datetime
    event: int
    is_add: bool
    organisation_id: int
    quantity: Decimal | None = None
    uom: str | None = None
    role: int = Role.CHILD

    @property
    def pair(self) -> Pair:
        """Child and parent."""
        return self.child_id, self.parent_id


@dataclass(frozen=True, slots=True)
class Interval:
    """A child was in a parent."""

    pair: Pair
    opened: Act
    closed: Act | None


def contended(stored: Mapping[int, Draft], epcs: Epcs) -> set[int]:
    """Return the parents whose pairs two captures may rebuild at once, so that one waits for the other."""
    return {parent for draft in _relevant(stored) if (parent := _parent_of(draft, epcs)) is not None}


def rebuild(stored: Mapping[int, Draft], epcs: Epcs) -> None:
    """Make the intervals of all pairs anew that the events, or those they declare to be wrong, touch."""
    fresh: list[Act] = []
    touched: set[Pair] = set()
    emptied: set[int] = set()
    for id_, draft in stored.items():
        if draft.type not in _TYPES or (parent := _parent_of(draft, epcs)) is None:
            continue
        acts = list(acts_of(id_, draft, parent, epcs))
        if not acts and draft.action == "DELETE":
            emptied.add(parent)
        if parent in epcs.added and _counts(draft):
            fresh += acts
        touched.update(act.pair for act in acts)
    if emptied:
        touched.update(fetch(_INSIDE, {"parents": sorted(emptied)}))
    _write(touched, fresh, emptied)


def _write(touched: set[Pair], fresh: Iterable[Act], emptied: Collection[int]) -> None:
    """Rebuild pairs: those whose parent nobody knew before from what is at hand, the others from the tables."""
    by_pair: dict[Pair, list[Act]] = {}
    for act in fresh:
        by_pair.setdefault(act.pair, []).append(act)
    new = {pair: acts for pair, acts in by_pair.items() if pair[1] not in emptied and len(acts) == 1}
    old = sorted(touched - new.keys())
    acts = [act for group in new.values() for act in group]
    if old:
        fetch(_FORGET, _named(old))
        acts += acts_between(old)
    copy_rows(
        "trace_containments", "child_id, parent_id, during, opened_by, closed_by", map(line_of, intervals_of(acts))
    )


def acts_between(pairs: Sequence[Pair]) -> list[Act]:
    """Return what the events tell that happened to pairs, pair by pair in the order of time."""
    return [Act(*row) for row in fetch(_ACTS, _named(pairs))]


def _named(pairs: Iterable[Pair]) -> dict[str, list[int]]:
    pairs = list(pairs)
    return {"children": [child for child, _ in pairs], "parents": [parent for _, parent in pairs]}


def intervals_of(acts: Iterable[Act], given: set[tuple[int, int]] | None = None) -> Iterator[Interval]:
    """Yield the intervals of pairs from what happened to each in the order of time.

    :param given: (organisation, identifier) of what was given to whom; left out: as it is now.
    """
    acts = list(acts)
    given = _given(acts) if given is None else given
    for pair, group in groupby(acts, key=lambda act: act.pair):
        opened: Act | None = None
        inside: dict[str | None, Decimal] = {}
        for act in group:
            if act.is_add:
                opened = opened or act
                if act.quantity is not None:
                    inside[act.uom] = inside.get(act.uom, Decimal(0)) + act.quantity
            elif opened and _may_close(act, opened, given) and _is_all(act, inside):
                yield Interval(pair, opened, act)
                opened, inside = None, {}
        if opened:
            yield Interval(pair, opened, None)


def _is_all(act: Act, inside: dict[str | None, Decimal]) -> bool:
    """Take out what leaves, and say whether nothing is left."""
    if act.quantity is None or not inside:
        return True
    inside[act.uom] = inside.get(act.uom, Decimal(0)) - act.quantity
    return all(left <= 0 for left in inside.values())


def _may_close(act: Act, opened: Act, given: set[tuple[int, int]]) -> bool:
    if act.organisation_id == opened.organisation_id:
        return True
    return (act.organisation_id, act.child_id) in given or (act.organisation_id, act.parent_id) in given


def _given(acts: list[Act]) -> set[tuple[int, int]]:
    """Return (organisation, identifier) of what was given to whom, if more than one organisation acts at all."""
    organisations = {act.organisation_id for act in acts} - {NOBODY}
    if len(organisations) < 2:  # noqa: PLR2004
        return set()
    ids = {id_ for act in acts for id_ in act.pair}
    return set(fetch(_GRANTED, {"ids": sorted(ids), "organisations": sorted(organisations)}))


def _relevant(stored: Mapping[int, Draft]) -> Iterator[Draft]:
    return (draft for draft in stored.values() if draft.type in _TYPES)


def _counts(draft: Draft) -> bool:
    return draft.action != "OBSERVE" and not draft.is_declaration and not draft.is_withdrawn


def _parent_of(draft: Draft, epcs: Epcs) -> int | None:
    return next((epcs.ids[each.uri] for each in draft.named if each.role == Role.PARENT), None)


def acts_of(id_: int, draft: Draft, parent: int, epcs: Epcs) -> Iterator[Act]:
    """Yield what an event does to each child; one that only looks does nothing."""
    for each in draft.named:
        if each.role in _CHILDREN and draft.action != "OBSERVE":
            quantity = None if each.quantity is None else Decimal(each.quantity)
            yield Act(
                epcs.ids[each.uri], parent, draft.event_time, id_, draft.action == "ADD", NOBODY, quantity, each.uom,
                each.role,
            )  # fmt: skip


def line_of(interval: Interval) -> str:
    """Return the row of an interval, as COPY reads it."""
    (child, parent), opened, closed = interval.pair, interval.opened, interval.closed
    until = "" if closed is None else closed.at
    # A child that leaves at the very instant it came was inside for that instant.
    end = "]" if closed is not None and closed.at == opened.at else ")"
    closer = NULL if closed is None else closed.event
    return f'{child}\t{parent}\t["{opened.at}","{until}"{end}\t{opened.event}\t{closer}'.replace(',""', ",")
