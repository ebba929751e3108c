"""Whatever an event says beside what its columns hold: transactions, parties, sensors, ilmd, extensions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from traceability.repository.fields import INNER, Field
from traceability.repository.units import to_base
from traceability.standard.contexts import Context
from traceability.standard.fields import URIS
from traceability.standard.identifiers import canonical, vocabulary
from traceability.standard.times import find_beginning


class Attribute(NamedTuple):
    """One value, where it stood, and what it can be compared as."""

    field: int
    name: str
    #: Values of one element have the same number.
    element: int
    value: str | None = None
    num: Decimal | None = None
    time: datetime | None = None
    uom: str | None = None


_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)
#: Fields of sensor reports that are numbers in the report's unit.
_MEASURED = frozenset({"value", "minValue", "maxValue", "meanValue", "sDev", "percValue"})
#: A deviation is a difference: it takes the factor of a unit, and not where its scale begins.
_DIFFERENCE = "sDev"
_WORDS = {"type": "measurement", "exception": "exception", "component": "component"}
_TYPED = (
    ("bizTransactionList", Field.BIZ_TRANSACTION, "bizTransaction", "bizTransactionType"),
    ("sourceList", Field.SOURCE, "source", "partyType"),
    ("destinationList", Field.DESTINATION, "destination", "partyType"),
)
#: Prefixed names that the standard itself gives a meaning.
_COMMENTS = frozenset({"rdfs:comment"})


def attributes_of(event: Mapping[str, Any], context: Context) -> list[Attribute]:
    """Return all of an event's attributes."""
    found: list[Attribute] = []
    for name, field, member, words in _TYPED:
        found += _typed(event.get(name) or (), field, member, words, context)
    found += _persistent(event.get("persistentDisposition"), context)
    if "sensorElementList" in event:
        for number, element in enumerate(event["sensorElementList"]):
            found += _sensor_element(element, number, context)
    if "errorDeclaration" in event:
        found += _declaration(event["errorDeclaration"], context)
    for name, field in (("readPoint", Field.READ_POINT_EXTENSION), ("bizLocation", Field.BIZ_LOCATION_EXTENSION)):
        if len(event.get(name) or ()) > 1:
            found += _extensions(event[name], field, 0, context)
    for name, value in (event.get("ilmd") or {}).items():
        found += _extension(name, value, Field.ILMD, 0, context)
    return [*found, *_extensions(event, Field.EXTENSION, 0, context)]


def _typed(elements: Any, field: Field, member: str, words: str, context: Context) -> Iterator[Attribute]:
    for number, element in enumerate(elements):
        kind, value = element.get("type"), element[member]
        name = "" if kind is None else vocabulary(kind, context, field=words)
        yield Attribute(field, name, number, _identifier(value, context))


def _persistent(said: Any, context: Context) -> Iterator[Attribute]:
    """Yield the dispositions that an event sets and unsets; some types of event may hold anything there."""
    for name, words in said.items() if isinstance(said, Mapping) else ():
        for word in words if isinstance(words, list) else ():
            if isinstance(word, str):
                yield Attribute(Field.PERSISTENT_DISPOSITION, name, 0, vocabulary(word, context, field="disposition"))


def _identifier(value: str, context: Context) -> str:
    return canonical(value if value.startswith(("urn:", "http")) else context.expand(value) or value)


def _declaration(declaration: Mapping[str, Any], context: Context) -> Iterator[Attribute]:
    for uri in declaration.get("correctiveEventIDs") or ():
        yield Attribute(Field.DECLARATION, "correctiveEventIDs", 0, uri)
    yield from _extensions(declaration, Field.DECLARATION_EXTENSION, 0, context)


def _sensor_element(element: Mapping[str, Any], number: int, context: Context) -> Iterator[Attribute]:
    metadata = element.get("sensorMetadata") or {}
    for name, value in metadata.items():
        if ":" not in name:
            yield _standard(Field.SENSOR_METADATA, name, number, value, context)
    yield from _extensions(metadata, Field.SENSOR_METADATA_EXTENSION, number, context)
    for report in element.get("sensorReport") or ():
        for name, value in report.items():
            if ":" not in name:
                yield _reported(name, value, report.get("uom"), number, context)
        yield from _extensions(report, Field.SENSOR_REPORT_EXTENSION, number, context)
    yield from _extensions(element, Field.SENSOR_ELEMENT_EXTENSION, number, context)


def _reported(name: str, value: Any, uom: str | None, number: int, context: Context) -> Attribute:
    """Return a standard field of a sensor report; what is measured in base units."""
    if name in _WORDS and isinstance(value, str):
        return Attribute(Field.SENSOR_REPORT, name, number, vocabulary(value, context, field=_WORDS[name]))
    found = _standard(Field.SENSOR_REPORT, name, number, value, context)
    if name not in _MEASURED or uom is None or found.num is None:
        return found
    based, _base = to_base(found.num, uom)
    if name == _DIFFERENCE:
        based -= to_base(Decimal(0), uom)[0]
    return found._replace(num=based, uom=uom)


def _standard(field: Field, name: str, number: int, value: Any, context: Context) -> Attribute:
    """Return a field of the standard's own; identifiers in their canonical form."""
    if name in URIS and isinstance(value, str):
        value = _identifier(value, context)
    return _scalar(field, name, number, value)


def _extensions(part: Mapping[str, Any], field: int, number: int, context: Context) -> Iterator[Attribute]:
    for name, value in part.items():
        if ":" in name and name not in _COMMENTS:
            yield from _extension(name, value, field, number, context)


def _extension(name: str, value: Any, field: int, number: int, context: Context) -> Iterator[Attribute]:
    """Yield an extension under its full name, and what is inside it at any depth."""
    full = context.expand(name) or name
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, Mapping):
            inner = context.within(each.get("@context"))
            yield _scalar(field, full, number, each.get("#text", each.get("@value", each.get("@id"))))
            for key, deeper in each.items():
                if not key.startswith(("@", "#")):
                    yield from _extension(key, deeper, field if field >= INNER else field + INNER, number, inner)
        elif isinstance(each, list):
            yield from _extension(name, each, field, number, context)
        else:
            yield _scalar(field, full, number, each)


def _scalar(field: int, name: str, number: int, value: Any) -> Attribute:
    """Return a value as text, and as number and time where it is one."""
    if isinstance(value, bool):
        return Attribute(field, name, number, "true" if value else "false")
    if isinstance(value, int | float):
        return Attribute(field, name, number, str(value), Decimal(str(value)))
    if not isinstance(value, str):
        return Attribute(field, name, number)
    if _NUMBER.fullmatch(value):
        return Attribute(field, name, number, value, Decimal(value))
    return Attribute(field, name, number, value, None, find_beginning(value) if value[:1].isdigit() else None)
