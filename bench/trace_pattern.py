"""From the history of one lot to the rows of many: what a capture writes, with the lot's own names left open.

Captured rows are made by the repository itself from a history whose names are marks; each row's text then becomes a
pattern in which the marks are filled with the names of a real lot. Only the hashes are counted for each event. That the
rows are those of a capture is held by ``tests/traceability/test_trace_world.py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bench import trace_history as lots
from traceability.repository import containments, dictionary, storing, transforms
from traceability.repository.copying import NULL, escaped
from traceability.repository.drafts import Draft, draft_of
from traceability.repository.fields import Role
from traceability.standard.contexts import Context
from traceability.standard.hashing import VERSION, pre_hash

#: Marks that stand in texts for names; each has the form of the name, sorts as it does, and stands nowhere else.
MARKS: Mapping[str, str] = {
    "gtin": "99999999999990", "product": "99999999999983", "lot": "8888888", "minute": ":47:53", "expiry": "2098-11-23",
    "producer": "aaaaaaaa-1111-4111-8111-111111111111", "report": "bbbbbbbb-1111-4111-8111-111111111111",
    **{f"buyer{n}": f"cccccccc-1111-4111-8111-11111111111{n}" for n in range(lots.BUYERS)},
    **{name: f"7777777777777777{n:02d}" for n, name in enumerate(lots.names_of_cases())},
    **{f"day{n:02d}": str(date(2097, 1, 1) + timedelta(days=n)) for n in range(lots.DAYS)},
}  # fmt: skip
_HASH, _CONTENT = "ni:///sha-256;dddddddd?ver=" + VERSION, b"\xee" * 32
_CONTEXTS = [lots.CONTEXT]


@dataclass(frozen=True)
class Step:
    """One event of a history as patterns: ``%(name)s`` stands for a name, ``%(e7)s`` for an identifier's key."""

    writer: str
    #: It is recorded as it happens.
    recorded: str
    pre_hash: str
    text: str
    #: Lines by table.
    lines: Mapping[str, str]


@dataclass(frozen=True)
class Pattern:
    """A history: its steps, and the columns of its identifiers (uri, captured, kind, key) in the order of their numbers."""

    steps: list[Step]
    epcs: list[str]


def pattern_of(variant: int, context_id: int, names: Mapping[str, int]) -> Pattern:
    """Return the pattern of a variant.

    :param names: keys of the names of attributes.
    """
    told = lots.history(MARKS, variant)
    drafts = [draft_of(event, _CONTEXTS, Context.of(*_CONTEXTS)) for _, event in told]
    captured = {each.uri: each.captured for draft in drafts for each in draft.named}
    epcs = dictionary.Epcs()
    epcs.ids = {uri: number for number, uri in enumerate(captured)}
    inside = _containments(drafts, epcs)
    epcs.ids = {uri: f"%(e{number})s" for uri, number in epcs.ids.items()}  # type: ignore[misc]
    steps = []
    for place, ((writer, event), draft) in enumerate(zip(told, drafts, strict=True)):
        lines = {"trace_events": _event_line(draft, context_id), **_hanging(draft, epcs, names)}
        if place in inside:
            lines["trace_containments"] = "\n".join(inside[place])
        text = pre_hash(event, Context.of(*_CONTEXTS))
        lines = {table: line for table, line in lines.items() if line}
        steps.append(Step(writer, _open(str(draft.event_time)), _open(text), _open(draft.text), lines))
    return Pattern(steps, _epc_lines(captured))


def attribute_names(variant: int) -> set[str]:
    """Return the full names of a variant's attributes."""
    events = [event for _, event in lots.history(MARKS, variant)]
    return {each.name for event in events for each in draft_of(event, _CONTEXTS, Context.of(*_CONTEXTS)).attributes}


def hashed(step: Step, names: Mapping[str, object]) -> tuple[str, str]:
    """Return the event's hash ID and the hash of its content, as a capture counts them."""
    digest = hashlib.sha256((step.pre_hash % names).encode()).hexdigest()
    hash_id = f"ni:///sha-256;{digest}?ver={VERSION}"
    return hash_id, hashlib.sha256(f"{hash_id}\n{step.text % names}".encode()).hexdigest()


def _open(text: str) -> str:
    """Turn a text with marks into a pattern."""
    text = text.replace("%", "%%")
    for name, mark in MARKS.items():
        text = text.replace(mark, f"%({name})s")
    return text.replace(_HASH, "%(hash)s").replace(_CONTENT.hex(), "%(content)s")


def _event_line(draft: Draft, context_id: int) -> str:
    marked = replace(draft, event_id=_HASH, hash_id=_HASH, content=_CONTENT)
    row = storing.row_of(0, marked, context_id)
    whole = [NULL if value is None else escaped(str(value)) for value in row]
    own = _open("\t".join(whole[1:]))
    return f"%(id)s\t{own}\t%(recorded)s\t%(organisation)s\t%(seat)s"


def _hanging(draft: Draft, epcs: dictionary.Epcs, names: Mapping[str, int]) -> dict[str, str]:
    stored = {0: draft}
    found = {
        "trace_event_epcs": storing.epc_lines(stored, epcs.ids),
        "trace_event_attributes": storing.attribute_lines(stored, dict(names)),
        "trace_transforms": transforms.lines_of(stored, epcs),
    }
    return {table: "\n".join(_owned(lines)) for table, lines in found.items()}


def _owned(lines: Iterable[str]) -> Iterable[str]:
    """Open the marks and the event's key, which stands first; keys of identifiers are open already."""
    for line in lines:
        key, _, rest = line.partition("\t")
        assert key == "0"
        opened = _open(rest.replace("%(", "\0("))
        yield "%(id)s\t" + opened.replace("\0(", "%(")


def _containments(drafts: list[Draft], epcs: dictionary.Epcs) -> dict[int, list[str]]:
    """Return the lines of what was in what, by the event that opened it."""
    acts: list[containments.Act] = []
    for place, draft in enumerate(drafts):
        parent = next((epcs.ids[each.uri] for each in draft.named if each.role == Role.PARENT), None)
        if draft.type == "AggregationEvent" and parent is not None:
            acts += containments.acts_of(place, draft, parent, epcs)
    acts.sort(key=lambda act: (*act.pair, act.at, act.event))
    lines: dict[int, list[str]] = {}
    for interval in containments.intervals_of(acts):
        child, parent = interval.pair
        line = containments.line_of(interval).split("\t")
        keys = [f"\0(e{child})s", f"\0(e{parent})s"]
        closer = NULL if interval.closed is None else f"\0(v{interval.closed.event})s"
        told = _open("\t".join([*keys, line[2], f"\0(v{interval.opened.event})s", closer]))
        lines.setdefault(interval.opened.event, []).append(told.replace("\0(", "%("))
    return lines


def _epc_lines(captured: Mapping[str, str]) -> list[str]:
    columns = dictionary.described(list(captured), captured)
    rows = zip(columns["uris"], columns["captured"], columns["kinds"], columns["keys"], strict=True)
    return [_open("\t".join(escaped(value) for value in row)) for row in rows]
