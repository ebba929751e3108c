"""The walk: one recursive statement over what the repository derived from events.

A state is something at a time: an identifier with the range of time in which what happens to it matters, or a
transformation. States are kept once, so cycles end and goods that flow together again are walked once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql

from shop.auth import Actor
from shop.db import db
from shop.errors import DomainError
from shop.i18n import _
from traceability.repository.fields import MADE_ITEMS
from traceability.repository.models import TraceEvent
from traceability.repository.scopes import visible_to

#: States that one walk may reach.
BUDGET = 50_000
UP, DOWN = "up", "down"


class TraceTooLarge(DomainError):
    """More is connected with the identifier than one answer may hold; ask for something nearer to what is looked for."""

    code = "trace-too-large"
    http_status = 413


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


class State(NamedTuple):
    """An identifier or transformation that was reached, and the time in which it matters, as PostgreSQL writes ranges."""

    kind: int
    id: int
    during: str


#: In a carrier a thing shares what happens to it, for as long as it is inside.
_CARRIERS = """
    SELECT 2, c.parent_id, c.during * r.during FROM trace_containments c
    WHERE r.kind IN (0, 1, 2) AND c.child_id = r.id AND c.during && r.during AND {opened}"""
#: A transformation uses up (down) or brings forth (up) a thing; down also what is in a carrier that is used up.
_STEPS = """
    SELECT 3, t.event_id, tstzrange(trace_events.event_time, trace_events.event_time, '[]')
    FROM trace_transforms t JOIN trace_events ON trace_events.id = t.event_id
    WHERE r.kind IN ({kinds}) AND t.epc_id = r.id AND {side} t.is_output AND t.withdrawn_by IS NULL
      AND r.during @> trace_events.event_time AND {visible}"""
#: One transformation may be told in several events that share its transformationID.
_SAME_PROCESS = """
    SELECT 3, o.event_id, tstzrange(trace_events.event_time, trace_events.event_time, '[]')
    FROM trace_events this CROSS JOIN LATERAL (
        SELECT DISTINCT t.event_id FROM trace_transforms t
        WHERE t.transformation_id = this.transformation_id AND t.withdrawn_by IS NULL) o
    JOIN trace_events ON trace_events.id = o.event_id
    WHERE r.kind = 3 AND this.id = r.id AND {visible}"""
_OUTPUTS = """
    SELECT CASE i.kind WHEN 'class' THEN 5 ELSE 1 END, t.epc_id, tstzrange(lower(r.during), NULL)
    FROM trace_transforms t JOIN trace_epcs i ON i.id = t.epc_id
    WHERE r.kind = 3 AND t.event_id = r.id AND t.is_output AND t.withdrawn_by IS NULL"""
_INPUTS = """
    SELECT CASE i.kind WHEN 'class' THEN 5 ELSE 4 END, t.epc_id, r.during
    FROM trace_transforms t JOIN trace_epcs i ON i.id = t.epc_id
    WHERE r.kind = 3 AND t.event_id = r.id AND NOT t.is_output AND t.withdrawn_by IS NULL"""
_CONTENTS = """
    SELECT CASE i.kind WHEN 'class' THEN 5 ELSE 4 END, c.child_id, c.during * r.during
    FROM trace_containments c JOIN trace_epcs i ON i.id = c.child_id
    WHERE r.kind IN (0, 4) AND c.parent_id = r.id AND c.during && r.during AND {opened}"""
_INSIDE_ARE_THINGS = "SELECT 1, r.id, {window} WHERE r.kind = 4"
#: A pack is of a lot, as who brought it into being said. Down, packs of which nothing else is told are not listed: a lot
#: may have tens of thousands.
_OF_LOT = f"""
    FROM trace_event_lots l JOIN trace_event_epcs n ON n.event_id = l.event_id AND n.role IN {tuple(map(int, MADE_ITEMS))}
    JOIN trace_epcs i ON i.id = n.epc_id JOIN trace_epcs t ON t.id = l.lot_id AND left(t.uri, 36) = left(i.uri, 36)
    JOIN trace_events ON trace_events.id = l.event_id AND NOT EXISTS (
        SELECT FROM trace_events d WHERE d.event_id = trace_events.event_id AND d.is_declaration
          AND d.organisation_id = trace_events.organisation_id AND (d.is_market OR NOT trace_events.is_market))"""
_LOT = f"""
    SELECT 1, l.lot_id, r.during {_OF_LOT}
    WHERE r.kind IN (0, 1) AND n.epc_id = r.id AND i.kind = 'instance' AND ({{visible}} OR {{bought}})"""
_PACKS = f"""
    SELECT 1, n.epc_id, tstzrange(lower(r.during), NULL) {_OF_LOT}
    WHERE r.kind IN (0, 1) AND l.lot_id = r.id AND {{visible}} AND EXISTS (
        SELECT FROM trace_event_epcs o WHERE o.epc_id = n.epc_id AND o.event_id <> n.event_id)"""

#: Rows beside the states: a pair of which one was in the other, with whether it has not been taken out, and an event.
_HELD, _EVENT = 8, 9
#: All that is told of the states is read with them: asked for afterwards, ten thousand keys go to the server and back
#: for each question. States come first, in the order in which they were reached.
_WALK = f"""
    WITH RECURSIVE reached (kind, id, during) AS (
        SELECT CASE kind WHEN 'class' THEN 5 ELSE 0 END, id, tstzrange(NULL, NULL) FROM trace_epcs WHERE id = :start
        UNION
        SELECT n.kind, n.id, n.during FROM reached r CROSS JOIN LATERAL ({{parts}}) AS n (kind, id, during)
    ), states AS MATERIALIZED (SELECT kind, id, during FROM reached LIMIT :most),
    things AS MATERIALIZED (SELECT DISTINCT id FROM states WHERE kind <> 3)
    SELECT s.kind, s.id, cast(s.during AS text), i.uri, i.captured, i.kind, NULL, NULL
    FROM states s LEFT JOIN trace_epcs i ON i.id = s.id AND s.kind <> 3
    UNION ALL
    SELECT {_HELD}, c.child_id, NULL, NULL, NULL, NULL, c.parent_id, c.closed_by IS NULL
    FROM things t JOIN trace_containments c ON c.child_id = t.id WHERE c.parent_id IN (SELECT id FROM things)
    UNION ALL
    SELECT {_EVENT}, n.event_id, NULL, NULL, NULL, NULL, NULL, NULL
    FROM states s JOIN trace_event_epcs n ON n.epc_id = s.id AND s.during @> n.event_time
    WHERE s.kind NOT IN (3, 4) GROUP BY n.event_id"""


class Reached(NamedTuple):
    """What a walk reached: states in their order, and what is told of them."""

    states: list[State]
    #: Canonical form, form as captured and kind of each identifier.
    names: dict[int, tuple[str, str, str]]
    #: (child, parent) of what was in what, and whether it is still inside.
    held: list[tuple[int, int, bool]]
    #: Keys of the events that happened to what was reached while it mattered, whoever may see them.
    events: list[int]


def walk(start: int, direction: str, actor: Actor | None = None, *, budget: int = BUDGET) -> Reached:
    """Return all that a thing came from (``up``) or went into (``down``), itself first.

    :param actor: only by events that the actor may see; ``None`` follows all.
    :raises TraceTooLarge: past the budget.
    """
    condition, values = seen_by(actor)
    parts = [
        _CARRIERS,
        _STEPS,
        _SAME_PROCESS,
        _CONTENTS,
        _INSIDE_ARE_THINGS,
        *((_INPUTS, _LOT) if direction == UP else (_OUTPUTS, _PACKS)),
    ]
    sql = _WALK.format(parts=" UNION ALL ".join(parts)).format(
        visible=condition,
        bought=_bought(actor),
        opened=_exists(condition, "c.opened_by"),
        kinds="0, 1" if direction == UP else "0, 1, 2",
        side="" if direction == UP else "NOT",
        window="tstzrange(NULL, upper(r.during), '(]')" if direction == UP else "tstzrange(lower(r.during), NULL)",
    )
    reached = _sorted(db.session.execute(text(sql), {"start": start, "most": budget + 1, **values}).all())
    if len(reached.states) > budget:
        raise TraceTooLarge(_("相关的货物太多,超过 %(most)s 项;请从更接近目标的标识查起。", most=budget), most=budget)
    return reached


def _sorted(rows: Iterable[Sequence[Any]]) -> Reached:
    found = Reached([], {}, [], [])
    for kind, id_, during, uri, captured, what, parent, is_open in rows:
        if kind == _HELD:
            found.held.append((id_, parent, is_open))
        elif kind == _EVENT:
            found.events.append(id_)
        else:
            found.states.append(State(kind, id_, during))
            if uri is not None:
                found.names[id_] = (uri, captured, what)
    return found


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


def _bought(actor: Actor | None) -> str:
    """Return the condition that a lot was given to the actor's organisation: the holder of a pack may know its lot then.

    The events that gave numbers to packs stay their writer's: they name all the others too.
    """
    if actor is None or actor.scope.kind in ("all", "division", "budget"):
        return "false"
    given = f"g.organisation_id = {int(actor.organisation_id)} AND g.epc_id = l.lot_id"
    return f"EXISTS (SELECT FROM trace_grants g WHERE {given})"


def is_of_bought(epc_id: int, actor: Actor) -> bool:
    """Say whether an identifier is a pack of a lot that was given to the actor's organisation."""
    query = f"SELECT EXISTS (SELECT {_OF_LOT} WHERE n.epc_id = :epc AND {_bought(actor)})"
    return bool(db.session.execute(text(query), {"epc": epc_id}).scalar_one())


def lots_of_packs(reached: Reached) -> list[tuple[int, int]]:
    """Return (pack, lot) of those that were reached."""
    kinds = {kind: [id_ for id_, name in reached.names.items() if name[2] == kind] for kind in ("instance", "lot")}
    if not all(kinds.values()):
        return []
    query = f"SELECT DISTINCT n.epc_id, l.lot_id {_OF_LOT} WHERE n.epc_id = ANY(:instance) AND l.lot_id = ANY(:lot)"
    return [(row[0], row[1]) for row in db.session.execute(text(query), kinds)]


def count_packs(lot_id: int, actor: Actor) -> int:
    """Return how many packs of a lot have numbers, by the events that the actor may see."""
    condition, values = seen_by(actor)
    query = f"SELECT count(DISTINCT n.epc_id) {_OF_LOT} WHERE l.lot_id = :lot AND {condition}"
    return int(db.session.execute(text(query), {"lot": lot_id, **values}).scalar_one())


def ids_of(states: Sequence[State], *kinds: Kind) -> list[int]:
    """Return the identifiers of states of some kinds, each once, in the order in which they were reached."""
    wanted = frozenset(map(int, kinds))
    return list(dict.fromkeys(state.id for state in states if state.kind in wanted))
