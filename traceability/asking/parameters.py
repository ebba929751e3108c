"""The parameters of SimpleEventQuery: for each name the condition that it asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import not_

from traceability.asking import conditions as make
from traceability.asking import described, finding
from traceability.asking.conditions import COMPARISONS, Condition
from traceability.asking.reading import Asked
from traceability.repository.fields import CLASSES, INNER, ITEMS, Field, Role
from traceability.repository.models import TraceEvent as Event
from traceability.standard.fields import TIMES

Rule = Callable[[Asked], Condition]
_SENSOR = (Field.SENSOR_METADATA, Field.SENSOR_REPORT)
_ROLES: Mapping[str, Sequence[Role]] = MappingProxyType(
    {
        "MATCH_epc": (Role.EPC, Role.CHILD),
        "MATCH_parentID": (Role.PARENT,),
        "MATCH_inputEPC": (Role.INPUT,),
        "MATCH_outputEPC": (Role.OUTPUT,),
        "MATCH_anyEPC": ITEMS,
        "MATCH_epcClass": (Role.QUANTITY, Role.CHILD_QUANTITY),
        "MATCH_inputEPCClass": (Role.INPUT_QUANTITY,),
        "MATCH_outputEPCClass": (Role.OUTPUT_QUANTITY,),
        "MATCH_anyEPCClass": CLASSES,
    }
)
_PLACES = MappingProxyType({"readPoint": Event.read_point, "bizLocation": Event.biz_location})
#: Both spellings of the time of a declaration: GS1's OpenAPI file and its query schema differ.
_TIMES = MappingProxyType(
    {
        "eventTime": Event.event_time, "recordTime": Event.record_time,
        "errorDeclarationTime": Event.declared_at, "errorDeclaration_Time": Event.declared_at,
    }
)  # fmt: skip
#: Fields of sensors that hold identifiers, and those that hold other text.
_SENSOR_URIS = ("deviceID", "dataProcessingMethod", "bizRules", "microorganism", "chemicalSubstance", "uriValue")
_SENSOR_TEXTS = ("stringValue", "hexBinaryValue")


def _is_true(column: Any) -> Rule:
    return lambda asked: Condition(column if asked.flag() else not_(column))


def _word_in(column: Any, field: str) -> Rule:
    return lambda asked: make.column_in(column, asked.words(field))


def _place_in(column: Any) -> Rule:
    return lambda asked: make.column_in(column, asked.identifiers())


def _place_within(column: Any) -> Rule:
    return lambda asked: make.column_in(column, finding.places_within(asked.identifiers(), asked.actor))


def _compared(column: Any, comparison: str) -> Rule:
    return lambda asked: Condition(COMPARISONS[comparison](column, asked.moment()))


def _names(roles: Sequence[Role]) -> Rule:
    return lambda asked: make.names_identifier(asked, roles)


def _text(name: str, fields: Sequence[int]) -> Rule:
    return lambda asked: make.has_attribute([name], fields, asked.values)


def _uri(name: str, fields: Sequence[int]) -> Rule:
    return lambda asked: make.has_attribute([name], fields, asked.identifiers())


def _word(name: str, fields: Sequence[int], words: str) -> Rule:
    return lambda asked: make.has_attribute([name], fields, asked.words(words))


def _time(name: str, comparison: str) -> Rule:
    return lambda asked: make.has_time(asked, comparison, [name], _SENSOR)


def _truth(asked: Asked) -> Condition:
    return make.has_attribute(["booleanValue"], [Field.SENSOR_REPORT], ["true" if asked.flag() else "false"])


#: The rules of the parameters that have one name.
_PLAIN: Mapping[str, Rule] = MappingProxyType(
    {
        "eventType": lambda asked: make.column_in(Event.type, asked.types()),
        "EQ_action": lambda asked: make.column_in(Event.action, asked.actions()),
        "EQ_bizStep": _word_in(Event.biz_step, "bizStep"),
        "EQ_disposition": _word_in(Event.disposition, "disposition"),
        "EQ_errorReason": _word_in(Event.declared_reason, "reason"),
        "EQ_eventID": lambda asked: make.column_in(Event.event_id, asked.values, is_start=True),
        "EQ_transformationID": lambda asked: make.column_in(
            Event.transformation_id, asked.identifiers(), is_start=True
        ),
        "EXISTS_errorDeclaration": _is_true(Event.is_declaration),
        "EXISTS_sensorElementList": _is_true(Event.has_sensors),
        "EQ_correctiveEventID": _text("correctiveEventIDs", [Field.DECLARATION]),
        "EQ_type": _word("type", [Field.SENSOR_REPORT], "measurement"),
        "EQ_booleanValue": _truth,
        **{
            f"EQ_persistentDisposition_{which}": _word(which, [Field.PERSISTENT_DISPOSITION], "disposition")
            for which in ("set", "unset")
        },
        **{f"EQ_{name}": _uri(name, _SENSOR) for name in _SENSOR_URIS},
        **{f"EQ_{name}": _text(name, _SENSOR) for name in _SENSOR_TEXTS},
        **{name: _names(roles) for name, roles in _ROLES.items()},
        **{f"EQ_{name}": _place_in(column) for name, column in _PLACES.items()},
        **{f"WD_{name}": _place_within(column) for name, column in _PLACES.items()},
        **{f"{sign}_{name}": _compared(column, sign) for name, column in _TIMES.items() for sign in ("GE", "LT")},
        **{f"{sign}_{name}": _time(name, sign) for name in TIMES for sign in ("GE", "LT")},
    }
)
_COMPARE = "(EQ|GT|GE|LT|LE)"
_MEASURE = re.compile(rf"{_COMPARE}_(value|minValue|maxValue|meanValue|sDev|percValue|percRank)(?:_([A-Z0-9]{{2,4}}))?")
_QUANTITY = re.compile(rf"{_COMPARE}_quantity(?:_([A-Z0-9]{{2,4}}))?")
_TYPED = re.compile(r"EQ_(bizTransaction|source|destination)_(.+)")
_OWN = re.compile(
    r"(EQ|GT|GE|LT|LE|EXISTS)_(INNER_)?"
    r"(?:(ILMD|ERROR_DECLARATION|SENSORELEMENT|SENSORMETADATA|SENSORREPORT|readPoint|bizLocation)_)?"
    r"([A-Za-z][\w.-]*:.+)"
)
_OWN_FIELDS: Mapping[str | None, Field] = MappingProxyType(
    {
        None: Field.EXTENSION, "ILMD": Field.ILMD, "ERROR_DECLARATION": Field.DECLARATION_EXTENSION,
        "SENSORELEMENT": Field.SENSOR_ELEMENT_EXTENSION, "SENSORMETADATA": Field.SENSOR_METADATA_EXTENSION,
        "SENSORREPORT": Field.SENSOR_REPORT_EXTENSION, "readPoint": Field.READ_POINT_EXTENSION,
        "bizLocation": Field.BIZ_LOCATION_EXTENSION,
    }
)  # fmt: skip
_LISTS = MappingProxyType(
    {
        "bizTransaction": (Field.BIZ_TRANSACTION, "bizTransactionType"),
        "source": (Field.SOURCE, "partyType"),
        "destination": (Field.DESTINATION, "partyType"),
    }
)


def condition_of(asked: Asked) -> Condition:
    """Return what a parameter asks of events.

    :raises BadParameter: if there is no such parameter, or its value is none.
    """
    rule = _PLAIN.get(asked.name)
    if rule is not None:
        return rule(asked)
    if found := _QUANTITY.fullmatch(asked.name):
        return make.has_quantity(asked, found[1], found[2])
    if found := _MEASURE.fullmatch(asked.name):
        if found[3] is None and found[2] != "percRank":
            raise asked.refuse(f"needs a unit, as in {asked.name}_CEL.")
        return make.has_measure(asked, found[1], found[2], Field.SENSOR_REPORT, found[3])
    if found := _TYPED.fullmatch(asked.name):
        field, words = _LISTS[found[1]]
        return make.has_attribute([asked.word(found[2], words)], [field], asked.identifiers())
    if described.is_about_master_data(asked.name):
        return described.condition_of(asked)
    if found := _OWN.fullmatch(asked.name):
        field_of_own = _OWN_FIELDS[found[3]] + (INNER if found[2] else 0)
        return make.has_extension(asked, found[1], asked.full_name(found[4]), field_of_own)
    raise asked.refuse("there is no such query parameter.")
