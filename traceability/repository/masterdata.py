"""What documents say of places, parties and classes in their headers: the last word of each organisation is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shop.db import fetch
from shop.pipelining import Statement
from traceability.repository.captures import Capture
from traceability.repository.drafts import same
from traceability.repository.refusals import NotValid
from traceability.repository.rules import LONGEST
from traceability.standard.contexts import Context
from traceability.standard.faults import Fault

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
    """Keep the master data of a document; of an element that stands in it twice, the last.

    :raises NotValid: if an identifier is too long to be found by.
    """
    context = capture.context
    rows = {(kind, same(element["id"], context)): element for kind, element in _elements(capture.document)}
    if not rows:
        return
    if any(len(text.encode()) > LONGEST for key in rows for text in key):
        raise NotValid([Fault("/epcisHeader/epcisMasterData", f"An identifier is longer than {LONGEST} bytes.")])
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


def _elements(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each element with the vocabulary that it is of."""
    header = document.get("epcisHeader") or {}
    results = (document.get("epcisBody") or {}).get("queryResults") or {}
    for holder in (header.get("epcisMasterData") or {}, results.get("resultsBody") or {}):
        for vocabulary in holder.get("vocabularyList") or ():
            for element in vocabulary.get("vocabularyElementList") or ():
                yield vocabulary["type"], element


def _attributes(element: dict[str, Any], context: Context) -> list[dict[str, Any]]:
    """Return an element's attributes under their full names."""
    return [
        {"id": context.expand(each["id"]) or each["id"], "attribute": each.get("attribute")}
        for each in element.get("attributes") or ()
    ]
