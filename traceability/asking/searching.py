"""A query as SQL: the keys of a page of events, then the events themselves.

Two traps of the planner are walked around here. Asked for the newest thirty of few events, it walks the index of times
past all others: where a condition has an index of another table, its events are found first and then sorted. And "our
own events or those about goods given to us" is no range of any index: each side is searched alone and the two merged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union_all
from sqlalchemy.exc import DBAPIError

from shop.auth import Actor
from shop.db import db, discard, fetch, send
from shop.pipelining import Statement
from traceability.asking.ordering import text_of
from traceability.asking.refusals import QueryTooComplex, QueryTooLarge
from traceability.asking.simple import Query
from traceability.repository import bounds
from traceability.repository.documents import Stored
from traceability.repository.models import TraceEvent
from traceability.repository.scopes import Part, parts_visible_to, visible_to

_QUERY_CANCELED = "57014"
#: Both leave with whatever is asked next.
_LIMIT = Statement("SELECT set_config('statement_timeout', :milliseconds, true)")
_NO_LIMIT = Statement("SET LOCAL statement_timeout TO DEFAULT")
_LOAD = Statement("""
    SELECT e.id, e.event_id, e.record_time, cast(e.document AS text), cast(x.contexts AS text)
    FROM trace_events e JOIN trace_contexts x ON x.id = e.context_id WHERE e.id = ANY (cast(:ids AS bigint[]))""")
_FITTING = Statement("""
    SELECT id FROM (
        SELECT e.id, sum(octet_length(cast(e.document AS text)) + octet_length(cast(x.contexts AS text))) OVER (ORDER BY e.id) AS upto
        FROM trace_events e JOIN trace_contexts x ON x.id = e.context_id WHERE e.id = ANY (cast(:ids AS bigint[]))) sized
    WHERE upto <= cast(:most AS bigint) ORDER BY id""")
#: Characters of the events of one answer, and how many events are read before these are counted.
MOST_CHARACTERS, _AT_ONCE = 16_000_000, 50
#: Of a page: the keys it was sorted by, as text, and last the event's own.
Keys = list[str]


@contextmanager
def in_bounded_time(milliseconds: int) -> Iterator[None]:
    """Let no statement of the block run longer.

    :raises QueryTooComplex: when one does.
    """
    try:
        send(_LIMIT, {"milliseconds": milliseconds})
        yield
        send(_NO_LIMIT)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _QUERY_CANCELED:
            raise
        discard()
        raise QueryTooComplex("The query took too long. Ask for less: a time, a place, an identifier.") from error


def find_page(
    query: Query, actor: Actor, *, bound: str, after: Sequence[str] | None, size: int
) -> tuple[list[Keys], bool]:
    """Return the keys of a page's events, and whether more follow.

    :param bound: what had been committed when the first page was asked for.
    :param after: the last keys of the page before.
    """
    found = db.session.execute(_keys(query, actor, bound, after, size + 1)).all()
    return [[text_of(key) for key in row] for row in found[:size]], len(found) > size


def check_count(query: Query, actor: Actor, bound: str) -> None:
    """Refuse a query with more results than its maxEventCount.

    :raises QueryTooLarge: if it has.
    """
    if query.most is None:
        return
    found = _keys(query, actor, bound, None, query.most + 1).subquery()
    if db.session.execute(select(func.count()).select_from(found)).scalar_one() > query.most:
        raise QueryTooLarge(f"The query has more than {query.most} results.")


def load(ids: Sequence[int], most: int = MOST_CHARACTERS) -> list[Stored]:
    """Return events in the order of their keys in ``ids``: as many as fit into ``most`` characters, and one at least."""
    found: list[Stored] = []
    contexts: dict[str, Any] = {}
    for first in range(0, len(ids), _AT_ONCE):
        part = list(ids[first : first + _AT_ONCE])
        rows = {row[0]: row[1:] for row in fetch(_LOAD, {"ids": part})}
        for id_ in part:
            event_id, recorded, document, around = rows[id_]
            most -= len(document) + len(around)
            if most < 0 and found:
                return found
            if around not in contexts:
                contexts[around] = json.loads(around)
            found.append(Stored(event_id, recorded, json.loads(document), contexts[around]))
    return found


def fitting(ids: Sequence[int], most: int) -> list[int]:
    """Return the first of some events that have ``most`` bytes together, and one at least, by their keys."""
    return [row[0] for row in fetch(_FITTING, {"ids": list(ids), "most": most})] or list(ids[:1])


def _keys(query: Query, actor: Actor, bound: str, after: Sequence[str] | None, size: int) -> Select[Any]:
    clauses = [bounds.within(bound), *(each.clause for each in query.conditions)]
    if after is not None:
        clauses.append(query.order.beyond(after))
    if not query.order.is_indexed or any(each.is_start for each in query.conditions):
        return _sorted(query, [visible_to(actor), *clauses], size)
    branches = [_branch(query, part, clauses, size) for part in parts_visible_to(actor)]
    if len(branches) == 1:
        return branches[0]
    merged = union_all(*(select(branch.subquery()) for branch in branches)).subquery()
    return query.order.apply(select(merged), list(merged.c)).limit(size)


def _branch(query: Query, part: Part, clauses: Sequence[ColumnElement[bool]], size: int) -> Select[Any]:
    if part.is_start:
        return _sorted(query, [part.clause, *clauses], size)
    columns = query.order.labelled()
    asked = select(*columns).where(part.clause, *clauses)
    return query.order.apply(asked, [*query.order.keys, TraceEvent.id]).limit(size)


def _sorted(query: Query, clauses: Sequence[ColumnElement[bool]], size: int) -> Select[Any]:
    """Find all events first and sort them then: the planner looks for all that a materialised part has."""
    found = select(*query.order.labelled()).where(*clauses).cte().prefix_with("MATERIALIZED")
    return query.order.apply(select(*found.c), list(found.c)).limit(size)
