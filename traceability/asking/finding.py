"""What a query names, looked up before it runs: identifiers, full names, places inside places, master data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, any_, cast, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shop.auth import Actor
from shop.db import db, fetch
from shop.pipelining import Statement
from traceability.asking.refusals import QueryTooComplex
from traceability.repository.derived import TraceMasterData
from traceability.repository.models import TraceEpc, TraceName
from traceability.standard.patterns import Pattern

_IDENTIFIERS = Statement("SELECT id FROM trace_epcs WHERE uri = ANY (cast(:uris AS text[]))")
#: Places inside one place.
MOST_PLACES = 10_000


def ids_of_names(names: Sequence[str]) -> list[int]:
    """Return the keys of full names; what no event ever said has none."""
    return list(db.session.scalars(select(TraceName.id).where(TraceName.name == any_(literal(list(names))))))


def ids_of_identifiers(uris: Sequence[str]) -> list[int]:
    """Return the keys of canonical identifiers."""
    return [row[0] for row in fetch(_IDENTIFIERS, {"uris": list(uris)})]


def identifiers_like(patterns: Sequence[Pattern]) -> Select[int]:
    """Return the keys of all identifiers that match a pattern, as a query: there may be very many."""
    likes = [TraceEpc.uri.like(each.like, escape="\\") for each in patterns]
    return select(TraceEpc.id).where(or_(*likes))


def known_to(actor: Actor) -> ColumnElement[bool]:
    """Return whose master data counts: the own organisation's; for those who oversee others, everybody's."""
    if actor.scope.kind in ("all", "division"):
        return true()
    return TraceMasterData.organisation_id == actor.organisation_id


def places_within(uris: Sequence[str], actor: Actor) -> list[str]:
    """Return places and all that master data puts below them, at any depth.

    :raises QueryTooComplex: if these are too many.
    """
    start = select(func.unnest(cast(list(uris), ARRAY(Text))).label("uri")).cte("places", recursive=True)
    below = select(func.unnest(TraceMasterData.children)).where(TraceMasterData.uri == start.c.uri, known_to(actor))
    places = start.union(below)
    found = list(db.session.scalars(select(places.c.uri).limit(MOST_PLACES + 1)))
    if len(found) > MOST_PLACES:
        raise QueryTooComplex(f"More than {MOST_PLACES} places lie within what the query asks for.")
    return found


def described_as(actor: Actor, wanted: Sequence[dict[str, Any]]) -> Select[str]:
    """Return the identifiers whose master data has one of the attributes, each given as part of one."""
    holds = [TraceMasterData.attributes.op("@>")(cast(literal([each], JSONB), JSONB)) for each in wanted]
    return select(TraceMasterData.uri).where(known_to(actor), or_(*holds))
