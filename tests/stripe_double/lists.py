"""Lists in pages, searches, and parts of objects shown in full."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable
from typing import Any

from tests.stripe_double.errors import invalid
from tests.stripe_double.routes import Call
from tests.stripe_double.world import Thing, World

_CLAUSE = re.compile(
    r"""\s*(?P<field>[\w.]+)(?:\[['"](?P<key>[^'"]+)['"]\])?\s*(?P<op>[:<>]=?)\s*['"]?(?P<value>[^'"]*?)['"]?\s*"""
)
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda left, right: left > right,
    "gte": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "lte": lambda left, right: left <= right,
}


def within(value: int, wanted: Any) -> bool:
    """``created=…`` or ``created[gte]=…``."""
    if isinstance(wanted, dict):
        return all(_COMPARE[name](value, limit) for name, limit in wanted.items())
    return bool(value == wanted)


def page(things: Iterable[Thing], call: Call, *filters: str) -> Thing:
    """One page of a list, newest first; ``filters`` are parameters that must equal the member of that name."""
    found = [thing for thing in things if _matches(thing, call.params, filters)]
    limit = call.params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid(f"Invalid integer: {limit}", "limit")
    after, before = call.params.get("starting_after"), call.params.get("ending_before")
    if after:
        found = found[_position(found, after, "starting_after") + 1 :]
    elif before:
        found = found[: _position(found, before, "ending_before")]
        return _list(found[-limit:], call.path, more=len(found) > limit)
    return _list(found[:limit], call.path, more=len(found) > limit)


def _matches(thing: Thing, params: dict[str, Any], filters: Iterable[str]) -> bool:
    ranges = [name for name in ("created", "arrival_date") if name in params]
    return all(thing.get(name) == params[name] for name in filters if name in params) and all(
        within(thing[name], params[name]) for name in ranges
    )


def _position(found: list[Thing], identifier: str, param: str) -> int:
    for position, thing in enumerate(found):
        if thing["id"] == identifier:
            return position
    raise invalid(f"No such object: '{identifier}'", param, "resource_missing")


def _list(found: list[Thing], path: str, *, more: bool) -> Thing:
    return {"object": "list", "data": found, "has_more": more, "url": path}


def search(things: Iterable[Thing], call: Call) -> Thing:
    """Stripe's query language as far as clauses joined by AND: ``metadata['order']:'7' AND status:'succeeded'``."""
    clauses = []
    for text in re.split(r"\s+AND\s+", call.params["query"]):
        match = _CLAUSE.fullmatch(text)
        if not match:
            raise invalid(f"We were unable to parse your search query: {text}", "query")
        clauses.append(match.groupdict())
    found = [thing for thing in things if all(_fits(thing, clause) for clause in clauses)]
    limit, start = call.params.get("limit", 10), int(call.params.get("page", 0))
    rest = found[start + limit :]
    return {
        "object": "search_result",
        "data": found[start : start + limit],
        "has_more": bool(rest),
        "next_page": str(start + limit) if rest else None,
        "url": call.path,
    }


def _fits(thing: Thing, clause: dict[str, str | None]) -> bool:
    field, key, op, value = clause["field"] or "", clause["key"], clause["op"], clause["value"] or ""
    if key is not None:
        return str(thing.get(field, {}).get(key)) == value
    if op == ":":
        return str(thing.get(field)) == value
    names = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
    return within(thing[field], {names[op or ":"]: int(value)})


def show(world: World, thing: Thing, paths: list[str]) -> Thing:
    """A copy for the answer, with the named identifiers replaced by what they name."""
    shown = copy.deepcopy(thing)
    for path in paths:
        _expand(world, shown, path.split("."), path)
    return shown


def _expand(world: World, at: Any, parts: list[str], path: str) -> None:
    if isinstance(at, list):
        for one in at:
            _expand(world, one, parts, path)
    if not isinstance(at, dict) or not parts:
        return
    name, *rest = parts
    if name not in at and name in EXPANDABLE.get(at.get("object", ""), {}):
        at[name] = copy.deepcopy(EXPANDABLE[at["object"]][name](world, at))
    if name not in at:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    if isinstance(at[name], str) and at[name] in world.objects:
        at[name] = copy.deepcopy(world.objects[at[name]])
    _expand(world, at[name], rest, path)


#: Members that are shown only when asked for, by kind of object.
EXPANDABLE: dict[str, dict[str, Callable[[World, Thing], Any]]] = {}


def sublist(things: Iterable[Thing], url: str) -> Thing:
    """A list inside an object: the first ten."""
    found = list(things)
    return _list(found[:10], url, more=len(found) > 10)
