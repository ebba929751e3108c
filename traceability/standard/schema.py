"""JSON Schema (draft-07) of EPCIS 2.0 documents and events, put together from the words and fields of the standard."""

from collections.abc import Iterable
from typing import Any

from traceability.standard import words
from traceability.standard.fields import ACTIONS, EVENTS, NUMBERS, TIMES, URIS

Schema = dict[str, Any]
DRAFT = "http://json-schema.org/draft-07/schema#"

URI: Schema = {"type": "string", "format": "uri"}
TIME: Schema = {"type": "string", "format": "date-time"}
NUMBER: Schema = {"type": "number"}
TEXT: Schema = {"type": "string"}
#: A vocabulary's own words are written bare, never by these addresses.
_CBV_ADDRESSES = "^(urn:epcglobal:cbv|https?://ns\\.gs1\\.org/cbv/)"
_VOC_ADDRESSES = "^https?://(www\\.)?gs1\\.org/voc/"


def _word(listed: Iterable[str], addresses: str = _CBV_ADDRESSES) -> Schema:
    """Return the schema of a field that takes a word of a list or somebody's own word as a URI."""
    return {
        "type": "string",
        "if": {"pattern": ":"},
        "then": {"format": "uri", "not": {"pattern": addresses}},
        "else": {"enum": list(listed)},
    }


def _list(items: Schema, **more: object) -> Schema:
    return {"type": "array", "items": items, **more}


def _object(properties: Schema, required: Iterable[str] = (), *, names: bool = False, closed: bool = False) -> Schema:
    """Return the schema of an object; ``names``: others' fields need a namespace, ``closed``: there are none."""
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    if closed:
        schema["additionalProperties"] = False
    if names:
        schema["additionalProperties"] = True
        schema["propertyNames"] = {
            "if": {"pattern": ":"}, "then": {"format": "uri"}, "else": {"enum": list(properties)},
        }  # fmt: skip
    return schema


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


_CONTEXT_PART: Schema = {"type": ["string", "object"], "format": "uri"}
_SENSED = dict.fromkeys(URIS, URI) | dict.fromkeys(NUMBERS, NUMBER) | dict.fromkeys(TIMES, TIME)


def _sensor(names: Iterable[str], more: Schema, required: Iterable[str] = ()) -> Schema:
    return _object({name: _SENSED[name] for name in names} | more, required, names=True)


def _typed(member: str, words_listed: Iterable[str], *, is_typed: bool) -> Schema:
    """Return the schema of a pair of a type and what is of that type."""
    required = ["type", member] if is_typed else [member]
    return _object({"type": _word(words_listed), member: URI}, required, closed=True)


DEFINITIONS: Schema = {
    "context": {
        "type": ["string", "object", "array"],
        "format": "uri",
        "items": _CONTEXT_PART,
        "uniqueItems": True,
    },
    "bizStep": _word(words.BIZ_STEPS),
    "disposition": _word(words.DISPOSITIONS),
    "persistent": _object(
        {name: _list(_ref("disposition"), minItems=1, uniqueItems=True) for name in ("set", "unset")}, closed=True
    )
    | {"minProperties": 1},
    "place": _object({"id": URI}, ["id"]),
    "amount": _object(
        {"epcClass": URI, "quantity": NUMBER, "uom": TEXT | {"pattern": "^[A-Z0-9]{2,3}$"}}, ["epcClass"], closed=True
    ),
    "transaction": _typed("bizTransaction", words.TRANSACTION_TYPES, is_typed=False),
    "source": _typed("source", words.PARTY_TYPES, is_typed=True),
    "destination": _typed("destination", words.PARTY_TYPES, is_typed=True),
    "declaration": _object(
        {"declarationTime": TIME, "reason": _word(words.ERROR_REASONS), "correctiveEventIDs": _list(URI)},
        ["declarationTime"],
        names=True,
    ),
    "sensed": _sensor(
        ["time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"],
        {},
    ),
    "report": _sensor(
        [*URIS, *NUMBERS, "time"],
        {
            "type": _word(words.MEASUREMENTS, _VOC_ADDRESSES),
            "exception": _word(words.ALERTS, _VOC_ADDRESSES),
            "component": _word(words.COMPONENTS),
            "stringValue": TEXT,
            "booleanValue": {"type": "boolean"},
            "hexBinaryValue": TEXT | {"pattern": "^[A-Fa-f0-9]+$"},
            "uom": TEXT,
        },
        ["type"],
    ),
    "sensing": _object(
        {"sensorMetadata": _ref("sensed"), "sensorReport": _list(_ref("report"), minItems=1)},
        ["sensorReport"],
        names=True,
    ),
    "ilmd": {"type": "object", "propertyNames": {"format": "uri"}},
}

#: Fields of every event.
COMMON: Schema = {
    "@context": _ref("context"),
    "type": TEXT,
    "eventTime": TIME,
    "recordTime": TIME,
    "eventTimeZoneOffset": TEXT | {"pattern": "^[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)$"},
    "eventID": URI,
    "certificationInfo": {"type": ["string", "array"], "format": "uri", "items": URI},
    "errorDeclaration": _ref("declaration"),
}
#: What an event field holds, wherever it may stand.
FIELDS: Schema = {
    "action": TEXT | {"enum": list(ACTIONS)},
    "bizStep": _ref("bizStep"),
    "disposition": _ref("disposition"),
    "persistentDisposition": _ref("persistent"),
    "readPoint": _ref("place"),
    "bizLocation": _ref("place"),
    "bizTransactionList": _list(_ref("transaction")),
    "sourceList": _list(_ref("source")),
    "destinationList": _list(_ref("destination")),
    "sensorElementList": _list(_ref("sensing")),
    "ilmd": _ref("ilmd"),
    "parentID": URI,
    "transformationID": URI,
    "epcList": _list(URI),
    "childEPCs": _list(URI),
    "inputEPCList": _list(URI, uniqueItems=True),
    "outputEPCList": _list(URI, uniqueItems=True),
} | {
    name: _list(_ref("amount"))
    for name in ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
}


def _filled(name: str) -> Schema:
    """Hold when the list is there and has an element."""
    return {"required": [name], "properties": {name: {"minItems": 1}}}


_DELETED: Schema = {"properties": {"action": {"const": "DELETE"}}}
_INPUT = {"anyOf": [_filled("inputEPCList"), _filled("inputQuantityList")]}
_OUTPUT = {"anyOf": [_filled("outputEPCList"), _filled("outputQuantityList")]}
_CHILDREN: Schema = {"anyOf": [_filled("childEPCs"), _filled("childQuantityList"), _DELETED]}
#: What an event must name, by its type; the texts of refusals are in :mod:`.faults`.
_RULES: dict[str, Schema] = {
    "ObjectEvent": {
        "anyOf": [
            {"required": ["epcList"]},
            _filled("quantityList"),
            _filled("sensorElementList") | {"required": ["sensorElementList", "readPoint"]},
        ],
        "if": {"required": ["ilmd"]},
        "then": {"properties": {"action": {"const": "ADD"}}},
    },
    "AggregationEvent": _CHILDREN,
    "AssociationEvent": _CHILDREN,
    "TransactionEvent": {"anyOf": [{"required": ["epcList"]}, _filled("quantityList"), _DELETED]},
    "TransformationEvent": {
        "if": {"required": ["transformationID"]},
        "then": {"anyOf": [*_INPUT["anyOf"], *_OUTPUT["anyOf"]]},
        "else": {"allOf": [_INPUT, _OUTPUT]},
    },
}
#: Where a field's content differs by type of event.
_SPECIAL: dict[str, Schema] = {
    "ObjectEvent": {"epcList": _list(URI, uniqueItems=True)},
    "TransactionEvent": {"bizTransactionList": _list(_ref("transaction"), minItems=1), "persistentDisposition": True},
    # The published schema names the field there and says nothing of its content.
    "AggregationEvent": {"persistentDisposition": True},
    "AssociationEvent": {"persistentDisposition": True},
}


def _event(kind: str) -> Schema:
    names, required = EVENTS[kind]
    properties = COMMON | {name: FIELDS[name] for name in names} | _SPECIAL.get(kind, {})
    return _object(properties, ["type", "eventTime", "eventTimeZoneOffset", *required], names=True) | _RULES[kind]


#: Events of the standard by their type, and under ``""`` those of types that others defined.
EVENT_SCHEMAS: dict[str, Schema] = {kind: _event(kind) for kind in EVENTS} | {
    "": _object(COMMON | {"type": URI}, ["type", "eventTime", "eventTimeZoneOffset"])
}

_MASTER_ATTRIBUTE = _object({"id": URI, "attribute": {"type": ["number", "string", "object"]}}, ["id"])
_MASTER_ELEMENT = _object({"id": URI, "attributes": _list(_MASTER_ATTRIBUTE), "children": _list(URI)}, ["id"])
DEFINITIONS["vocabularies"] = _list(_object({"type": URI, "vocabularyElementList": _list(_MASTER_ELEMENT)}, ["type"]))
_EVENTS: Schema = {"eventList": {"type": "array"}}
_HEAD: Schema = {
    "@context": _ref("context"),
    "id": URI,
    "type": TEXT,
    "schemaVersion": TEXT | {"pattern": "^[0-9]+(\\.[0-9]+)*$"},
    "creationDate": TIME,
}
_HEADER = _object({"epcisMasterData": _object({"vocabularyList": _ref("vocabularies")})}, names=True)
_RESULTS = _object(
    {
        "queryName": TEXT,
        "subscriptionID": TEXT,
        "resultsBody": _object(_EVENTS | {"vocabularyList": _ref("vocabularies")}, ["eventList"], names=True),
    },
    ["queryName", "resultsBody"],
    names=True,
)
#: Documents by their type. Their events are checked apart, each by its own type, so the lists say nothing of them.
DOCUMENT_SCHEMAS: dict[str, Schema] = {
    "EPCISDocument": _object(
        _HEAD
        | {"instanceIdentifier": TEXT, "sender": TEXT, "receiver": TEXT, "epcisHeader": _HEADER}
        | {"epcisBody": _object(_EVENTS, ["eventList"])},
        ["@context", "type", "schemaVersion", "creationDate", "epcisBody"],
        names=True,
    ),
    "EPCISQueryDocument": _object(
        _HEAD | {"epcisBody": _object({"queryResults": _RESULTS}, ["queryResults"], names=True)},
        ["@context", "type", "epcisBody"],
        names=True,
    ),
}


def complete(schema: Schema) -> Schema:
    """Return a schema that stands alone: with its draft and the definitions that it refers to."""
    return {"$schema": DRAFT, **schema, "definitions": DEFINITIONS}
