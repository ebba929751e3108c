"""At which level a procurement waits, who has passed it before, and who can decide now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, text

from orders.purchase.approval_levels import Levels, find_levels, get_levels
from orders.purchase.approval_models import ApprovalStep
from orders.purchase.buyers import find_submitter
from orders.purchase.models import Procurement
from shop import money
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.identity.holders import list_holder_keys

_PASSED = text("""
    SELECT m.user_id, u.name, m.at, m.facts FROM moves m JOIN users u ON u.id = m.user_id
    WHERE m.machine = 'approval' AND m.subject_id = :id AND m.event IN ('pass', 'approve')
      AND m.id > coalesce((SELECT max(r.id) FROM moves r WHERE r.machine = 'approval' AND r.subject_id = :id
                           AND r.event IN ('request', 'void', 'reject')), 0)
    ORDER BY m.id""")


class NobodyForLevel(Conflict):
    """A level has nobody who may decide at it, beside who asks and who decides at the others; ``level`` names it."""

    code = "nobody-for-level"


class SumAboveLevel(Conflict):
    """The day's sum is above what an earlier level approved; ``seen`` and ``today`` name both."""

    code = "sum-above-level"


@dataclass(frozen=True)
class Step:
    """A level of a procurement that is or was submitted: ``passed``, ``pending`` or ``waiting`` for those before it."""

    level: int
    name: str
    above_fen: int
    state: str
    people: Sequence[str]
    #: Who decided, when, on which sum in fen.
    by: str = ""
    at: datetime | None = None
    sum_fen: int | None = None


@dataclass(frozen=True)
class _Passed:
    user_id: int
    name: str
    at: datetime
    sum_fen: int | None


def begin(procurement: Procurement, total_fen: int, on: date) -> None:
    """Let a submitted procurement wait at its first level, if its institution has levels that day.

    :raises NobodyForLevel: if a level that its sum goes through has nobody left who may decide.
    """
    end(procurement)
    levels = find_levels(procurement.organisation_id, on)
    if levels is None:
        return
    _require_people(levels, levels.needed(total_fen), procurement, on)
    db.session.add(ApprovalStep(procurement_id=procurement.id, rule_id=levels.key, level=1))


def end(procurement: Procurement) -> None:
    """Let it wait at no level any more: it is decided, or was changed."""
    db.session.execute(delete(ApprovalStep).where(ApprovalStep.procurement_id == procurement.id))


def context_of(procurement: Procurement, on: date) -> Mapping[str, Any]:
    """Return what the guards of a decision ask about: who asked, who passed it before, whose its level is."""
    found: dict[str, Any] = {"submitted_by": find_submitter(procurement.id)}
    step = _find_step(procurement)
    if step is not None:
        here = get_levels(step.rule_id, on).levels[step.level - 1]
        found["passed_by"] = {one.user_id for one in _passed(procurement.id)}
        found["level_people"] = {one.user_id: one.name for one in here.people}
    return found


def event_of(procurement: Procurement, total_fen: int, on: date) -> tuple[str, dict[str, Any]]:
    """Return what an approver's consent does, ``pass`` or ``approve``, and the facts of the move.

    :raises SumAboveLevel: if the goods became dearer than an earlier level approved.
    """
    step = _find_step(procurement)
    if step is None:
        return "approve", {"approved_fen": total_fen}
    seen = min((one.sum_fen for one in _passed(procurement.id) if one.sum_fen is not None), default=total_fen)
    if total_fen > seen:
        words = {"seen": money.show_yuan(seen), "today": money.show_yuan(total_fen)}
        detail = _("今日合计 %(today)s 元，高于前一级审批的 %(seen)s 元，请退回后重新提交。", **words)
        raise SumAboveLevel(detail, seen=money.as_json(seen), today=money.as_json(total_fen))
    levels = get_levels(step.rule_id, on)
    facts = {"level": step.level, "level_name": levels.levels[step.level - 1].name}
    if step.level < levels.needed(total_fen):
        step.level += 1
        return "pass", {**facts, "passed_fen": total_fen}
    return "approve", {**facts, "approved_fen": total_fen}


def steps_of(procurement: Procurement, total_fen: int, on: date) -> list[Step]:
    """Return the levels that a waiting procurement goes through, with who passed or may decide each."""
    step = _find_step(procurement)
    if step is None:
        return []
    levels, passed = get_levels(step.rule_id, on), _passed(procurement.id)
    found = []
    for one in levels.levels[: max(levels.needed(total_fen), step.level)]:
        people = [person.name for person in one.people if person.can_approve]
        if one.level < step.level and len(passed) >= one.level:
            by = passed[one.level - 1]
            found.append(Step(one.level, one.name, one.above_fen, "passed", people, by.name, by.at, by.sum_fen))
        else:
            state = "pending" if one.level == step.level else "waiting"
            found.append(Step(one.level, one.name, one.above_fen, state, people))
    return found


def _find_step(procurement: Procurement) -> ApprovalStep | None:
    return db.session.get(ApprovalStep, procurement.id) if procurement.approval == "pending" else None


def _passed(procurement_id: int) -> list[_Passed]:
    return [
        _Passed(row.user_id, row.name, row.at, row.facts.get("passed_fen"))
        for row in db.session.execute(_PASSED, {"id": procurement_id})
    ]


def _require_people(levels: Levels, needed: int, procurement: Procurement, on: date) -> None:
    """Ask for a different person at each level, none of whom made or submitted it."""
    out = {procurement.created_by, find_submitter(procurement.id)}
    anybody = set(list_holder_keys(procurement.organisation_id, "procurements:approve", on))
    whose = [
        ({one.user_id for one in level.people if one.can_approve} if level.people else anybody) - out
        for level in levels.levels[:needed]
    ]
    for n in range(1, needed + 1):
        if not _can_all_differ(whose[:n]):
            level = levels.levels[n - 1]
            detail = _(
                "第 %(level)s 级“%(name)s”没有可以审批的人（提交人和前几级的审批人除外），请联系管理员。",
                level=n,
                name=level.name,
            )
            raise NobodyForLevel(detail, level=n)


def _can_all_differ(whose: Sequence[set[int]], taken: frozenset[int] = frozenset()) -> bool:
    if not whose:
        return True
    return any(_can_all_differ(whose[1:], taken | {one}) for one in whose[0] - taken)
