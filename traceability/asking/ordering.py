"""The order of an answer: by a time of the event or by a field of somebody's own, then by the event's key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, case, cast, collate, func, literal, select, tuple_

from traceability.asking import finding
from traceability.asking.conditions import INDEXED
from traceability.asking.reading import Asked
from traceability.repository.fields import Field
from traceability.repository.models import TraceEvent, TraceEventAttribute

#: Events with a number or a time come first when the greatest do, then other texts, then what has no such field.
_MEASURED, _TEXT, _NOTHING, _NOTHING_LAST = 2, 1, 0, 3


@dataclass(frozen=True, slots=True)
class Order:
    """What an answer is sorted by."""

    keys: Sequence[Any] = (TraceEvent.event_time,)
    is_descending: bool = True
    #: An index of events has this order.
    is_indexed: bool = True

    def labelled(self) -> list[ColumnElement[Any]]:
        """Return the keys as columns of an answer, the event's last."""
        return [*(key.label(f"k{place}") for place, key in enumerate(self.keys)), TraceEvent.id.label("id")]

    def beyond(self, after: Sequence[str]) -> ColumnElement[bool]:
        """Return the condition that an event comes after the last of a page.

        :param after: its keys as :func:`text_of` writes them.
        """
        keys: list[Any] = [*self.keys, TraceEvent.id]
        given = tuple_(*(cast(literal(text, Text), key.type) for text, key in zip(after, keys, strict=True)))
        return tuple_(*keys) < given if self.is_descending else tuple_(*keys) > given

    def apply(self, asked: Select[Any], columns: Sequence[Any]) -> Select[Any]:
        """Sort by columns."""
        return asked.order_by(*(column.desc() if self.is_descending else column.asc() for column in columns))


def text_of(key: object) -> str:
    """Return a key as a page token carries it."""
    return key.isoformat() if isinstance(key, datetime) else str(key)


def order_of(asked: Asked | None, *, is_descending: bool) -> Order:
    """Return the order that orderBy names.

    :raises BadParameter: for what events cannot be sorted by.
    """
    if asked is None or asked.only == "eventTime":
        return Order(is_descending=is_descending)
    if asked.only == "recordTime":
        return Order((TraceEvent.record_time,), is_descending)
    if ":" not in asked.only:
        raise asked.refuse("is eventTime, recordTime or a field with a prefix.")
    return Order(_keys_of_field(asked.full_name(asked.only), is_descending=is_descending), is_descending, False)


def _keys_of_field(name: str, *, is_descending: bool) -> list[ColumnElement[Any]]:
    first = (
        select(TraceEventAttribute)
        .where(
            TraceEventAttribute.event_id == TraceEvent.id,
            TraceEventAttribute.name_id.in_(finding.ids_of_names([name])),
            TraceEventAttribute.field == int(Field.EXTENSION),
        )
        .order_by(TraceEventAttribute.ordinal)
        .limit(1)
        .correlate(TraceEvent)
    )

    def its(column: Any) -> Any:
        return first.with_only_columns(column).scalar_subquery()

    number = func.coalesce(its(TraceEventAttribute.num), func.extract("epoch", its(TraceEventAttribute.time)))
    text = its(func.left(TraceEventAttribute.value, INDEXED))
    nothing = _NOTHING if is_descending else _NOTHING_LAST
    kind = case((number.is_not(None), _MEASURED), (text.is_not(None), _TEXT), else_=nothing)
    plain = case((number.is_not(None), ""), else_=func.coalesce(text, ""))
    return [kind, cast(func.coalesce(number, 0), TraceEventAttribute.num.type), collate(plain, "C")]
