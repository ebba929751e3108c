"""The machines of a purchase and its money: on which side of it an actor stands, and the moves that the table has for that side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orders.purchase.parties import Parties, side_of
from orders.purchase.rules import TABLE
from shop.auth import Actor
from shop.moves.models import Move
from shop.moves.table import Asked, PossibleMove, Rule, Subject, WrongState

_NOTHING: Mapping[str, Any] = {}


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
    return TABLE.check(machine, subject, event, _asked(subject, actor, at, parties, context))


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
    asked = _asked(subject, actor, at, parties, context)
    return TABLE.move(machine, subject, event, asked, why=why, facts=facts or {})


def record_start(machine: str, subject: Subject, event: str, *, actor: Actor | None, at: datetime) -> Move:
    """Record how a new thing came to be; its first state is set already.

    :raises WrongState: if the table does not start the machine so.
    """
    return TABLE.record_start(machine, subject, event, Asked(actor, (), at))


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
    asked = _asked(subject, actor, at, parties, context)
    return TABLE.possible(machine, subject, asked, is_blocked_shown=blocked)


def _asked(
    subject: Subject, actor: Actor | None, at: datetime, parties: Parties | None, context: Mapping[str, Any]
) -> Asked:
    side = side_of(actor, parties or Parties.of(subject), at)
    return Asked(actor, () if side is None else (side,), at, context)


__all__ = ["PossibleMove", "WrongState", "check", "move", "possible_moves", "record_start"]
