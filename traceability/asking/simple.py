"""SimpleEventQuery: from parameters, whether of an address or of a stored query, to what is looked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shop.auth import Actor
from traceability.asking.conditions import Condition
from traceability.asking.ordering import Order, order_of
from traceability.asking.parameters import condition_of
from traceability.asking.reading import Asked, check_size
from traceability.asking.refusals import BadParameter
from traceability.standard.contexts import Context

Parameters = Sequence[tuple[str, Sequence[str]]]
CONTROLS = ("orderBy", "orderDirection", "eventCountLimit", "maxEventCount")
_MOST = 10**9


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for, in which order, and how much of it."""

    conditions: Sequence[Condition]
    order: Order
    #: Events that are answered in all, however many there are.
    limit: int | None
    #: Events that there may be.
    most: int | None
    #: Of what was asked: a page token is good for the same query only.
    digest: str


def read_query(parameters: Parameters, extensions: Mapping[str, str], actor: Actor) -> Query:
    """Read the parameters of a query; a name may come from two sides, and then both have to hold.

    :param extensions: prefixes of fields.
    :raises BadParameter: for one that is unknown, has a wrong value, or does not go together with another.
    """
    for name, values in parameters:
        check_size({name: values})
    check_size({f"{place} {name}": values for place, (name, values) in enumerate(parameters)})
    context = Context.of(dict(extensions))
    asked = [Asked(name, values, context, actor) for name, values in parameters]
    controls: dict[str, Asked] = {}
    for each in asked:
        if each.name in CONTROLS and controls.setdefault(each.name, each) is not each:
            raise each.refuse("is told twice.")
    conditions = [condition_of(each) for each in asked if each.name not in CONTROLS]
    limit, most = _count(controls, "eventCountLimit"), _count(controls, "maxEventCount")
    if limit is not None and most is not None:
        raise BadParameter("maxEventCount", "does not go together with eventCountLimit.")
    if limit is not None and "orderBy" not in controls:
        raise BadParameter("eventCountLimit", "needs orderBy.")
    order = order_of(controls.get("orderBy"), is_descending=_is_descending(controls))
    return Query(conditions, order, limit, most, _digest(parameters, extensions))


def _count(controls: Mapping[str, Asked], name: str) -> int | None:
    asked = controls.get(name)
    if asked is None:
        return None
    text = asked.only
    if not (text.isascii() and text.isdecimal() and len(text) < len(str(_MOST)) and int(text) > 0):
        raise asked.refuse("takes a whole number of 1 or more.")
    return int(text)


def _is_descending(controls: Mapping[str, Asked]) -> bool:
    asked = controls.get("orderDirection")
    if asked is None:
        return True
    if "orderBy" not in controls:
        raise asked.refuse("needs orderBy.")
    if asked.only not in ("ASC", "DESC"):
        raise asked.refuse("is ASC or DESC.")
    return asked.only == "DESC"


def _digest(parameters: Parameters, extensions: Mapping[str, str]) -> str:
    said = [sorted((name, list(values)) for name, values in parameters), dict(extensions)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]
