"""Storing events with all that hangs on them, in the caller's transaction.

Every step takes its locks in the order of keys, and the steps are the same for everybody: contexts, names, events,
identifiers, then the identifiers whose projections are made anew. So no two captures wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shop.db import fetch
from shop.outbox.services import publish
from shop.pipelining import Statement
from traceability.repository import containments, dictionary, transforms
from traceability.repository.copying import NULL, copy_rows, escaped
from traceability.repository.drafts import Draft
from traceability.repository.earlier import earlier_names, is_said
from traceability.standard.contexts import Context
from traceability.standard.hashing import declaration_text

_KEYS = Statement("SELECT nextval('trace_events_id_seq') FROM generate_series(1, cast(:count AS int))")
#: Events by their identifiers; of error declarations also what they say and what its prefixes mean.
_THERE = Statement("""
    SELECT e.event_id, e.is_declaration, e.organisation_id, e.is_market, e.content_sha256, e.hash_id,
           CASE WHEN e.is_declaration THEN jsonb_build_object('@context', e.document -> '@context',
                                                              'errorDeclaration', e.document -> 'errorDeclaration') END,
           x.contexts
    FROM trace_events e LEFT JOIN trace_contexts x ON e.is_declaration AND x.id = e.context_id
    WHERE e.event_id = ANY (cast(:ids AS text[]))""")
#: Of an event's own row, what the draft says; the rest is the writer's and the moment's.
COLUMNS = (
    ("id", "bigint"), ("event_id", "text"), ("is_declaration", "bool"), ("type", "text"), ("action", "text"),
    ("biz_step", "text"), ("disposition", "text"), ("read_point", "text"), ("biz_location", "text"),
    ("transformation_id", "text"), ("event_time", "timestamptz"), ("tz_offset", "text"), ("declared_at", "timestamptz"),
    ("declared_reason", "text"), ("has_sensors", "bool"), ("hash_id", "text"), ("context_id", "bigint"),
    ("document", "jsonb"), ("content_sha256", "bytea"),
)  # fmt: skip
_NAMES = ", ".join(name for name, _ in COLUMNS)
#: What each column's values are called in the statement.
_VALUES = [name.removesuffix("_sha256") for name, _ in COLUMNS]
_ADD = Statement(f"""
    INSERT INTO trace_events ({_NAMES}, record_time, organisation_id, county_code, job_id, is_market)
    SELECT {_NAMES}, cast(:at AS timestamptz), cast(:organisation AS bigint), :county, cast(:job AS bigint), cast(:market AS bool)
    FROM unnest({", ".join(f"cast(:{name} AS {kind}[])" for name, (_, kind) in zip(_VALUES, COLUMNS, strict=True))}) AS n ({_NAMES})
    ORDER BY event_id COLLATE "C", is_declaration
    ON CONFLICT (event_id, is_declaration) DO NOTHING RETURNING id""")
_FURTHER = Statement("""
    INSERT INTO trace_event_counties (event_id, county_code)
    SELECT id, county FROM unnest(cast(:ids AS bigint[])) AS id, unnest(cast(:counties AS text[])) AS county""")


@dataclass(frozen=True)
class Writer:
    """Who captures, and where it is."""

    organisation_id: int
    county_code: str
    #: Further counties whose goods the events are about.
    further: tuple[str, ...] = ()
    #: The market itself writes in the organisation's name: it does not share identifiers with what was captured.
    is_market: bool = False


@dataclass
class Outcome:
    """What became of each event: its key if it was stored now, known before, or in conflict with another."""

    stored: dict[int, Draft] = field(default_factory=dict)
    known: list[Draft] = field(default_factory=list)
    taken: list[Draft] = field(default_factory=list)


def store_events(
    drafts: Sequence[Draft], writer: Writer, *, at: datetime, job_id: int | None = None, is_whole: bool = True
) -> Outcome:
    """Store events; an event that is there with the same content is known, with another its identifier is taken.

    Content is the same when event hash and error declaration are, however the event was written. What was captured
    under the hash of before keeps it: the same again is that event, and what is called by its hash takes its name.

    :param at: the instant of recording.
    :param is_whole: stop at a taken identifier, because the caller then undoes everything.
    """
    outcome = Outcome()
    new = _without_those_there(drafts, writer, outcome)
    if outcome.taken and is_whole:
        return outcome
    context_ids = dictionary.take_contexts({id(draft.contexts): draft.contexts for draft in new}.values())
    names = dictionary.take_names({each.name for draft in new for each in draft.attributes})
    stored = _add(new, writer, context_ids, at=at, job_id=job_id)
    outcome.stored.update(stored)
    if len(stored) < len(new):  # others came first, between the look and the insert
        late = [draft for draft in new if id(draft) not in {id(each) for each in stored.values()}]
        _without_those_there(late, writer, outcome)
        if outcome.taken and is_whole:
            return outcome
    _hang(stored, names)
    if stored and writer.further:
        fetch(_FURTHER, {"ids": list(stored), "counties": list(writer.further)})
    if stored:
        first, last = min(stored), max(stored)
        publish("traceability.events_captured", job_id=job_id, first_id=first, last_id=last, count=len(stored))
    return outcome


def _without_those_there(drafts: Sequence[Draft], writer: Writer, outcome: Outcome) -> list[Draft]:
    """Sort out what is known or taken, by the database or by an event before it; return the rest by their keys."""
    earlier = earlier_names(drafts)
    there, foreign = _there([*(draft.event_id for draft in drafts), *earlier.values()], writer)
    new = []
    for draft in drafts:
        name = earlier.get(draft.event_id)
        if name and (name, False) in there and (draft.event_id, False) not in there:
            draft.event_id = name
        content, said = there.get(draft.key, (draft.content, draft.said))
        if draft.event_id in foreign or not (content == draft.content or is_said(draft, said)):
            outcome.taken.append(draft)
        elif draft.key in there:
            outcome.known.append(draft)
        else:
            there[draft.key] = draft.content, draft.said
            new.append(draft)
    for draft in new:
        draft.is_withdrawn = not draft.is_declaration and (draft.event_id, True) in there
    return new


def _there(
    ids: Sequence[str], writer: Writer
) -> tuple[dict[tuple[str, bool], tuple[bytes, tuple[str, str]]], set[str]]:
    """Return the events of these identifiers with what they say, and which identifiers the writer cannot use."""
    there, foreign = {}, set()
    for event_id, is_declaration, organisation_id, is_market, content, hash_id, document, contexts in fetch(
        _THERE, {"ids": ids}
    ):
        declared = declaration_text(document, Context.of(*contexts)) if is_declaration else ""
        there[event_id, is_declaration] = content, (hash_id, declared)
        if organisation_id != writer.organisation_id or (writer.is_market and not is_market):
            foreign.add(event_id)
    return there, foreign


def _add(
    drafts: Sequence[Draft], writer: Writer, context_ids: dict[str, int], *, at: datetime, job_id: int | None
) -> dict[int, Draft]:
    """Insert the events and return those that were, by their keys; the others' identifiers have just been taken."""
    if not drafts:
        return {}
    ids = [row[0] for row in fetch(_KEYS, {"count": len(drafts)})]
    by_id = dict(zip(ids, drafts, strict=True))
    known_contexts = {
        id(each.contexts): context_ids[dictionary.context_key(each.contexts)] for each in _distinct(drafts)
    }
    rows = [row_of(id_, draft, known_contexts[id(draft.contexts)]) for id_, draft in by_id.items()]
    columns = dict(zip(_VALUES, map(list, zip(*rows, strict=True)), strict=True))
    values = {"at": at, "organisation": writer.organisation_id, "county": writer.county_code, "job": job_id}
    values["market"] = writer.is_market
    made = {row[0] for row in fetch(_ADD, columns | values)}
    return {id_: draft for id_, draft in by_id.items() if id_ in made}


def _distinct(drafts: Iterable[Draft]) -> Iterable[Draft]:
    return {id(draft.contexts): draft for draft in drafts}.values()


def row_of(id_: int, draft: Draft, context_id: int) -> tuple[object, ...]:
    """Return the values of an event's own row, as :data:`COLUMNS` names them."""
    return (
        id_, draft.event_id, draft.is_declaration, draft.type, draft.action, draft.biz_step, draft.disposition,
        draft.read_point, draft.biz_location, draft.transformation_id, str(draft.event_time), draft.tz_offset,
        draft.declared_at and str(draft.declared_at), draft.declared_reason, draft.has_sensors,
        draft.hash_id, context_id, draft.text, rf"\x{draft.content.hex()}",
    )  # fmt: skip


def _hang(stored: dict[int, Draft], names: dict[str, int]) -> None:
    """Write what hangs on the events: whom they name, what else they say, and what follows from them."""
    captured: dict[str, str] = {}
    for draft in stored.values():
        for each in draft.named:
            known = captured.setdefault(each.uri, each.captured)
            if not known.startswith("urn:") and each.captured.startswith("urn:"):
                captured[each.uri] = each.captured
        for lot in draft.lots:
            captured.setdefault(lot, lot)
    epcs = dictionary.take_epcs(captured)
    copy_rows(
        "trace_event_epcs", "event_id, ordinal, epc_id, role, event_time, quantity, uom", epc_lines(stored, epcs.ids)
    )
    copy_rows(
        "trace_event_attributes", "event_id, ordinal, field, name_id, element, value, num, time, uom",
        attribute_lines(stored, names),
    )  # fmt: skip
    if lots := [f"{id_}\t{epcs.ids[lot]}" for id_, draft in stored.items() for lot in draft.lots]:
        copy_rows("trace_event_lots", "event_id, lot_id", lots)
    dictionary.lock(
        {*containments.contended(stored, epcs), *transforms.contended(stored, epcs), *epcs.better_known} - epcs.added
    )
    dictionary.note_urns(epcs.better_known)
    containments.rebuild(stored, epcs)
    transforms.add(stored, epcs)


def epc_lines(stored: dict[int, Draft], ids: dict[str, int]) -> Iterator[str]:
    """Yield rows of what events name, as COPY reads them."""
    for id_, draft in stored.items():
        at = str(draft.event_time)
        for n, each in enumerate(draft.named):
            quantity = NULL if each.quantity is None else each.quantity
            yield f"{id_}\t{n}\t{ids[each.uri]}\t{each.role.value}\t{at}\t{quantity}\t{escaped(each.uom)}"


def attribute_lines(stored: dict[int, Draft], names: dict[str, int]) -> Iterator[str]:
    """Yield rows of what else events say, as COPY reads them."""
    for id_, draft in stored.items():
        for n, each in enumerate(draft.attributes):
            num = NULL if each.num is None else each.num
            time = NULL if each.time is None else each.time
            yield (
                f"{id_}\t{n}\t{int(each.field)}\t{names[each.name]}\t{each.element}\t{escaped(each.value)}"
                f"\t{num}\t{time}\t{escaped(each.uom)}"
            )
