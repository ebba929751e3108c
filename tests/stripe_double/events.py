"""What happened, as events: kept, listed, and told to whoever listens."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from stripe import api_version

from tests.stripe_double.lists import page
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import Thing, World

Listener = Callable[[World, Thing], None]
_LISTENERS: dict[str, list[Listener]] = {}


def on(*types: str) -> Callable[[Listener], Listener]:
    """Let another part of the double follow: it is called with the object, before the lock is released."""

    def register(listener: Listener) -> Listener:
        for type_ in types:
            _LISTENERS.setdefault(type_, []).append(listener)
        return listener

    return register


def emit(world: World, type_: str, thing: Thing, previous: Thing | None = None) -> Thing:
    """Record an event with the object as it is now."""
    data: Thing = {"object": copy.deepcopy(thing)}
    if previous is not None:
        data["previous_attributes"] = previous
    event: Thing = {
        "id": world.new_id("evt"),
        "object": "event",
        "api_version": api_version,
        "created": world.clock.now,
        "data": data,
        "livemode": False,
        "pending_webhooks": 1,
        "request": copy.deepcopy(world.request) or {"id": None, "idempotency_key": None},
        "type": type_,
    }
    account = world.account_of(thing) if thing.get("id") in world.side else None
    if account:
        event["account"] = account
    world.add(event, account=account)
    world.events.append(event)
    world.tell(event)
    for listener in _LISTENERS.get(type_, []):
        listener(world, thing)
    return event


def change(world: World, thing: Thing, type_: str, **values: Any) -> Thing:
    """Set members and record it, with what they were before."""
    before = {name: copy.deepcopy(thing.get(name)) for name, value in values.items() if thing.get(name) != value}
    thing.update(values)
    return emit(world, type_, thing, before)


@route("get", "/v1/events")
def list_events(world: World, call: Call) -> Thing:
    wanted = call.params.get("types") or ([call.params["type"]] if "type" in call.params else None)
    return page((one for one in world.each("event", account=call.account) if _is_wanted(one, wanted)), call)


def _is_wanted(event: Thing, types: list[str] | None) -> bool:
    kind: str = event["type"]
    return types is None or any(kind == one or (one.endswith("*") and kind.startswith(one[:-1])) for one in types)


@route("get", "/v1/events/{id}")
def retrieve_event(world: World, call: Call) -> Thing:
    return world.find("event", call.ids["id"], account=call.account)
