"""Where the event hash of CBV 2.0 (8.9) has each field, and which words it writes out in full."""

from collections.abc import Mapping

from traceability.standard.words import FULL

#: Members that say nothing of what happened.
IGNORED = frozenset({"recordTime", "eventID", "type", "errorDeclaration", "@context", "rdfs:comment", "comment"})
COMMENTS = frozenset({"@context", "#text", "rdfs:comment", "comment"})

_QUANTITY = ("epcClass", "quantity", "uom")
#: The order of what stands in an object, by the object's name; everything else follows, sorted.
INNER = {
    "quantityElement": _QUANTITY,
    "persistentDisposition": ("set", "unset"),
    "readPoint": ("id",),
    "bizLocation": ("id",),
    "sensorElement": ("sensorMetadata", "sensorReport"),
    "sensorMetadata": (
        "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules",
    ),
    "sensorReport": (
        "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time",
        "microorganism", "chemicalSubstance", "value", "component", "stringValue", "booleanValue", "hexBinaryValue",
        "uriValue", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue", "uom",
        "coordinateReferenceSystem",
    ),
}  # fmt: skip
#: What each element of a list is called.
ELEMENTS = {
    "epcList": "epc",
    "inputEPCList": "epc",
    "childEPCs": "epc",
    "outputEPCList": "epc",
    "quantityList": "quantityElement",
    "childQuantityList": "quantityElement",
    "inputQuantityList": "quantityElement",
    "outputQuantityList": "quantityElement",
    "sensorElementList": "sensorElement",
}
#: The order of an event; what is not named here follows, sorted.
EVENT = (
    "eventTime", "eventTimeZoneOffset", "certificationInfo", "parentID", "epcList", "inputEPCList", "childEPCs",
    "quantityList", "childQuantityList", "inputQuantityList", "outputEPCList", "outputQuantityList", "action",
    "transformationID", "bizStep", "disposition", "persistentDisposition", "readPoint", "bizLocation",
    "sensorElementList",
)  # fmt: skip
#: What the order names.
EVENT_NAMES = frozenset(EVENT)
#: Lists of a type and what is of that type; they stand among what is sorted.
TYPED = {
    "bizTransactionList": ("bizTransaction", FULL["bizTransactionType"]),
    "sourceList": ("source", FULL["partyType"]),
    "destinationList": ("destination", FULL["partyType"]),
}
#: Bare words, by the field that takes them.
WORDS: Mapping[str, Mapping[str, str]] = {
    "bizStep": FULL["bizStep"],
    "disposition": FULL["disposition"],
    "set": FULL["disposition"],
    "unset": FULL["disposition"],
    "type": FULL["measurement"],
    "exception": FULL["exception"],
    "component": FULL["component"],
}
TIMES = frozenset({"eventTime", "time", "startTime", "endTime"})
