"""Tables of moves: machine, from, event, to, who, guard; the only way a state changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import text

from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden
from shop.i18n import _
from shop.moves.models import Move

Guard = Callable[[Any, Any, Mapping[str, Any]], str | None]
#: Side and the permission it needs, such as ``("producer", "goods:ship")``; ``system`` is nobody.
Who = tuple[str, str]
SYSTEM: Who = ("system", "")

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class WrongState(Conflict):
    """The thing is not in a state from which this move is possible, or a condition of the move is not met.

    Member ``state`` is where it stands, ``possible`` names the moves that this actor can make now.
    """

    code = "wrong-state"


class Subject(Protocol):
    """Anything with a key; its state is in ``status``, or in the attribute that the table names."""

    id: Any


@dataclass(frozen=True)
class Rule:
    """One possible move; ``source`` is empty for the first."""

    machine: str
    source: str
    event: str
    target: str
    who: tuple[Who, ...]
    guard: Guard | None = None


@dataclass(frozen=True)
class PossibleMove:
    """A move that an actor can make now, or could if ``blocked`` did not stand against it."""

    machine: str
    event: str
    to: str
    permission: str
    blocked: str = field(default="", compare=False)


@dataclass(frozen=True)
class Asked:
    """Who asks for a move, when, and what guards ask about beside the subject; without an actor it is the system."""

    actor: Actor | None
    sides: Collection[str]
    at: datetime
    context: Mapping[str, Any] = field(default_factory=dict)

    def may(self, rule: Rule) -> bool:
        """Say whether one of the actor's sides makes this move, with the permission that it needs."""
        return any(
            side in self.sides and (self.actor is None or not name or self.actor.may(name)) for side, name in rule.who
        )

    def refusal(self, rule: Rule, subject: Subject) -> str | None:
        """Return why the rule's guard says no."""
        return rule.guard(subject, self.actor, {"at": self.at, **self.context}) if rule.guard else None


def by(actor: Actor | None, *sides: str, at: datetime, **context: Any) -> Asked:
    """Say who asks: the sides on which the caller has found the actor to stand."""
    return Asked(actor, sides or ("system",), at, context)


class Table:
    """The moves of a package's machines.

    :param attributes: where a machine's state is kept, if not in ``status``.
    :param tables: the database's tables of the machines that move many at once.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        attributes: Mapping[str, str] = _NOTHING,
        tables: Mapping[str, str] = _NOTHING,
    ) -> None:
        """Index the rows."""
        self.rules = tuple(rules)
        self._attributes, self._tables = attributes, tables
        self._found = {(rule.machine, rule.source, rule.event): rule for rule in self.rules}

    def state_of(self, machine: str, subject: Subject) -> str:
        """Return the state that ``subject`` is in."""
        return str(getattr(subject, self._attributes.get(machine, "status")))

    def find(self, machine: str, state: str, event: str) -> Rule | None:
        """Return the row of the table, or ``None`` if there is no such move."""
        return self._found.get((machine, state, event))

    def sources(self, machine: str, event: str) -> list[str]:
        """Return the states from which ``event`` is possible."""
        return [rule.source for rule in self.rules if (rule.machine, rule.event) == (machine, event)]

    def check(self, machine: str, subject: Subject, event: str, asked: Asked) -> Rule:
        """Return the rule of a move, without making it.

        :raises WrongState: if the table has no such move from here, or its guard says no.
        :raises Forbidden: if the move exists but is another side's, or the actor lacks the permission.
        """
        rule = self.find(machine, self.state_of(machine, subject), event)
        if rule is None:
            raise self._wrong(machine, subject, asked, _("现在的状态下不能这样做。"))
        if not asked.may(rule):
            raise Forbidden(_("这一步由另一方或其他岗位办理。"), move=event)
        refusal = asked.refusal(rule, subject)
        if refusal:
            raise self._wrong(machine, subject, asked, refusal)
        return rule

    def move(
        self,
        machine: str,
        subject: Subject,
        event: str,
        asked: Asked,
        *,
        why: str = "",
        facts: Mapping[str, Any] = _NOTHING,
    ) -> Move:
        """Move ``subject`` and record who did it, when and why.

        The caller has locked the subject's row. Raises as :meth:`check`.
        """
        source = self.state_of(machine, subject)
        rule = self.check(machine, subject, event, asked)
        setattr(subject, self._attributes.get(machine, "status"), rule.target)
        return _record(rule, subject, source, asked, why=why, facts=facts)

    def record_start(self, machine: str, subject: Subject, event: str, asked: Asked) -> Move:
        """Record how a new thing came to be; it has its key, and its first state is set already.

        :raises WrongState: if the table does not start the machine so.
        """
        rule = self.find(machine, "", event)
        if rule is None or rule.target != self.state_of(machine, subject):
            raise WrongState(_("这样不能开始。"), state="", possible=[])
        return _record(rule, subject, "", asked, why="", facts=_NOTHING)

    def move_many(self, machine: str, keys: Sequence[int], event: str, asked: Asked, *, why: str = "") -> list[int]:
        """Move those of ``keys`` whose state allows it, in one statement that locks them in order; return which.

        What the session holds of them is stale afterwards. For moves without a guard.
        """
        rules = [rule for rule in self.rules if (rule.machine, rule.event) == (machine, event) and asked.may(rule)]
        statement = text(_MANY.format(table=self._tables[machine]))
        values = {
            "keys": list(keys), "sources": [rule.source for rule in rules], "target": rules[0].target,
            "machine": machine, "event": event, "at": asked.at, "why": why,
            "user": asked.actor.user_id if asked.actor else None,
            "organisation": asked.actor.organisation_id if asked.actor else None,
        }  # fmt: skip
        return list(db.session.scalars(statement, values))

    def possible(
        self, machine: str, subject: Subject, asked: Asked, *, is_blocked_shown: bool = False
    ) -> list[PossibleMove]:
        """Return the moves that can be made now; also those whose guard says no, with its words, if these are to be shown."""
        state, found = self.state_of(machine, subject), []
        for rule in self.rules:
            if (rule.machine, rule.source) != (machine, state) or not asked.may(rule):
                continue
            refusal = asked.refusal(rule, subject)
            if refusal is None or is_blocked_shown:
                permission = next(name for side, name in rule.who if side in asked.sides)
                found.append(PossibleMove(machine, rule.event, rule.target, permission, refusal or ""))
        return found

    def _wrong(self, machine: str, subject: Subject, asked: Asked, detail: str) -> WrongState:
        possible = [each.event for each in self.possible(machine, subject, asked)]
        return WrongState(detail, state=self.state_of(machine, subject), possible=possible)


#: Table names are the code's own.
_MANY = """
    WITH locked AS (
        SELECT id, status FROM {table} WHERE id = ANY(:keys) AND status = ANY(:sources) ORDER BY id FOR UPDATE),
    moved AS (
        UPDATE {table} t SET status = :target, version = t.version + 1 FROM locked WHERE locked.id = t.id
        RETURNING t.id, locked.status AS source)
    INSERT INTO moves (machine, subject_id, event, from_state, to_state, user_id, organisation_id, at, why, public_id)
    SELECT :machine, id, :event, source, :target, :user, :organisation, :at, :why, uuidv7() FROM moved ORDER BY id
    RETURNING subject_id"""


def _record(rule: Rule, subject: Subject, source: str, asked: Asked, *, why: str, facts: Mapping[str, Any]) -> Move:
    record = Move(
        machine=rule.machine,
        subject_id=subject.id,
        event=rule.event,
        from_state=source,
        to_state=rule.target,
        user_id=asked.actor.user_id if asked.actor else None,
        organisation_id=asked.actor.organisation_id if asked.actor else None,
        at=asked.at,
        why=why,
        facts=dict(facts),
    )
    db.session.add(record)
    return record


def another_person(attribute: str, what: str, refusal: Any) -> Guard:
    """Return the guard of two-person things: whoever is named in ``attribute`` does not make the move.

    :param what: what that person did, for the documents: ``proposed it``.
    :param refusal: words for people, in the language of the moment.
    """

    def guard(subject: Any, actor: Any, context: Mapping[str, Any]) -> str | None:  # noqa: ARG001
        return str(refusal) if actor is not None and actor.user_id == getattr(subject, attribute) else None

    guard.__doc__ = f"Ask for another person than who {what}."
    return guard


def same_person(attribute: str, what: str, refusal: Any) -> Guard:
    """Return the guard of taking back one's own: only whoever is named in ``attribute`` makes the move."""

    def guard(subject: Any, actor: Any, context: Mapping[str, Any]) -> str | None:  # noqa: ARG001
        return None if actor is not None and actor.user_id == getattr(subject, attribute) else str(refusal)

    guard.__doc__ = f"Ask for who {what}."
    return guard
