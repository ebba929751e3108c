"""Faults of a document: where, and what a person can do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from jsonschema_rs import ValidationError

#: More are not told: whoever made so many has one cause.
MAX_FAULTS = 50
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: a JSON pointer into the document, and a sentence."""

    pointer: str
    detail: str


#: What an event of a type must name, as a sentence.
_NEEDED = {
    "ObjectEvent": "An ObjectEvent needs epcList, a quantityList with an element, or sensor data with a readPoint.",
    "AggregationEvent": "An AggregationEvent needs childEPCs or childQuantityList unless its action is DELETE.",
    "AssociationEvent": "An AssociationEvent needs childEPCs or childQuantityList unless its action is DELETE.",
    "TransactionEvent": "A TransactionEvent needs epcList or quantityList unless its action is DELETE.",
    "TransformationEvent": (
        "A TransformationEvent needs inputs and outputs, or a transformationID and one of the two."
    ),
}
_FORMATS = {
    "uri": "is no URI: a word of your own needs a namespace, as in ex:word",
    "date-time": "is no time with a zone, as in 2025-03-01T08:30:00.000+08:00",
}
_TYPES: dict[str, str] = {
    "string": "a text", "number": "a number", "object": "an object", "array": "a list", "boolean": "true or false",
}  # fmt: skip


def pointer_of(base: str, path: Iterable[str | int]) -> str:
    """Return the JSON pointer (RFC 6901) of a path below ``base``."""
    return base + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def shown(value: object) -> str:
    """Return a value as it is shown in a sentence, cut short; what holds others is named by its kind."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def told(errors: Iterable[ValidationError], base: str, kind: str, room: int) -> list[Fault]:
    """Turn what a validator found in an object of a type into faults: the first for each place."""
    found: dict[str, Fault] = {}
    for fault in (_told(error, base, kind) for error in islice(errors, 4 * room)):
        found.setdefault(fault.pointer, fault)
    return list(islice(found.values(), room))


def _told(error: ValidationError, base: str, kind: str) -> Fault:
    name = error.kind.name
    path = list(error.instance_path)
    facts = error.kind.as_dict()
    if name == "required":
        return Fault(pointer_of(base, [*path, facts["property"]]), f"{facts['property']} is missing.")
    if name == "propertyNames":
        field = facts["error"].instance
        return Fault(pointer_of(base, [*path, field]), f"{shown(field)} is no field here; {_NAMESPACE}")
    if name == "additionalProperties":
        field = facts["unexpected"][0]
        return Fault(pointer_of(base, [*path, field]), f"{shown(field)} is no field here, and none may be added.")
    if name in ("anyOf", "allOf") and not path:
        return Fault(base, _NEEDED.get(kind, "The event names nothing that it is about."))
    return Fault(pointer_of(base, path), _sentence(name, facts, error.instance))


_NAMESPACE = "a field of your own needs a namespace, as in ex:field."


def _sentence(name: str, facts: dict[str, object], value: object) -> str:
    """Say what is wrong with the value itself."""
    if name == "format":
        return f"{shown(value)} {_FORMATS[str(facts['format'])]}."
    if name == "enum":
        return f"{shown(value)} is none of the words that may stand here."
    if name == "type":
        named = facts["types"]
        kinds = [_TYPES.get(str(each), str(each)) for each in (named if isinstance(named, list) else [named])]
        return f"{shown(value)} is not {' or '.join(kinds)}."
    if name == "not":
        return f"{shown(value)} is written as a bare word in JSON."
    return _PLAIN.get(name, "{} is not as the standard has it.").format(shown(value))


_PLAIN = {
    "pattern": "{} is not written as the standard has it.",
    "minItems": "The list is empty.",
    "minProperties": "The object is empty.",
    "uniqueItems": "The list names something twice.",
    "const": "{} does not go with what else is there.",
}
