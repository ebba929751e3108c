"""The event hash of CBV 2.0 (8.9): the same for an event however its JSON was ordered and its identifiers were written."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from math import isfinite

from traceability.standard.contexts import Context
from traceability.standard.identifiers import canonical, vocabulary
from traceability.standard.times import find_instant, in_milliseconds
from traceability.standard.words import FULL, OLDER_STEMS

VERSION = "CBV2.0"
#: Members that say nothing of what happened.
IGNORED = frozenset({"recordTime", "eventID", "type", "errorDeclaration", "@context", "rdfs:comment", "comment"})
_COMMENTS = frozenset({"@context", "#text", "rdfs:comment", "comment"})

_QUANTITY = ("epcClass", "quantity", "uom")
#: The order of what stands in an object, by the object's name; everything else follows, sorted.
_INNER = {
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
_ELEMENTS = {
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
_EVENT = (
    "eventTime", "eventTimeZoneOffset", "certificationInfo", "parentID", "epcList", "inputEPCList", "childEPCs",
    "quantityList", "childQuantityList", "inputQuantityList", "outputEPCList", "outputQuantityList", "action",
    "transformationID", "bizStep", "disposition", "persistentDisposition", "readPoint", "bizLocation",
    "sensorElementList",
)  # fmt: skip
#: Lists of a type and what is of that type; they stand among what is sorted.
_TYPED = {
    "bizTransactionList": ("bizTransaction", FULL["bizTransactionType"]),
    "sourceList": ("source", FULL["partyType"]),
    "destinationList": ("destination", FULL["partyType"]),
}
#: Bare words, by the field that takes them.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "bizStep": FULL["bizStep"],
    "disposition": FULL["disposition"],
    "set": FULL["disposition"],
    "unset": FULL["disposition"],
    "type": FULL["measurement"],
    "exception": FULL["exception"],
    "component": FULL["component"],
}
_TIMES = frozenset({"eventTime", "time", "startTime", "endTime"})
_MAY_BE_NUMBER = frozenset("0123456789+-.")


def event_hash(event: Mapping[str, object], context: Context) -> str:
    """Return the hash ID of an event: a name for what it says, ``ni:///sha-256;…?ver=CBV2.0``.

    :param context: of the document; a context that the event itself brings is added to it.
    """
    digest = sha256(pre_hash(event, context).encode("utf-8", "surrogatepass")).hexdigest()
    return f"ni:///sha-256;{digest}?ver={VERSION}"


def pre_hash(event: Mapping[str, object], context: Context) -> str:
    """Return the text that is hashed: names and values in the standard's order, nothing between them."""
    context = context.within(event.get("@context"))
    parts = ["eventType=", _scalar(event.get("type"), context)]
    rest: list[str] = []
    for name in _EVENT:
        if name in event:
            known = _ordered(name, event[name], context)
            if known is None:
                rest += _free(name, event[name], context)
            else:
                parts.append(known)
    for name, value in event.items():
        if name in _TYPED:
            rest += _typed(name, value, context)
        elif name not in IGNORED and name not in _EVENT_NAMES:
            rest += _free(name, value, context)
    return "".join([*parts, *sorted(rest)])


def declaration_text(event: Mapping[str, object], context: Context) -> str:
    """Return what an event's error declaration says, equal for equal ones however they were written.

    The hash leaves it out, as it leaves out who recorded the event. Empty if the event has none.
    """
    declaration = event.get("errorDeclaration")
    if not isinstance(declaration, Mapping):
        return ""
    said, context = dict(declaration), context.within(event.get("@context"))
    if at := find_instant(said.get("declarationTime")):
        said["declarationTime"] = at.isoformat()
    if isinstance(said.get("reason"), str):
        said["reason"] = vocabulary(str(said["reason"]), context, field="reason")
    return _content(said, context)


_EVENT_NAMES = frozenset(_EVENT)


def _ordered(name: str, value: object, context: Context) -> str | None:
    """Write a field whose place the standard gives; ``None`` if its value has not the field's shape."""
    if name in _ELEMENTS:
        element = _ELEMENTS[name]
        inner = _collected(element, value, context)
        return name + inner if inner else ""
    if name in _INNER and isinstance(value, dict):
        inner = _object(name, value, context)
        return name + inner if inner else ""
    if isinstance(value, dict):
        return None
    return _collected(name, value, context)


def _collected(name: str, values: object, context: Context) -> str:
    """Write each value under the same name, sorted."""
    found = []
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, dict):
            text = _object(name, value, context)
        else:
            written = _field(name, value, context)
            text = "=" + written if written else ""
        if text:
            found.append(name + text)
    found.sort()
    return "".join(found)


def _object(name: str, value: Mapping[str, object], context: Context) -> str:
    """Write the members of an object in its order, and behind them what others added."""
    order = _INNER.get(name, ())
    parts = []
    for member in order:
        if member in value:
            written = _ordered(member, value[member], context)
            if written:
                parts.append(written)
    if len(value) > len(parts):
        extra = [text for key, each in value.items() if key not in order for text in _free(key, each, context)]
        parts += sorted(extra)
    return "".join(parts)


def _typed(name: str, values: object, context: Context) -> Iterable[str]:
    """Write a list of pairs of type and value, sorted; none when it is empty."""
    member, words = _TYPED[name]
    pairs = []
    for pair in values if isinstance(values, list) else [values]:
        if not isinstance(pair, dict):
            return _free(name, values, context)
        kind = pair.get("type")
        text = (
            "" if kind is None else "type=" + _scalar(words.get(kind, kind) if isinstance(kind, str) else kind, context)
        )
        pairs.append(f"{text}{member}={_scalar(pair.get(member), context)}")
    return [name + "".join(sorted(pairs))] if pairs else []


def _free(key: str, value: object, context: Context) -> list[str]:
    """Write what the standard gives no place: one text for each value under the key."""
    if key in _COMMENTS:
        return []
    namespaced = context.split(key)
    return _named(f"{{{namespaced[0]}}}{namespaced[1]}" if namespaced else key, value, context)


def _named(name: str, value: object, context: Context) -> list[str]:
    """Write values under a name that is already in its full form; what is named a list holds its elements."""
    values = value if isinstance(value, list) else [value]
    if name.endswith("List") and values:
        return [name + "".join(sorted(text for each in values for text in _named(name[:-4], [each], context)))]
    return [name + _content(each, context) for each in values]


def _content(value: object, context: Context) -> str:
    """Write one value: a text, or the sorted members of an object or of a list in a list."""
    if isinstance(value, dict):
        inner = context.within(value.get("@context"))
        text = _text(value["#text"], inner) if "#text" in value else ""
        return text + "".join(sorted(text for key, each in value.items() for text in _free(key, each, inner)))
    if isinstance(value, list):
        return "".join(sorted(_content(each, context) for each in value))
    return _text(value, context)


def _text(value: object, context: Context) -> str:
    written = _scalar(value, context)
    return "=" + written if written else ""


def _field(name: str, value: object, context: Context) -> str:
    """Write the value of a field of the standard: times in UTC, bare words in full."""
    if isinstance(value, str):
        if name in _TIMES and (at := find_instant(value)):
            return in_milliseconds(at)
        words = _WORDS.get(name)
        if words and value in words:
            return words[value]
    return _scalar(value, context)


def _scalar(value: object, context: Context) -> str:
    """Write a value so that equal ones look equal: prefixes expanded, numbers plain, identifiers as Digital Links."""
    if isinstance(value, str):
        if value.startswith("urn:epc:") and "urn" not in context.prefixes:
            return canonical(value.strip())
        split = context.split(value) if ":" in value else None
        value = (split[0] + split[1] if split else value).strip()
    text = _number(str(value))
    for older, stem in OLDER_STEMS.items() if "urn:epcglobal:cbv:" in text else ():
        text = text.replace(older, stem)
    return canonical(text)


def _number(text: str) -> str:
    """Write a number without needless signs and zeros; leave other texts alone."""
    if text[:1] not in _MAY_BE_NUMBER:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if not isfinite(number):
        return text
    return str(int(number) if number.is_integer() else number)
