"""Validation of EPCIS 2.0: documents and single events, by the schema and by the rules beyond it."""

import math
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from jsonschema_rs import Draft7Validator, ValidationError

from traceability.standard import limits as bounds
from traceability.standard.faults import MAX_FAULTS, Fault, pointer_of, shown, told
from traceability.standard.limits import Limits
from traceability.standard.schema import DOCUMENT_SCHEMAS, EVENT_SCHEMAS, complete

#: Where the events stand in a document, by its type.
EVENT_PATHS = MappingProxyType(
    {
        "EPCISDocument": ("epcisBody", "eventList"),
        "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "eventList"),
    }
)
#: Members and elements of a value of which every fault is told.
MAX_TOLD = 500
#: Pairs of an input and an output of one transformation.
MAX_PAIRS = 250_000
_SIDES = (("inputEPCList", "inputQuantityList"), ("outputEPCList", "outputQuantityList"))
_DOCUMENTS = {
    kind: Draft7Validator(complete(schema), validate_formats=True) for kind, schema in DOCUMENT_SCHEMAS.items()
}
_EVENTS = {kind: Draft7Validator(complete(schema), validate_formats=True) for kind, schema in EVENT_SCHEMAS.items()}
_OTHERS = _EVENTS.pop("")


def problems_of_document(document: object, limits: Limits = bounds.DEFAULT) -> list[Fault]:
    """Return what is wrong with a document, or with a single event that stands for one; empty when it is good.

    At most :data:`faults.MAX_FAULTS` are told.
    """
    if not isinstance(document, dict):
        return [Fault("", f"A document is an object, not {shown(document)}.")]
    kind = document.get("type")
    if not isinstance(kind, str) or kind not in _DOCUMENTS:
        return problems_of_event(document, limits)
    events = events_of(document)
    faults = _faults_of_head(document, kind, limits)
    base = pointer_of("", EVENT_PATHS[kind])
    for number, event in enumerate(events):
        if len(faults) >= MAX_FAULTS:
            break
        faults += _faults_of_event(event, f"{base}/{number}", limits, MAX_FAULTS - len(faults))
    return faults


def problems_of_event(event: object, limits: Limits = bounds.DEFAULT) -> list[Fault]:
    """Return what is wrong with a single event, which brings its own ``@context``; empty when it is good."""
    faults = _faults_of_event(event, "", limits, MAX_FAULTS)
    if isinstance(event, dict) and "@context" not in event:
        faults.append(Fault("/@context", "@context is missing: an event that stands alone brings its own."))
    return faults[:MAX_FAULTS]


def events_of(document: Mapping[str, Any]) -> list[Any]:
    """Return the events of a document, or the event itself that stands for one; none if it is not built so."""
    path = EVENT_PATHS.get(str(document.get("type")))
    if path is None:
        return [document]
    found: object = document
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, list) else []


def _faults_of_head(document: dict[str, Any], kind: str, limits: Limits) -> list[Fault]:
    """Look at a document without its events."""
    head = _emptied(document, EVENT_PATHS[kind])
    # Master data has as many members as there are places and goods.
    wide = Limits(limits.depth, limits.elements, limits.elements, limits.characters)
    faults = list(bounds.faults_of(head, "", wide))
    if not faults and not _DOCUMENTS[kind].is_valid(head):
        faults = told(_errors(_DOCUMENTS[kind], head), "", kind, MAX_FAULTS)
    return faults


def _emptied(part: object, path: tuple[str, ...]) -> object:
    """Copy what leads to the events, and leave those out."""
    if not path:
        return [] if isinstance(part, list) else part
    if not isinstance(part, dict) or path[0] not in part:
        return part
    return part | {path[0]: _emptied(part[path[0]], path[1:])}


def _faults_of_event(event: object, pointer: str, limits: Limits, room: int) -> list[Fault]:
    if not isinstance(event, dict):
        return [Fault(pointer, f"An event is an object, not {shown(event)}.")]
    faults = list(bounds.faults_of(event, pointer, limits))
    if faults:
        return faults
    kind = event.get("type")
    if not isinstance(kind, str):
        detail = "type is missing." if kind is None else f"{shown(kind)} is no type of event."
        return [Fault(pointer + "/type", detail)]
    validator = _EVENTS.get(kind, _OTHERS)
    if not validator.is_valid(event):
        return told(_errors(validator, event), pointer, kind, room)
    return list(_beyond_the_schema(event, kind, pointer))


def _errors(validator: Draft7Validator, value: object) -> Iterable[ValidationError]:
    """Return what is wrong; of a large value only what is found first.

    Each error carries a copy of the object in which it lies, and all are made at once: thousands of wrong members
    would take the square of their number in memory.
    """
    if bounds.size(value) <= MAX_TOLD:
        return validator.iter_errors(value)
    try:
        validator.validate(value)
    except ValidationError as first:
        return [first]
    return []


def _beyond_the_schema(event: dict[str, Any], kind: str, pointer: str) -> Iterator[Fault]:
    """Look for what the standard demands and a schema leaves open (EPCIS 2.0, 7.4.3)."""
    if kind == "AggregationEvent" and event["action"] != "OBSERVE" and "parentID" not in event:
        yield Fault(
            pointer + "/parentID", f"parentID is missing: it must be there when the action is {event['action']}."
        )
    if kind == "TransformationEvent" and _pairs(event) > MAX_PAIRS:
        yield Fault(pointer, f"Inputs times outputs are more than {MAX_PAIRS}: split the event.")


def _pairs(event: dict[str, Any]) -> int:
    """Count the pairs of an input and an output: each of them is a way that goods went."""
    named = (sum(len(event.get(name, ())) for name in names) for names in _SIDES)
    return math.prod(named)
