"""The walk: one recursive statement over what the repository derived from events.

A state is something at a time: an identifier with the range of time in which what happens to it matters, or a
transformation. States are kept once, so cycles end and goods that flow together again are walked once.

A number may have been nobody's when somebody captured events about it. What a writer says of goods whose number is
another's counts only if it had them (or, of what was made, if it made them): the statement names the links it went
through that do not count, and the walk is made again without them. Nearly always there are none, so nearly always one
walk is enough; asked of each link on the way, ten thousand of them would take a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql

from shop.auth import Actor
from shop.db import db
from traceability.genealogy.bounded import BUDGET, in_bounded_time, too_large
from traceability.repository.fields import MADE_ITEMS
from traceability.repository.models import TraceEvent
from traceability.repository.scopes import visible_to

UP, DOWN = "up", "down"
#: Walks of one question: what is left out may have hidden more that does not count, past the budget.
_ATTEMPTS = 4


class Kind(IntEnum):
    """What a state is."""

    START = 0
    #: It, or what it became or was made of.
    THING = 1
    #: Something that a thing was in or on for a while.
    CARRIER = 2
    #: A transformation.
    STEP = 3
    #: In the start, or in what was used up, at that time.
    INSIDE = 4
    #: A class without a lot: it names no goods in particular, so the walk ends there.
    STOP = 5


#: Ways on from a state ``r``. Each ends with the kind of identifier that is reached, if it is found out on the way: what
#: is asked only of lots need not be asked of their ten thousand packs then.
#: In a carrier a thing shares what happens to it, for as long as it is inside.
_CARRIERS = """
    SELECT 2, c.parent_id, c.during * r.during, NULL FROM trace_containments c
    WHERE r.kind IN (0, 1, 2) AND c.child_id = r.id AND c.during && r.during AND {opened} AND {held}"""
#: A transformation uses up (down) or brings forth (up) a thing; down also what is in a carrier that is used up.
_STEPS = """
    SELECT 3, t.event_id, tstzrange(trace_events.event_time, trace_events.event_time, '[]'), NULL
    FROM trace_transforms t JOIN trace_events ON trace_events.id = t.event_id
    WHERE r.kind IN ({kinds}) AND t.epc_id = r.id AND {side} t.is_output AND t.withdrawn_by IS NULL
      AND r.during @> trace_events.event_time AND {visible} AND {told}"""
#: One transformation may be told in several events of one writer that share its transformationID.
_SAME_PROCESS = """
    SELECT 3, o.event_id, tstzrange(trace_events.event_time, trace_events.event_time, '[]'), NULL
    FROM trace_events this CROSS JOIN LATERAL (
        SELECT DISTINCT t.event_id FROM trace_transforms t
        WHERE t.transformation_id = this.transformation_id AND t.withdrawn_by IS NULL) o
    JOIN trace_events ON trace_events.id = o.event_id
    WHERE r.kind = 3 AND this.id = r.id AND trace_events.organisation_id = this.organisation_id AND {visible}"""
#: Keys in an array are looked up in one go along the index, where a join begins at its root for each.
_OUTPUTS = """
    SELECT CASE i.kind WHEN 'class' THEN 5 ELSE 1 END, i.id, tstzrange(lower(r.during), NULL), i.kind
    FROM trace_epcs i WHERE r.kind = 3 AND i.id = ANY(ARRAY(
        SELECT t.epc_id FROM trace_transforms t
        WHERE t.event_id = r.id AND t.is_output AND t.withdrawn_by IS NULL AND {told}))"""
_INPUTS = """
    SELECT CASE i.kind WHEN 'class' THEN 5 ELSE 4 END, i.id, r.during, i.kind
    FROM trace_epcs i WHERE r.kind = 3 AND i.id = ANY(ARRAY(
        SELECT t.epc_id FROM trace_transforms t
        WHERE t.event_id = r.id AND NOT t.is_output AND t.withdrawn_by IS NULL AND {told}))"""
_CONTENTS = """
    SELECT CASE i.kind WHEN 'class' THEN 5 ELSE 4 END, c.child_id, c.during * r.during, i.kind
    FROM trace_containments c JOIN trace_epcs i ON i.id = c.child_id
    WHERE r.kind IN (0, 4) AND c.parent_id = r.id AND c.during && r.during AND {opened} AND {held}"""
_INSIDE_ARE_THINGS = "SELECT 1, r.id, {window}, r.what WHERE r.kind = 4"
#: A pack is of a lot, as who brought it into being said. Down, packs of which nothing else is told are not listed: a lot
#: may have tens of thousands.
OF_LOT = f"""
    FROM trace_event_lots l JOIN trace_event_epcs n ON n.event_id = l.event_id AND n.role IN {tuple(map(int, MADE_ITEMS))}
    JOIN trace_epcs i ON i.id = n.epc_id JOIN trace_epcs t ON t.id = l.lot_id AND left(t.uri, 36) = left(i.uri, 36)
    JOIN trace_events ON trace_events.id = l.event_id AND NOT EXISTS (
        SELECT FROM trace_events d WHERE d.event_id = trace_events.event_id AND d.is_declaration
          AND d.organisation_id = trace_events.organisation_id AND (d.is_market OR NOT trace_events.is_market))"""
_LOT = f"""
    SELECT 1, l.lot_id, r.during, t.kind {OF_LOT}
    WHERE r.kind IN (0, 1) AND r.what = 'instance' AND n.epc_id = r.id AND i.kind = 'instance' AND ({{visible}} OR {{bought}}) AND {{given}}"""
_PACKS = f"""
    SELECT 1, n.epc_id, tstzrange(lower(r.during), NULL), i.kind {OF_LOT}
    WHERE r.kind IN (0, 1) AND r.what = 'lot' AND l.lot_id = r.id AND {{visible}} AND {{given}} AND EXISTS (
        SELECT FROM trace_event_epcs o WHERE o.epc_id = n.epc_id AND o.event_id <> n.event_id)"""

#: Links of earlier walks that do not count, as pairs of event and identifier.
_LEFT_OUT = "({0}, {1}) NOT IN (SELECT * FROM unnest(cast(:left_events AS bigint[]), cast(:left_epcs AS bigint[])))"
#: Identifiers of goods begin so; their 14 digits follow.
_GOODS = "https://id.gs1.org/01/"
#: All that is told of the states is read with them: asked for afterwards, ten thousand keys go to the server and back
#: for each question. It comes as one row of arrays, states in the order in which they were reached. Who may tell of what is asked only of
#: links whose writer does not own the number; usually there are no such writers at all.
_WALK = f"""
    WITH RECURSIVE reached (kind, id, during, what) AS (
        SELECT CASE kind WHEN 'class' THEN 5 ELSE 0 END, id, tstzrange(NULL, NULL), kind
        FROM trace_epcs WHERE id = ANY(cast(:starts AS bigint[]))
        UNION
        SELECT n.* FROM reached r CROSS JOIN LATERAL ({{parts}}) AS n (kind, id, during, what)
    ), states AS MATERIALIZED (SELECT kind, id, during FROM reached LIMIT :most),
    things AS MATERIALIZED (SELECT DISTINCT id FROM states WHERE kind <> 3),
    held AS MATERIALIZED (
        SELECT c.child_id, c.parent_id, c.closed_by, c.opened_by
        FROM trace_containments c
        WHERE c.child_id = ANY(ARRAY(SELECT id FROM things)) AND c.parent_id IN (SELECT id FROM things)),
    named AS MATERIALIZED (
        SELECT id, uri, captured, kind AS what FROM trace_epcs WHERE id = ANY(ARRAY(SELECT id FROM things))),
    happened AS (
        SELECT DISTINCT n.event_id FROM trace_event_epcs n JOIN states s ON s.id = n.epc_id AND s.during @> n.event_time
        WHERE n.epc_id = ANY(ARRAY(SELECT id FROM things)) AND s.kind NOT IN (3, 4)),
    owners AS MATERIALIZED (
        SELECT number, trace_owner('{_GOODS}' || number) AS owner
        FROM (SELECT DISTINCT substr(uri, 23, 14) AS number FROM named WHERE uri LIKE '{_GOODS}%') n),
    writers AS MATERIALIZED (
        SELECT DISTINCT e.organisation_id AS writer FROM trace_events e
        WHERE NOT e.is_market AND e.id IN (
            SELECT id FROM states WHERE kind = 3 UNION SELECT opened_by FROM held
            UNION SELECT l.event_id FROM trace_event_lots l JOIN things h ON h.id = l.lot_id)),
    strange AS MATERIALIZED (SELECT w.writer, o.number FROM writers w JOIN owners o ON o.owner <> w.writer),
    links AS MATERIALIZED (
        SELECT t.event_id, t.epc_id, t.is_output, g.writer
        FROM states s JOIN trace_transforms t ON t.event_id = s.id AND t.withdrawn_by IS NULL
        JOIN trace_events e ON e.id = t.event_id AND NOT e.is_market
        JOIN named h ON h.id = t.epc_id AND h.uri LIKE '{_GOODS}%'
        JOIN strange g ON g.writer = e.organisation_id AND g.number = substr(h.uri, 23, 14)
        WHERE s.kind = 3 AND EXISTS (SELECT FROM strange)
        UNION
        SELECT c.opened_by, c.child_id, false, g.writer
        FROM held c JOIN trace_events e ON e.id = c.opened_by AND NOT e.is_market
        JOIN named h ON h.id = c.child_id AND h.uri LIKE '{_GOODS}%'
        JOIN strange g ON g.writer = e.organisation_id AND g.number = substr(h.uri, 23, 14)
        WHERE EXISTS (SELECT FROM strange)
        UNION
        SELECT l.event_id, n.epc_id, true, g.writer
        FROM named h JOIN trace_event_lots l ON l.lot_id = h.id JOIN trace_events e ON e.id = l.event_id AND NOT e.is_market
        JOIN strange g ON g.writer = e.organisation_id AND g.number = substr(h.uri, 23, 14)
        JOIN trace_event_epcs n ON n.event_id = l.event_id JOIN named p ON p.id = n.epc_id AND p.what = 'instance'
        WHERE h.what = 'lot' AND EXISTS (SELECT FROM strange))
    SELECT * FROM
        (SELECT array_agg(kind), array_agg(id), array_agg(cast(during AS text)) FILTER (WHERE :windows) FROM states) s,
        (SELECT array_agg(id), array_agg(uri), array_agg(nullif(captured, uri)), array_agg(what) FROM named) n,
        (SELECT array_agg(child_id), array_agg(parent_id), array_agg(closed_by IS NULL) FROM held) h,
        (SELECT array_agg(event_id) FROM happened) e,
        (SELECT array_agg(event_id), array_agg(epc_id) FROM links WHERE (
            CASE WHEN is_output THEN trace_is_maker(writer, epc_id) ELSE trace_may_tell(writer, epc_id) END) IS FALSE) p"""


class Reached(NamedTuple):
    """What a walk reached, state by state in their order, and what is told of it."""

    #: What each state is, as a :class:`Kind`.
    kinds: list[int]
    #: The identifier, or the event of a transformation.
    ids: list[int]
    #: The time in which it matters, as PostgreSQL writes ranges; empty unless they were asked for.
    windows: list[str]
    #: Canonical form, form as captured and kind of each identifier.
    names: dict[int, tuple[str, str, str]]
    #: (child, parent) of what was in what, and whether it is still inside.
    held: list[tuple[int, int, bool]]
    #: Keys of the events that happened to what was reached while it mattered, whoever may see them.
    events: list[int]
    #: (event, identifier) of the links that do not count.
    planted: set[tuple[int, int]]

    def of(self, *kinds: Kind) -> list[int]:
        """Return ids of states of some kinds, each once, in the order in which they were reached."""
        wanted = frozenset(map(int, kinds))
        return list(dict.fromkeys(id_ for kind, id_ in zip(self.kinds, self.ids, strict=True) if kind in wanted))


def walk(
    starts: Sequence[int],
    direction: str,
    actor: Actor | None = None,
    *,
    budget: int = BUDGET,
    windows: bool = False,
) -> Reached:
    """Return all that things came from (``up``) or went into (``down``), themselves first.

    :param actor: only by events that the actor may see; ``None`` follows all.
    :param windows: tell the time in which each state matters.
    :raises TraceTooLarge: past the budget, or if it takes too long.
    """
    values = {"starts": list(starts), "most": budget + 1, "windows": windows}
    left_out: set[tuple[int, int]] = set()
    with in_bounded_time():
        for _attempt in range(_ATTEMPTS):
            condition, seen = seen_by(actor)
            left = {"left_events": [event for event, _ in left_out], "left_epcs": [epc for _, epc in left_out]}
            sql = _statement(direction, actor, condition, has_left_out=bool(left_out))
            reached = _read(db.session.execute(text(sql), {**values, **seen, **(left if left_out else {})}).one())
            if not reached.planted - left_out:
                break
            left_out |= reached.planted
    if len(reached.ids) > budget or reached.planted - left_out:
        raise too_large(budget)
    return reached


def _statement(direction: str, actor: Actor | None, condition: str, *, has_left_out: bool) -> str:
    ways = (_INPUTS, _LOT) if direction == UP else (_OUTPUTS, _PACKS)
    parts = [_CARRIERS, _STEPS, _SAME_PROCESS, _CONTENTS, _INSIDE_ARE_THINGS, *ways]
    return _WALK.format(parts=" UNION ALL ".join(parts)).format(
        visible=condition,
        bought=bought(actor),
        given=_LEFT_OUT.format("l.event_id", "n.epc_id") if has_left_out else "true",
        opened=_exists(condition, "c.opened_by"),
        told=_LEFT_OUT.format("t.event_id", "t.epc_id") if has_left_out else "true",
        held=_LEFT_OUT.format("c.opened_by", "c.child_id") if has_left_out else "true",
        kinds="0, 1" if direction == UP else "0, 1, 2",
        side="" if direction == UP else "NOT",
        window="tstzrange(NULL, upper(r.during), '(]')" if direction == UP else "tstzrange(lower(r.during), NULL)",
    )


def _read(row: Sequence[Any]) -> Reached:
    """Take an answer's arrays apart; one of nothing is null."""
    kinds, ids, windows, keys, uris, captured, what, children, parents, are_open, events, *planted = (
        each or [] for each in row
    )
    forms = (form or uri for form, uri in zip(captured, uris, strict=True))
    names = dict(zip(keys, zip(uris, forms, what, strict=True), strict=True))
    held = list(zip(children, parents, are_open, strict=True))
    return Reached(kinds, ids, windows, names, held, events, set(zip(*planted, strict=True)))


def _exists(condition: str, key: str) -> str:
    if condition == "true":
        return condition
    return f"EXISTS (SELECT FROM trace_events WHERE trace_events.id = {key} AND {condition})"


def seen_by(actor: Actor | None) -> tuple[str, dict[str, Any]]:
    """Return which rows of ``trace_events`` an actor sees, as text of a statement with its values."""
    if actor is None or actor.scope.kind == "all":
        return "true", {}
    # Compiled inside a statement, so that what it asks of other tables is asked of this table's row.
    query = select(TraceEvent.id).where(visible_to(actor))
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    condition = str(compiled).split("WHERE ", 1)[1].replace("::", r"\:\:")
    return f"({condition})", dict(compiled.params)


def bought(actor: Actor | None) -> str:
    """Return the condition that a lot was given to the actor's organisation: the holder of a pack may know its lot then.

    The events that gave numbers to packs stay their writer's: they name all the others too.
    """
    if actor is None or actor.scope.kind in ("all", "division", "budget"):
        return "false"
    given = f"g.organisation_id = {int(actor.organisation_id)} AND g.epc_id = l.lot_id"
    return f"EXISTS (SELECT FROM trace_grants g WHERE {given})"
