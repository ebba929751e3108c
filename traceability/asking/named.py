"""Named queries: made, listed, found, deleted; each organisation has its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from traceability.asking.models import TraceQuery
from traceability.asking.refusals import BadParameter, NoSuchQuery, QueryNameTaken, QueryNotValid
from traceability.asking.simple import Parameters, read_query
from traceability.standard.contexts import Context

PREDEFINED = "SimpleEventQuery"
_LONGEST_NAME = 200
_MOST_PARAMETERS = 100


def create(body: object, extensions: Mapping[str, str], actor: Actor, *, at: datetime) -> str:
    """Keep a query under the name that it brings.

    :raises QueryNotValid: if it is none, or one that could never be answered.
    :raises QueryNameTaken: if the organisation has one of that name.
    """
    if not isinstance(body, dict) or set(body) - {"name", "query"} or not isinstance(body.get("query"), dict):
        raise QueryNotValid("The body is an object with name and query.")
    name, definition = body.get("name"), body["query"]
    _check_name(name)
    prefixes = {**extensions, **_declared_in(definition)}
    try:
        read_query(parameters_of(definition), prefixes, actor)
    except BadParameter as error:
        raise QueryNotValid(error.detail) from error
    query = TraceQuery(
        organisation_id=actor.organisation_id, user_id=actor.user_id, name=name, definition=definition,
        extensions=prefixes, created_at=at,
    )  # fmt: skip
    taken = QueryNameTaken(f"There is a query with the name {name} already.")
    with refusing(uq_trace_queries_organisation_id_name=taken):
        db.session.add(query)
    return str(name)


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        raise QueryNotValid(f"name is a text of at most {_LONGEST_NAME} characters.")
    if "/" in name or not name.isprintable() or name.strip() != name:
        raise QueryNotValid("name stands in an address: no slash, no space around it, nothing that cannot be printed.")
    if name == PREDEFINED:
        raise QueryNameTaken(f"{PREDEFINED} is the standard's own query.")


def parameters_of(definition: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a query as an address would give them.

    :raises QueryNotValid: for values that no parameter has.
    """
    if len(definition) > _MOST_PARAMETERS:
        raise QueryNotValid(f"A query has at most {_MOST_PARAMETERS} parameters.")
    found = []
    for name, value in definition.items():
        if name in ("perPage", "nextPageToken"):
            raise QueryNotValid(f"{name} belongs into the address.")
        if name != "@context":
            found.append((name, [_text(name, each) for each in (value if isinstance(value, list) else [value])]))
    return found


def _text(name: str, value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: ""}[value]
    if not isinstance(value, str | int | float):
        raise QueryNotValid(f"{name[:100]} has a value that is neither text nor number nor true or false.")
    return str(value)


def _declared_in(definition: Mapping[str, Any]) -> dict[str, str]:
    """Return the prefixes that a query's own context declares."""
    known = Context.of().prefixes
    return {
        name: iri for name, iri in Context.of(definition.get("@context")).prefixes.items() if known.get(name) != iri
    }


def get(name: str, actor: Actor) -> TraceQuery:
    """Return a query of the organisation.

    :raises NoSuchQuery: if it has none of that name.
    """
    asked = select(TraceQuery).where(TraceQuery.organisation_id == actor.organisation_id, TraceQuery.name == name)
    found = db.session.scalars(asked).one_or_none()
    if found is None:
        raise NoSuchQuery("There is no query with this name.")
    return found


def list_queries(actor: Actor, *, after: int, limit: int) -> list[TraceQuery]:
    """Return the organisation's queries, oldest first."""
    asked = select(TraceQuery).where(TraceQuery.organisation_id == actor.organisation_id, TraceQuery.id > after)
    return list(db.session.scalars(asked.order_by(TraceQuery.id).limit(limit)))


def remove(name: str, actor: Actor) -> None:
    """Delete a query of the organisation.

    :raises NoSuchQuery: if it has none of that name.
    """
    gone = delete(TraceQuery).where(TraceQuery.organisation_id == actor.organisation_id, TraceQuery.name == name)
    if db.session.execute(gone.returning(TraceQuery.id)).first() is None:
        raise NoSuchQuery("There is no query with this name.")


def described(query: TraceQuery) -> dict[str, Any]:
    """Return a query as the standard has it."""
    return {"name": query.name, "query": query.definition}
