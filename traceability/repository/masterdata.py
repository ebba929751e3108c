"""What documents say of places, parties and classes in their headers: the last word of each organisation is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shop.db import fetch
from shop.pipelining import Statement
from traceability.repository.captures import Capture
from traceability.repository.drafts import same
from traceability.repository.refusals import NotValid
from traceability.repository.rules import LONGEST
from traceability.standard.contexts import Context
from traceability.standard.faults import MAX_FAULTS, Fault, pointer_of

_KEEP = Statement("""
    INSERT INTO trace_master_data (organisation_id, type, uri, captured, attributes, children, recorded_at)
    SELECT cast(:organisation AS bigint), type, uri, captured, attributes,
           ARRAY(SELECT jsonb_array_elements_text(children)), cast(:at AS timestamptz)
    FROM unnest(cast(:types AS text[]), cast(:uris AS text[]), cast(:captured AS text[]), cast(:attributes AS jsonb[]),
                cast(:children AS jsonb[])) AS n (type, uri, captured, attributes, children)
    ORDER BY type COLLATE "C", uri COLLATE "C"
    ON CONFLICT (organisation_id, type, uri) DO UPDATE
       SET captured = excluded.captured, attributes = excluded.attributes, children = excluded.children,
           recorded_at = excluded.recorded_at""")

#: Where a document of each type has its master data; what stands elsewhere in it is somebody's own.
_PLACES: Mapping[Any, tuple[str, ...]] = MappingProxyType(
    {
        "EPCISDocument": ("epcisHeader", "epcisMasterData", "vocabularyList"),
        "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "vocabularyList"),
    }
)

_LOCK = Statement("SELECT pg_advisory_xact_lock(hashtext('trace_master_data'), cast(:organisation AS int))")
_KNOWN = Statement("""
    SELECT type, uri, attributes, children FROM trace_master_data
    WHERE organisation_id = cast(:organisation AS bigint) AND uri = ANY (cast(:uris AS text[]))""")


@dataclass(frozen=True)
class Element:
    """What is said of a place, party or class by somebody who hands in no document."""

    type: str
    uri: str
    attributes: Mapping[str, str]
    children: Sequence[str]


def add(organisation_id: int, elements: Sequence[Element], *, at: datetime) -> None:
    """Add to an organisation's master data: what is said anew replaces the same attribute, children are added to."""
    fetch(_LOCK, {"organisation": organisation_id})
    asked = {"organisation": organisation_id, "uris": sorted({each.uri for each in elements})}
    known = {(kind, uri): (attributes, children) for kind, uri, attributes, children in fetch(_KNOWN, asked)}
    rows = {}
    for each in elements:
        before = known.get((each.type, each.uri), ([], []))
        row = _added(each, *before)
        if row != before:
            rows[each.type, each.uri] = row
    if rows:
        uris = [uri for _, uri in rows]
        fetch(_KEEP, {
            "organisation": organisation_id, "at": at, "types": [kind for kind, _ in rows], "uris": uris, "captured": uris,
            "attributes": [json.dumps(attributes, ensure_ascii=False) for attributes, _ in rows.values()],
            "children": [json.dumps(children) for _, children in rows.values()],
        })  # fmt: skip


def _added(element: Element, attributes: list[Any], children: list[str]) -> tuple[list[Any], list[str]]:
    kept = [each for each in attributes if each["id"] not in element.attributes]
    said = [{"id": name, "attribute": value} for name, value in element.attributes.items()]
    known = [*kept, *said]
    if sorted(known, key=str) == sorted(attributes, key=str):  # in another order
        known = attributes
    return known, [*children, *(uri for uri in element.children if uri not in children)]


def keep(capture: Capture, organisation_id: int, *, at: datetime) -> None:
    """Keep the master data of a document; of an element that stands in it twice, the last."""
    context = capture.context
    rows = {(kind, same(element["id"], context)): element for kind, element, _ in _elements(capture.document)}
    if not rows:
        return
    values = {
        "organisation": organisation_id,
        "at": at,
        "types": [kind for kind, _ in rows],
        "uris": [uri for _, uri in rows],
        "captured": [element["id"] for element in rows.values()],
        "attributes": [json.dumps(_attributes(each, context), ensure_ascii=False) for each in rows.values()],
        "children": [json.dumps([same(uri, context) for uri in each.get("children", ())]) for each in rows.values()],
    }
    fetch(_KEEP, values)


def require_short_names(capture: Capture) -> None:
    """Refuse master data that no index could hold.

    :raises NotValid: if identifiers are too long to be found by.
    """
    context = capture.context
    faults = [
        Fault(pointer, f"An identifier is longer than {LONGEST} bytes.")
        for kind, element, pointer in _elements(capture.document)
        if _is_long(kind + same(element["id"], context))
        or any(_is_long(same(uri, context)) for uri in element.get("children", ()))
    ]
    if faults:
        raise NotValid(faults[:MAX_FAULTS])


def _is_long(text: str) -> bool:
    return len(text) > LONGEST // 4 and len(text.encode()) > LONGEST


def _elements(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield each element with the vocabulary that it is of, and a pointer to it."""
    path = _PLACES.get(document.get("type"), ())
    held: Any = document
    for name in path:
        held = held.get(name, {})
    for number, vocabulary in enumerate(held if path and held else ()):
        for place, element in enumerate(vocabulary.get("vocabularyElementList") or ()):
            yield vocabulary["type"], element, pointer_of("", (*path, number, "vocabularyElementList", place))


def _attributes(element: dict[str, Any], context: Context) -> list[dict[str, Any]]:
    """Return an element's attributes under their full names."""
    return [
        {"id": context.expand(each["id"]) or each["id"], "attribute": each.get("attribute")}
        for each in element.get("attributes") or ()
    ]
