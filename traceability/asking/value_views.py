"""The top-level resources: their values, and the events of each."""

from __future__ import annotations

from flask import Response

from shop.auth import Actor, requires
from shop.errors import NotFound
from traceability.asking import searching, values
from traceability.asking.answering import (
    VALUES,
    answer_events,
    held_by,
    in_time,
    link_to_next,
    paging_only,
    prefixes_asked,
)
from traceability.asking.refusals import BadParameter
from traceability.asking.simple import read_query
from traceability.asking.values import RESOURCES, Resource, canonical_value
from traceability.repository import bounds
from traceability.repository.protocol import CONTEXT, answer, discover, epc_format, make_blueprint

bp = make_blueprint("epcis_values", __name__)
_NAMES = ", ".join(RESOURCES)
_ANY = f"/<any({_NAMES}):name>"
for _name in RESOURCES:
    discover(bp, f"/{_name}", "GET")
    discover(bp, f"/{_name}/<path:value>", "GET")
    discover(bp, f"/{_name}/<path:value>/events", "GET")


@bp.get(_ANY, provide_automatic_options=False)
@requires("trace:read")
def list_values(actor: Actor, name: str) -> Response:
    """List the values that the events have which the actor may see."""
    form, paging, resource = epc_format(), paging_only(), RESOURCES[name]
    held = held_by(paging, VALUES, name, actor)
    with in_time():
        after = None if held is None else held["after"]
        found = values.list_values(resource, actor, after=after, limit=paging.per_page + 1)
    page = found[: paging.per_page]
    member = [resource.written(value, captured, form) for value, captured in page]
    headers = link_to_next(VALUES, name, page[-1][0], actor) if len(found) > len(page) else {}
    return answer({"@context": CONTEXT, "type": "Collection", "member": member}, headers=headers)


@bp.get(f"{_ANY}/<path:value>", provide_automatic_options=False)
@requires("trace:read")
def show_value(actor: Actor, name: str, value: str) -> Response:
    """Tell what there is of a value: its events."""
    _require_known(RESOURCES[name], value, actor)
    return answer({"@context": CONTEXT, "type": "Collection", "member": ["events"]})


@bp.get(f"{_ANY}/<path:value>/events", provide_automatic_options=False)
@requires("trace:read")
def list_events_of_value(actor: Actor, name: str, value: str) -> Response:
    """Answer a query for the events that have a value; parameters narrow it."""
    _require_known(RESOURCES[name], value, actor)
    return answer_events(actor, [(RESOURCES[name].parameter, [value])])


def _require_known(resource: Resource, value: str, actor: Actor) -> None:
    """Refuse a value that no event has which the actor may see.

    :raises NotFound: then, and for what cannot be a value of the resource.
    """
    prefixes = prefixes_asked()
    with in_time():
        try:
            query = read_query([(resource.parameter, [value])], prefixes, actor)
        except BadParameter as error:
            raise NotFound("There is no such value.") from error
        if resource.column is not None:
            known = values.is_value(resource, canonical_value(resource, value, prefixes, actor), actor)
        else:
            known = bool(searching.find_page(query, actor, bound=bounds.current_bound(), after=None, size=1)[0])
    if not known:
        raise NotFound("There is no such value.")
