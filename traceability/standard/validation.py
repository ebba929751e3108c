"""Validation of EPCIS 2.0: documents and single events, by the schema and by the rules beyond it."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from jsonschema_rs import Draft7Validator, ValidationError

from traceability.standard import limits as bounds
from traceability.standard.faults import MAX_FAULTS, Fault, pointer_of, shown, told
from traceability.standard.limits import Limits
from traceability.standard.schema import DOCUMENT_SCHEMAS, EVENT_SCHEMAS, complete
from traceability.standard.times import find_instant

#: Where the events stand in a document, by its type.
EVENT_PATHS = MappingProxyType(
    {
        "EPCISDocument": ("epcisBody", "eventList"),
        "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "eventList"),
    }
)
#: Members and elements of a value of which every fault is told.
MAX_TOLD = 500
#: Bytes of a document's context, as JSON in ASCII: each of its events is answered with it.
MAX_CONTEXT = 200_000
#: Pairs of an input and an output of one transformation.
MAX_PAIRS = 250_000
_SIDES = (("inputEPCList", "inputQuantityList"), ("outputEPCList", "outputQuantityList"))
_DOCUMENTS = {
    kind: Draft7Validator(complete(schema), validate_formats=True) for kind, schema in DOCUMENT_SCHEMAS.items()
}
_EVENTS = {kind: Draft7Validator(complete(schema), validate_formats=True) for kind, schema in EVENT_SCHEMAS.items()}
_OTHERS = _EVENTS.pop("")


@dataclass(frozen=True)
class Problems:
    """What is wrong with a document: with its head, and with each of its events by itself."""

    head: list[Fault]
    #: Faults of events by their places.
    events: dict[int, list[Fault]] = field(default_factory=dict)

    @property
    def all(self) -> list[Fault]:
        """Every fault, those of the head first."""
        return [*self.head, *(fault for faults in self.events.values() for fault in faults)]


def examine(document: Mapping[str, Any], limits: Limits = bounds.DEFAULT, *, most: int | None = MAX_FAULTS) -> Problems:
    """Look at a document, or at a single event that stands for one: that event's faults are those of the head.

    :param most: faults after which no further event is looked at; ``None`` looks at all.
    """
    kind = document.get("type")
    if not isinstance(kind, str) or kind not in _DOCUMENTS:
        return Problems(problems_of_event(document, limits))
    found = Problems(_faults_of_head(dict(document), kind, limits))
    base, told = pointer_of("", EVENT_PATHS[kind]), len(found.head)
    for place, event in enumerate(events_of(document)):
        room = MAX_FAULTS if most is None else most - told
        if room <= 0:
            break
        if faults := _faults_of_event(event, f"{base}/{place}", limits, room):
            found.events[place] = faults
            told += len(faults)
    return found


def problems_of_document(document: object, limits: Limits = bounds.DEFAULT) -> list[Fault]:
    """Return what is wrong with a document, or with a single event that stands for one; empty when it is good.

    At most :data:`faults.MAX_FAULTS` are told.
    """
    if not isinstance(document, dict):
        return [Fault("", f"A document is an object, not {shown(document)}.")]
    return examine(document, limits).all


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
    wide = replace(limits, members=limits.elements)
    faults = list(bounds.faults_of(head, "", wide))
    if not faults and len(json.dumps(head.get("@context"))) > MAX_CONTEXT:  # type: ignore[attr-defined]
        faults = [Fault("/@context", f"The context is larger than {MAX_CONTEXT} bytes.")]
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
    """Look for what the standard demands and a schema leaves open (EPCIS 2.0, 7.4.3), and for what no calendar has."""
    times = {"/eventTime": event["eventTime"]}
    if "errorDeclaration" in event:
        times["/errorDeclaration/declarationTime"] = event["errorDeclaration"]["declarationTime"]
    for place, text in times.items():
        if find_instant(text) is None:
            yield Fault(pointer + place, f"{shown(text)} lies outside the years 1 to 9999.")
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
