"""HASATTR_ and EQATTR_: events that name what master data describes in a certain way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, select

from traceability.asking import finding
from traceability.asking.conditions import Condition, holds
from traceability.asking.reading import Asked, number_of
from traceability.repository.fields import CLASSES, ITEMS, Field, Role
from traceability.repository.models import TraceEpc, TraceEvent, TraceEventAttribute, TraceEventEpc

_NAME = re.compile(
    r"(?:(HASATTR)_(\w+)|EQ_?ATTR_(readPoint|bizLocation|bizTransaction|source|destination"
    r"|epcClass|epc|parentID|inputEPC|outputEPC|inputEPCClass|outputEPCClass)_(.+))",
    re.ASCII,
)
_COLUMNS = MappingProxyType({"readPoint": TraceEvent.read_point, "bizLocation": TraceEvent.biz_location})
_LISTS = MappingProxyType(
    {"bizTransaction": Field.BIZ_TRANSACTION, "source": Field.SOURCE, "destination": Field.DESTINATION}
)
_ROLES: Mapping[str, Sequence[Role]] = MappingProxyType(
    {
        "epc": ITEMS, "epcClass": CLASSES, "parentID": (Role.PARENT,), "inputEPC": (Role.INPUT,),
        "outputEPC": (Role.OUTPUT,), "inputEPCClass": (Role.INPUT_QUANTITY,), "outputEPCClass": (Role.OUTPUT_QUANTITY,),
    }
)  # fmt: skip


def is_about_master_data(name: str) -> bool:
    """Tell whether a parameter asks for attributes of master data."""
    return name.startswith(("HASATTR_", "EQATTR_", "EQ_ATTR_"))


def condition_of(asked: Asked) -> Condition:
    """Return what such a parameter asks of events.

    :raises BadParameter: for a field that nothing describes.
    """
    found = _NAME.fullmatch(asked.name)
    if found is None:
        raise asked.refuse("there is no such query parameter.")
    if found[1]:
        wanted: list[dict[str, Any]] = [{"id": _full(asked, value)} for value in asked.values]
    else:
        name = _full(asked, found[4])
        wanted = [{"id": name, "attribute": each} for value in asked.values for each in _said(value)]
    return _names_one_of(asked, found[2] or found[3], finding.described_as(asked.actor, wanted))


def _full(asked: Asked, name: str) -> str:
    return asked.context.expand(name) or name


def _said(value: str) -> list[str | float]:
    """Return how master data may say a value: as a text, and as a number if it is one."""
    number = number_of(value)
    if number is None:
        return [value]
    return [value, int(number) if number == number.to_integral_value() else float(number)]


def _names_one_of(asked: Asked, field: str, uris: Select[str]) -> Condition:
    if field in _COLUMNS:
        return Condition(_COLUMNS[field].in_(uris))
    if field in _LISTS:
        attributes = select(TraceEventAttribute.event_id)
        return holds(
            attributes.where(TraceEventAttribute.field == int(_LISTS[field]), TraceEventAttribute.value.in_(uris))
        )
    if field not in _ROLES:
        raise asked.refuse("there is no such query parameter.")
    epcs = select(TraceEpc.id).where(TraceEpc.uri.in_(uris))
    roles = [int(role) for role in _ROLES[field]]
    return holds(select(TraceEventEpc.event_id).where(TraceEventEpc.epc_id.in_(epcs), TraceEventEpc.role.in_(roles)))
