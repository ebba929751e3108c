"""Conditions on events, each made of columns of the event or of what hangs on it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, not_, or_, select

from traceability.asking import finding
from traceability.asking.reading import Asked, number_of
from traceability.repository.fields import CLASSES, Role
from traceability.repository.models import TraceEvent, TraceEventAttribute, TraceEventEpc
from traceability.repository.units import LINEAR, from_base, to_base
from traceability.standard.patterns import pattern_of
from traceability.standard.times import find_beginning

Compare = Callable[[Any, Any], Any]
COMPARISONS: Mapping[str, Compare] = MappingProxyType(
    {"EQ": operator.eq, "GT": operator.gt, "GE": operator.ge, "LT": operator.lt, "LE": operator.le}
)
#: Characters by which the index of attributes finds a value.
INDEXED = 200
#: Units whose scale does not begin where that of their base does.
_THERMAL = ("FAH", "A48")


@dataclass(frozen=True, slots=True)
class Condition:
    """What an event must be like."""

    clause: ColumnElement[bool]
    #: Few events are like that, and an index of another table knows them: the search begins there and not at the
    #: newest event. Left to choose, the planner walks the index of times for as long as it takes.
    is_start: bool = False


def column_in(column: Any, values: Sequence[str], *, is_start: bool = False) -> Condition:
    """Ask for one of some values of a column."""
    return Condition(column.in_(values), is_start)


def holds(asked: Select[int]) -> Condition:
    """Ask for the events that a query over another table finds."""
    return Condition(TraceEvent.id.in_(asked), is_start=True)


def names_identifier(asked: Asked, roles: Sequence[Role]) -> Condition:
    """Ask for events that name an identifier, or one that matches a pattern, in one of some roles."""
    ids = finding.ids_of_identifiers(asked.identifiers())
    of_classes = (False, True) if set(roles) <= set(CLASSES) else (False,)
    patterns = [found for value in asked.values for each in of_classes if (found := pattern_of(value, of_classes=each))]
    named = []
    if ids:
        named.append(TraceEventEpc.epc_id.in_(ids))
    if patterns:
        named.append(TraceEventEpc.epc_id.in_(finding.identifiers_like(patterns)))
    if not named:
        return Condition(false(), is_start=True)
    return holds(
        select(TraceEventEpc.event_id).where(or_(*named), TraceEventEpc.role.in_([int(role) for role in roles]))
    )


def has_quantity(asked: Asked, comparison: str, uom: str | None) -> Condition:
    """Ask for a quantity; one in a unit may have been told in any unit of the same kind."""
    compare, wanted = COMPARISONS[comparison], []
    for value in asked.numbers(comparison):
        if uom is None:
            wanted.append(compare(TraceEventEpc.quantity, value))
        else:
            units = {each: from_base(to_base(value, uom)[0], each) for each in _alike(uom)} | {uom: value}
            wanted += [and_(TraceEventEpc.uom == each, compare(TraceEventEpc.quantity, n)) for each, n in units.items()]
    return holds(select(TraceEventEpc.event_id).where(TraceEventEpc.quantity.is_not(None), or_(*wanted)))


def _alike(uom: str) -> list[str]:
    """Return the units of the same kind, itself among them."""
    base = to_base(Decimal(0), uom)[1]
    found = [code for code, (other, _factor, _offset) in LINEAR.items() if other == base]
    return [*found, *(_THERMAL if base == "KEL" else ())] or [uom]


def _attributes(names: Sequence[str], fields: Sequence[int]) -> Select[int] | None:
    """Return the events with attributes of some names in some places; nothing if no event ever had one."""
    ids = finding.ids_of_names(names)
    if not ids:
        return None
    return select(TraceEventAttribute.event_id).where(
        TraceEventAttribute.name_id.in_(ids), TraceEventAttribute.field.in_([int(field) for field in fields])
    )


def _that(found: Select[int] | None, *clauses: ColumnElement[bool]) -> Condition:
    return Condition(false(), is_start=True) if found is None else holds(found.where(*clauses))


def says(values: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that an attribute has one of some values, by its index."""
    value = TraceEventAttribute.value
    indexed = func.left(value, INDEXED).in_([each[:INDEXED] for each in values])
    return indexed if all(len(each) < INDEXED for each in values) else and_(indexed, value.in_(values))


def has_attribute(names: Sequence[str], fields: Sequence[int], values: Sequence[str]) -> Condition:
    """Ask for an attribute with one of some values."""
    return _that(_attributes(names, fields), says(values))


def has_time(asked: Asked, comparison: str, names: Sequence[str], fields: Sequence[int]) -> Condition:
    """Ask for an attribute before or after an instant."""
    return _that(_attributes(names, fields), COMPARISONS[comparison](TraceEventAttribute.time, asked.moment()))


def has_measure(asked: Asked, comparison: str, name: str, field: int, uom: str | None) -> Condition:
    """Ask for a measured value, in whatever unit it was told."""
    values, clauses = asked.numbers(comparison), []
    if uom is not None:
        # A deviation has no place on a scale.
        zero = to_base(Decimal(0), uom)[0] if name == "sDev" else Decimal(0)
        values = [to_base(value, uom)[0] - zero for value in values]
        clauses.append(TraceEventAttribute.uom.in_(_alike(uom)))
    wanted = or_(*(COMPARISONS[comparison](TraceEventAttribute.num, value) for value in values))
    return _that(_attributes([name], [field]), wanted, *clauses)


def has_extension(asked: Asked, comparison: str, name: str, field: int) -> Condition:
    """Ask for a field of somebody's own."""
    found = _attributes([name], [field])
    if comparison == "EXISTS":
        there = _that(found)
        return there if asked.flag() else Condition(not_(there.clause))
    if comparison == "EQ":
        return _that(found, _equals(asked.values))
    if (number := number_of(asked.only)) is not None:
        return _that(found, COMPARISONS[comparison](TraceEventAttribute.num, number))
    at = find_beginning(asked.only)
    if at is None:
        raise asked.refuse("takes a number, a date or a time with a zone.")
    return _that(found, COMPARISONS[comparison](TraceEventAttribute.time, at))


def _equals(values: Sequence[str]) -> ColumnElement[bool]:
    """Compare as text, and as number or instant where the value is one."""
    numbers = [number for value in values if (number := number_of(value)) is not None]
    times = [time for value in values if value[:1].isdigit() and (time := find_beginning(value))]
    either = [says(values)]
    if numbers:
        either.append(TraceEventAttribute.num.in_(numbers))
    if times:
        either.append(TraceEventAttribute.time.in_(times))
    return or_(*either)
