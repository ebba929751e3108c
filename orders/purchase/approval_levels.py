"""Levels of approval by amount: what an institution's administrator sets, from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select, text

from orders.purchase.approval_models import MOST_LEVELS, ApprovalLevel, ApprovalPerson, ApprovalRule
from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Forbidden, Invalid
from shop.i18n import _
from shop.identity.models import Membership, User


class BadLevels(Invalid):
    """Levels out of order, without a name, or whose persons cannot approve; ``errors`` points at each."""

    code = "bad-levels"


class LevelsBegunLater(Conflict):
    """Levels that begin on that day or later were set already; name a later day, or take these back."""

    code = "levels-begun-later"


@dataclass(frozen=True)
class LevelDraft:
    """A level to set: asked for sums above ``above_fen``; ``people`` are members, none is all who approve."""

    name: str
    above_fen: int
    people: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Person:
    """A member who decides at a level."""

    id: UUID
    user_id: int
    name: str
    can_approve: bool


@dataclass(frozen=True)
class Level:
    """A level as it stands."""

    level: int
    name: str
    above_fen: int
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Levels:
    """An institution's levels from a day to a day."""

    id: UUID
    key: int
    valid_from: date
    valid_to: date | None
    levels: tuple[Level, ...]

    def needed(self, total_fen: int) -> int:
        """Return how many levels a sum goes through; a level asks for sums above its own."""
        return sum(1 for one in self.levels if one.level == 1 or total_fen > one.above_fen)


#: Who submits shares this, so that levels do not go from under what is submitted.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('approval_rules', :id))")
_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('approval_rules', :id))")
_PEOPLE = text("""
    SELECT p.level, m.public_id, u.id AS user_id, u.name,
           u.disabled_at IS NULL AND m.waits_since IS NULL AND m.valid_from <= :on AND coalesce(m.valid_to, :on) >= :on
           AND EXISTS (SELECT FROM membership_roles r JOIN role_permissions x ON x.role = r.role
                       AND x.permission = 'procurements:approve' WHERE r.membership_id = m.id
                       AND r.valid_from <= :on AND coalesce(r.valid_to, :on) >= :on) AS can_approve
    FROM approval_people p JOIN memberships m ON m.id = p.membership_id JOIN users u ON u.id = m.user_id
    WHERE p.rule_id = :rule ORDER BY p.level, u.name, u.id""")


def set_levels(levels: Sequence[LevelDraft], actor: Actor, *, valid_from: date, at: datetime) -> Levels | None:
    """Let procurements that are submitted from a day on go through these levels; none: one approval, as without.

    The levels before end the day before. What is submitted already goes on under those of its day.

    :raises Forbidden: if the actor's organisation buys nothing.
    :raises BadLevels: if they are out of order, a day lies behind, or a person cannot approve.
    :raises LevelsBegunLater: if others begin on that day or later and are in force already, or were used.
    """
    _require_institution(actor)
    today = clock.business_day(at)
    if valid_from < today:
        raise BadLevels(_("生效日不能早于今天。"), errors=[{"pointer": "#/from", "detail": _("生效日不能早于今天。")}])
    members = _check(levels, actor, valid_from)
    db.session.execute(_ALONE, {"id": actor.organisation_id})
    _make_room(actor.organisation_id, valid_from)
    audit.record(actor, "purchase.approval_levels_set", "organisation", actor.organisation_id, levels=[0, len(levels)])
    if not levels:
        return None
    rule = ApprovalRule(
        organisation_id=actor.organisation_id, valid_from=valid_from, created_by=actor.user_id, created_at=at
    )
    with refusing(ex_approval_rules_dates=LevelsBegunLater(_("同一天已有审批层级。"))):
        db.session.add(rule)
        db.session.flush()  # the levels refer to its row
    for number, draft in enumerate(levels, 1):
        level = ApprovalLevel(rule_id=rule.id, level=number, name=draft.name.strip(), above_fen=draft.above_fen)
        db.session.add(level)
        db.session.flush()  # the persons refer to its row
        people = [ApprovalPerson(rule_id=rule.id, level=number, membership_id=members[key]) for key in draft.people]
        db.session.add_all(people)
    db.session.flush()  # what is read below
    return _levels_of(rule, today)


def list_levels(actor: Actor, on: date) -> list[Levels]:
    """Return the institution's levels of all days, the newest first."""
    _require_institution(actor)
    rules = db.session.scalars(
        select(ApprovalRule)
        .where(ApprovalRule.organisation_id == actor.organisation_id)
        .order_by(ApprovalRule.valid_from.desc())
        .limit(100)
    ).all()
    return [_levels_of(rule, on) for rule in rules]


def find_levels(organisation_id: int, on: date) -> Levels | None:
    """Return the levels in force on a day, or ``None``; they stay until the transaction ends."""
    db.session.execute(_SHARED, {"id": organisation_id})
    rule = db.session.scalars(
        select(ApprovalRule).where(
            ApprovalRule.organisation_id == organisation_id,
            ApprovalRule.valid_from <= on,
            or_(ApprovalRule.valid_to.is_(None), ApprovalRule.valid_to >= on),
        )
    ).one_or_none()
    return _levels_of(rule, on) if rule else None


def get_levels(rule_id: int, on: date) -> Levels:
    """Return levels by key, with who of their persons can approve on a day."""
    return _levels_of(db.session.get_one(ApprovalRule, rule_id), on)


def _require_institution(actor: Actor) -> None:
    if actor.organisation_kind != "institution":
        raise Forbidden(_("只有采购单位可以设置审批层级。"))


def _levels_of(rule: ApprovalRule, on: date) -> Levels:
    found: dict[int, list[Person]] = {}
    for row in db.session.execute(_PEOPLE, {"rule": rule.id, "on": on}):
        found.setdefault(row.level, []).append(Person(row.public_id, row.user_id, row.name, row.can_approve))
    rows = db.session.scalars(
        select(ApprovalLevel).where(ApprovalLevel.rule_id == rule.id).order_by(ApprovalLevel.level)
    )
    levels = tuple(Level(row.level, row.name, row.above_fen, tuple(found.get(row.level, ()))) for row in rows)
    return Levels(rule.public_id, rule.id, rule.valid_from, rule.valid_to, levels)


def _check(levels: Sequence[LevelDraft], actor: Actor, on: date) -> dict[UUID, int]:
    """Return the keys of the members that are named, by identifier."""
    errors = []
    if len(levels) > MOST_LEVELS:
        errors.append({"pointer": "#/levels", "detail": _("最多设 %(most)s 级审批。", most=MOST_LEVELS)})
    before = 0
    for n, one in enumerate(levels):
        if not one.name.strip():
            errors.append({"pointer": f"#/levels/{n}/name", "detail": _("请填写这一级的名称。")})
        if n == 0 and one.above_fen:
            errors.append({"pointer": "#/levels/0/above", "detail": _("第一级对所有采购单都审批，金额须为 0。")})
        elif one.above_fen < before:
            errors.append({"pointer": f"#/levels/{n}/above", "detail": _("金额不能低于前一级。")})
        before = one.above_fen
    named = {key for one in levels for key in one.people}
    members = _members(actor.organisation_id, named, on)
    errors += [
        {"pointer": f"#/levels/{n}/people/{m}", "detail": _("这个人当日不能审批采购，请先授予审批人角色。")}
        for n, one in enumerate(levels)
        for m, key in enumerate(one.people)
        if key not in members
    ]
    if errors:
        raise BadLevels(str(errors[0]["detail"]), errors=errors)
    return members


def _members(organisation_id: int, named: set[UUID], on: date) -> dict[UUID, int]:
    if not named:
        return {}
    approves = text("""EXISTS (SELECT FROM membership_roles r JOIN role_permissions x ON x.role = r.role
        AND x.permission = 'procurements:approve' WHERE r.membership_id = memberships.id
        AND r.valid_from <= :on AND coalesce(r.valid_to, :on) >= :on)""").bindparams(on=on)
    query = (
        select(Membership.public_id, Membership.id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organisation_id == organisation_id,
            Membership.public_id.in_(named),
            Membership.waits_since.is_(None),
            Membership.valid_from <= on,
            or_(Membership.valid_to.is_(None), Membership.valid_to >= on),
            User.disabled_at.is_(None),
            approves,
        )
    )
    return {row.public_id: row.id for row in db.session.execute(query)}


def _make_room(organisation_id: int, valid_from: date) -> None:
    """End the levels in force the day before; those that begin that day or later go if nothing was submitted under them."""
    later = select(ApprovalRule.id).where(
        ApprovalRule.organisation_id == organisation_id, ApprovalRule.valid_from >= valid_from
    )
    keys = db.session.scalars(later).all()
    used = text("SELECT EXISTS (SELECT FROM approval_steps WHERE rule_id = ANY(:keys))")
    if keys and db.session.scalar(used, {"keys": list(keys)}):
        raise LevelsBegunLater(_("当日的审批层级已有采购单在办，请改为次日或以后生效。"))
    for table, column in ((ApprovalPerson, ApprovalPerson.rule_id), (ApprovalLevel, ApprovalLevel.rule_id), (ApprovalRule, ApprovalRule.id)):  # fmt: skip
        db.session.execute(delete(table).where(column.in_(keys)))
    current = db.session.scalars(
        select(ApprovalRule).where(
            ApprovalRule.organisation_id == organisation_id,
            or_(ApprovalRule.valid_to.is_(None), ApprovalRule.valid_to >= valid_from),
        )
    ).one_or_none()
    if current is not None:
        current.valid_to = valid_from - timedelta(days=1)
        db.session.flush()  # before the next begins
