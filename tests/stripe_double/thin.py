"""Events of version 2: a thin notice is sent, and the event behind it is fetched."""

from __future__ import annotations

import copy
from typing import Any

from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import Thing, World, moment

_COMPARE = {
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
}


def emit(world: World, type_: str, related: Thing, data: Thing | None = None) -> Thing:
    """Record what happened to an object of version 2; the notice carries everything but ``data``."""
    request = copy.deepcopy(world.request)
    event: Thing = {
        "id": world.new_id("evt"),
        "object": "v2.core.event",
        "context": None,
        "created": moment(world.clock.now),
        "data": data or {},
        "livemode": False,
        "reason": {"type": "request", "request": request} if request else None,
        "related_object": {
            "id": related["id"],
            "type": related["object"],
            "url": f"/v2/core/accounts/{related['id']}",
        },
        "type": type_,
    }
    world.add(event)
    world.events.append(event)
    world.tell(event)
    return event


def page(things: list[Thing], call: Call) -> Thing:
    """A page of version 2: no cursor by identifier, but the address of the next page."""
    limit, start = call.params.get("limit", 20), 0
    return {"data": things[start : start + limit], "next_page_url": None, "previous_page_url": None}


@route("get", "/v2/core/events")
def list_events(world: World, call: Call) -> Thing:
    return page([one for one in world.each("v2.core.event") if _is_wanted(one, call.params)], call)


def _is_wanted(event: Thing, params: dict[str, Any]) -> bool:
    return (
        params.get("object_id") in (None, event["related_object"]["id"])
        and ("types" not in params or event["type"] in params["types"])
        and all(_COMPARE[name](event["created"], at) for name, at in params.get("created", {}).items())
    )


@route("get", "/v2/core/events/{id}")
def retrieve_event(world: World, call: Call) -> Thing:
    return world.find("v2.core.event", call.ids["id"])
