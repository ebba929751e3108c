"""The machines of a purchase: who may move what from where to where, and the record of each move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from orders.purchase.models import Move
from orders.purchase.parties import Parties, side_of
from orders.purchase.rules import ATTRIBUTE, RULES, Rule
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Forbidden
from shop.i18n import _

_NOTHING: Mapping[str, Any] = {}


class WrongState(Conflict):
    """The thing is not in a state from which this move is possible, or a condition of the move is not met.

    Member ``state`` is where it stands, ``possible`` names the moves that this actor can make now.
    """

    code = "wrong-state"


class Subject(Protocol):
    """Anything with a key; its state is in the attribute named by :data:`ATTRIBUTE`."""

    id: Any


@dataclass(frozen=True)
class PossibleMove:
    """A move that an actor can make now, or could if ``blocked`` did not stand against it."""

    machine: str
    event: str
    to: str
    permission: str
    blocked: str = field(default="", compare=False)


def state_of(machine: str, subject: Subject) -> str:
    """Return the state that ``subject`` is in."""
    return str(getattr(subject, ATTRIBUTE.get(machine, "status")))


def find_rule(machine: str, state: str, event: str) -> Rule | None:
    """Return the row of the table, or ``None`` if there is no such move."""
    return next((r for r in RULES if (r.machine, r.source, r.event) == (machine, state, event)), None)


def check(
    machine: str,
    subject: Subject,
    event: str,
    *,
    actor: Actor | None,
    at: datetime,
    parties: Parties | None = None,
    context: Mapping[str, Any] = _NOTHING,
) -> Rule:
    """Return the rule of a move, without making it.

    :param actor: ``None`` is the system (jobs, consequences of another move).
    :param parties: whose the thing is, where it does not say so itself (contract, refund).
    :param context: what the guards ask about beside the subject.
    :raises WrongState: if the table has no such move from here, or its guard says no.
    :raises Forbidden: if the move exists but is another side's, or the actor lacks the permission.
    """
    state = state_of(machine, subject)
    rule = find_rule(machine, state, event)
    if rule is None:
        raise _wrong(
            machine, subject, _("现在的状态下不能这样做。"), actor=actor, at=at, parties=parties, context=context
        )
    if not _may(rule, actor, side_of(actor, parties or Parties.of(subject), at)):
        raise Forbidden(_("这一步由另一方或其他岗位办理。"), move=event)
    refusal = rule.guard(subject, actor, {"at": at, **context}) if rule.guard else None
    if refusal:
        raise _wrong(machine, subject, refusal, actor=actor, at=at, parties=parties, context=context)
    return rule


def move(  # noqa: PLR0913  what a move is: who, when, why, and what its guards ask about
    machine: str,
    subject: Subject,
    event: str,
    *,
    actor: Actor | None,
    at: datetime,
    why: str = "",
    facts: Mapping[str, Any] | None = None,
    parties: Parties | None = None,
    context: Mapping[str, Any] = _NOTHING,
) -> Move:
    """Move ``subject`` and record who did it, when and why; the only way a state changes.

    The caller has locked the subject's row. Raises as :func:`check`.
    """
    source = state_of(machine, subject)
    rule = check(machine, subject, event, actor=actor, at=at, parties=parties, context=context)
    setattr(subject, ATTRIBUTE.get(machine, "status"), rule.target)
    record = Move(
        machine=machine,
        subject_id=subject.id,
        event=event,
        from_state=source,
        to_state=rule.target,
        user_id=actor.user_id if actor else None,
        organisation_id=actor.organisation_id if actor else None,
        at=at,
        why=why,
        facts=dict(facts or {}),
    )
    db.session.add(record)
    return record


def record_start(machine: str, subject: Subject, event: str, *, actor: Actor | None, at: datetime) -> Move:
    """Record how a new thing came to be; its first state is set already.

    :raises WrongState: if the table does not start the machine so.
    """
    rule = find_rule(machine, "", event)
    if rule is None or rule.target != state_of(machine, subject):
        raise WrongState(_("这样不能开始。"), state="", possible=[])
    record = Move(
        machine=machine,
        subject_id=subject.id,
        event=event,
        from_state="",
        to_state=rule.target,
        user_id=actor.user_id if actor else None,
        organisation_id=actor.organisation_id if actor else None,
        at=at,
    )
    db.session.add(record)
    return record


def possible_moves(
    machine: str,
    subject: Subject,
    actor: Actor | None,
    *,
    at: datetime,
    parties: Parties | None = None,
    context: Mapping[str, Any] = _NOTHING,
    blocked: bool = False,
) -> list[PossibleMove]:
    """Return the moves that ``actor`` can make now; with ``blocked`` also those whose guard says no, with its words."""
    state = state_of(machine, subject)
    side = side_of(actor, parties or Parties.of(subject), at)
    found = []
    for rule in RULES:
        if (rule.machine, rule.source) != (machine, state) or not _may(rule, actor, side):
            continue
        refusal = rule.guard(subject, actor, {"at": at, **context}) if rule.guard else None
        if refusal is None or blocked:
            permission = next(p for s, p in rule.who if s == side)
            found.append(PossibleMove(machine, rule.event, rule.target, permission, refusal or ""))
    return found


def _may(rule: Rule, actor: Actor | None, side: str | None) -> bool:
    return any(s == side and (actor is None or not p or actor.may(p)) for s, p in rule.who)


def _wrong(machine: str, subject: Subject, detail: str, **asked: Any) -> WrongState:
    possible = possible_moves(machine, subject, **asked)
    return WrongState(detail, state=state_of(machine, subject), possible=[p.event for p in possible])
