"""Reads of identity: the actor, where a unit stands, and what an actor may see as a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, any_, false, literal, or_, select, text, true
from sqlalchemy.orm import InstrumentedAttribute

from shop.auth import Actor, Scope
from shop.db import db
from shop.errors import NotFound
from shop.geo.models import AssistedCounty, Division
from shop.i18n import _
from shop.identity.models import UnitPlacement

Column = ColumnElement[Any] | InstrumentedAttribute[Any]

#: One statement from a membership to everything an :class:`Actor` holds; ``:on`` is the business day.
ACTOR_SQL = """
    SELECT u.id AS user_id, u.public_id AS user_public_id, u.name AS user_name,
           o.id AS organisation_id, o.public_id AS organisation_public_id, o.name AS organisation_name,
           o.kind AS organisation_kind, o.suspended_at, m.id AS membership_id,
           held.roles, held.permissions,
           CASE WHEN o.kind = 'authority' THEN (
               SELECT json_agg(json_build_object('kind', s.kind, 'division', s.division_code, 'level', s.budget_level,
                                                 'superior', s.superior_id) ORDER BY s.id)
                 FROM authority_scopes s
                WHERE s.organisation_id = o.id AND s.valid_from <= :on AND coalesce(s.valid_to, :on) >= :on) END AS scopes
      FROM memberships m
      JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL
      JOIN organisations o ON o.id = m.organisation_id
     CROSS JOIN LATERAL (
           SELECT array_agg(DISTINCT r.role) AS roles,
                  array_agg(DISTINCT p.permission) FILTER (WHERE p.permission IS NOT NULL) AS permissions
             FROM membership_roles r LEFT JOIN role_permissions p ON p.role = r.role
            WHERE r.membership_id = m.id AND r.valid_from <= :on AND coalesce(r.valid_to, :on) >= :on) held
     WHERE m.valid_from <= :on AND coalesce(m.valid_to, :on) >= :on AND m.waits_since IS NULL"""

_ACTOR_OF = text(f"{ACTOR_SQL} AND m.user_id = :user AND m.organisation_id = :organisation")

#: What is left to a suspended organisation: it may look and change nothing.
_LOOKING = (":read", ":inspect")


def actor_from(row: Mapping[str, Any] | RowMapping, *, via: str = "", scopes: Sequence[str] | None = None) -> Actor:
    """Build the actor from a row of :data:`ACTOR_SQL`.

    :param scopes: what a token was given; the actor holds these of its roles' permissions, ``*`` is all.
    """
    permissions = frozenset(row["permissions"] or ())
    if scopes is not None and "*" not in scopes:
        permissions &= frozenset(scopes)
    if row["suspended_at"] is not None:
        permissions = frozenset(p for p in permissions if p.endswith(_LOOKING))
    return Actor(
        user_id=row["user_id"],
        user_public_id=row["user_public_id"],
        user_name=row["user_name"],
        organisation_id=row["organisation_id"],
        organisation_public_id=row["organisation_public_id"],
        organisation_name=row["organisation_name"],
        organisation_kind=row["organisation_kind"],
        membership_id=row["membership_id"],
        permissions=permissions,
        roles=frozenset(row["roles"] or ()),
        scope=scope_from(row["organisation_kind"], row["scopes"] or []),
        via=via,
    )


def scope_from(kind: str, rows: Sequence[dict[str, Any]]) -> Scope:
    """Return what members of an organisation of ``kind`` with these scope rows see; an authority without any: nothing."""
    if kind == "operator":
        return Scope("all")
    if kind != "authority":
        return Scope("own")
    chosen = [row for row in rows if row["kind"] == "budget"] or list(rows)
    divisions = tuple(row["division"] for row in chosen if row["division"])
    if not chosen or chosen[0]["kind"] == "division":
        return Scope("division", divisions)
    return Scope("budget", divisions, chosen[0]["level"], chosen[0]["superior"])


def actor_of(user_id: int, organisation_id: int, on: date) -> Actor:
    """Return the actor with the roles' permissions and the scope of the day ``on``.

    :raises NotFound: if the person is no member that day, or disabled.
    """
    row = db.session.execute(_ACTOR_OF, {"user": user_id, "organisation": organisation_id, "on": on}).mappings().first()
    if row is None:
        raise NotFound(_("此人不是该单位的成员。"))
    return actor_from(row)


def placement_on(unit_id: int, on: date) -> UnitPlacement | None:
    """Return where a unit stands and whose budget it is on a day."""
    return db.session.scalars(
        select(UnitPlacement).where(
            UnitPlacement.unit_id == unit_id,
            UnitPlacement.valid_from <= on,
            or_(UnitPlacement.valid_to.is_(None), UnitPlacement.valid_to >= on),
        )
    ).one_or_none()


def within(column: Column, divisions: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a column's division or assisted county is one of ``divisions`` or inside one."""
    codes = any_(literal(list(divisions)))
    inside = [
        select(table.code).where(or_(key == codes, table.province_code == codes, table.prefecture_code == codes))
        for table, key in ((Division, Division.code), (AssistedCounty, AssistedCounty.division_code))
    ]
    return column.in_(inside[0].union(inside[1]))


def scope_condition(
    actor: Actor,
    *,
    county: Column,
    buyer_division: Column,
    unit: Column,
    on: date | Column,
    own: Sequence[Column] = (),
) -> ColumnElement[bool]:
    """Return which rows an actor may see, as a condition for ``WHERE``.

    :param county: code of the goods' assisted county; decides on the western side.
    :param buyer_division: code of the buyer's division; decides on the eastern side.
    :param unit: key of the budget unit; decides for scopes by budget.
    :param on: the day of the unit's placement: a date, or the column with the row's own day.
    :param own: columns that name organisations; for everybody else a row is theirs if one of these is.
    """
    scope = actor.scope
    if scope.kind == "all":
        return true()
    if scope.kind == "division":
        return or_(within(county, scope.divisions), within(buyer_division, scope.divisions))
    if scope.kind == "budget":
        return _placed(scope, unit, on)
    return or_(false(), *(column == actor.organisation_id for column in own))


def _placed(scope: Scope, unit: Column, on: date | Column) -> ColumnElement[bool]:
    """Return the condition that a unit's placement that day is in a scope by budget."""
    keys: list[ColumnElement[bool]] = []
    if scope.superior_id is not None:
        keys.append(UnitPlacement.superior_id == scope.superior_id)
    if scope.budget_level is not None:
        level = UnitPlacement.budget_level == scope.budget_level
        inside = within(UnitPlacement.finance_division_code, scope.divisions) if scope.divisions else true()
        keys.append(and_(level, inside))
    return (
        select(UnitPlacement.id)
        .where(
            UnitPlacement.unit_id == unit,
            UnitPlacement.valid_from <= on,
            or_(UnitPlacement.valid_to.is_(None), UnitPlacement.valid_to >= on),
            or_(false(), *keys),
        )
        .exists()
    )
