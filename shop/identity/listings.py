"""Reads for the pages and the API: units, members, organisations, a person's memberships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from shop.auth import Actor
from shop.db import db
from shop.geo.models import Division
from shop.identity.models import (
    AuthorityScope,
    Membership,
    MembershipRole,
    Organisation,
    Role,
    Unit,
    UnitPlacement,
    User,
)
from shop.identity.queries import within
from shop.paging import Page, decode_cursor, make_page


@dataclass(frozen=True)
class PlacementRow:
    """Where a unit stands in a time."""

    valid_from: date
    valid_to: date | None
    division_code: str
    finance_division_code: str
    budget_level: str
    parent_id: UUID | None
    superior_id: UUID | None
    superior_name: str | None


@dataclass(frozen=True)
class UnitRow:
    """A unit with all its placements, the newest first; ``depth`` is its place in today's tree."""

    id: UUID
    name: str
    code: str | None
    is_root: bool
    closed_at: datetime | None
    version: int
    placements: list[PlacementRow] = field(default_factory=list)
    depth: int = 0

    def on(self, day: date) -> PlacementRow | None:
        """Return the placement of a day."""
        for row in self.placements:
            if row.valid_from <= day and (row.valid_to is None or row.valid_to >= day):
                return row
        return None


def list_units(organisation_id: int, today: date) -> list[UnitRow]:
    """Return an organisation's units with their placements, each below its parent of today; two statements."""
    units = {
        unit.id: UnitRow(unit.public_id, unit.name, unit.code, unit.is_root, unit.closed_at, unit.version)
        for unit in db.session.scalars(select(Unit).where(Unit.organisation_id == organisation_id).order_by(Unit.id))
    }
    parent, superior = aliased(Unit), aliased(Organisation)
    rows = db.session.execute(
        select(UnitPlacement, parent.public_id, superior.public_id, superior.name)
        .outerjoin(parent, parent.id == UnitPlacement.parent_unit_id)
        .outerjoin(superior, superior.id == UnitPlacement.superior_id)
        .where(UnitPlacement.unit_id.in_(units))
        .order_by(UnitPlacement.valid_from.desc())
    )
    for placement, parent_id, superior_id, superior_name in rows:
        units[placement.unit_id].placements.append(
            PlacementRow(
                placement.valid_from, placement.valid_to, placement.division_code, placement.finance_division_code,
                placement.budget_level, parent_id, superior_id, superior_name,
            )
        )  # fmt: skip
    return _as_tree(list(units.values()), today)


def _as_tree(units: list[UnitRow], today: date) -> list[UnitRow]:
    """Order units parents first, each with its depth."""
    below: dict[UUID | None, list[UnitRow]] = {}
    for unit in units:
        now = unit.on(today)
        below.setdefault(now.parent_id if now else None, []).append(unit)
    found: list[UnitRow] = []

    def climb(parent: UUID | None, depth: int) -> None:
        for unit in below.get(parent, []):
            found.append(
                UnitRow(
                    unit.id, unit.name, unit.code, unit.is_root, unit.closed_at, unit.version, unit.placements, depth
                )
            )
            climb(unit.id, depth + 1)

    climb(None, 0)
    return found


@dataclass(frozen=True)
class RoleHeldRow:
    """A role in a time."""

    role: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class MemberRow:
    """A member as the organisation's administrator sees it; one who has not agreed yet as they were invited."""

    id: UUID
    name: str
    phone: str | None
    email: str | None
    valid_from: date
    valid_to: date | None
    version: int
    has_password: bool
    has_second_factor: bool
    roles: list[RoleHeldRow]
    key: int
    #: The person, and whether the operator has disabled the account.
    user_id: UUID
    is_disabled: bool
    #: Whether the person has an account and has not agreed to the membership yet.
    is_waiting: bool


@dataclass(frozen=True)
class Colleague:
    """Another member of one's organisation."""

    id: UUID
    name: str
    #: The key of the person.
    user_id: int


def list_colleagues(actor: Actor, on: date) -> list[Colleague]:
    """Return the other members of the actor's organisation on a day, by name."""
    rows = db.session.execute(
        select(Membership.public_id, User.name, User.id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organisation_id == actor.organisation_id,
            Membership.waits_since.is_(None),
            Membership.valid_from <= on,
            or_(Membership.valid_to.is_(None), Membership.valid_to >= on),
            User.disabled_at.is_(None),
            User.id != actor.user_id,
        )
        .order_by(User.name, Membership.id)
    )
    return [Colleague(*row) for row in rows]


def list_members(
    organisation_id: int, limit: int, cursor: str | None, *, member: UUID | None = None
) -> Page[MemberRow]:
    """Return an organisation's members, past ones too, the newest last; two statements."""
    after = decode_cursor(cursor, int)
    wanted = (
        select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.organisation_id == organisation_id, Membership.id > (after[0] if after else 0))
        .order_by(Membership.id)
        .limit(limit + 1)
    )
    if member is not None:
        wanted = wanted.where(Membership.public_id == member)
    rows = db.session.execute(wanted).all()
    roles: dict[int, list[RoleHeldRow]] = {membership.id: [] for membership, _ in rows}
    held = select(MembershipRole).where(MembershipRole.membership_id.in_(roles)).order_by(MembershipRole.id)
    for role in db.session.scalars(held):
        roles[role.membership_id].append(RoleHeldRow(role.role, role.valid_from, role.valid_to))
    return make_page([_member_row(m, u, roles[m.id]) for m, u in rows], limit, lambda row: (row.key,))


def _member_row(m: Membership, u: User, roles: list[RoleHeldRow]) -> MemberRow:
    """Return a member; of an account whose owner has not agreed nothing is told but what was typed."""
    row = MemberRow(
        m.public_id, u.name, u.phone, u.email, m.valid_from, m.valid_to, m.version, u.password_hash is not None,
        u.totp_confirmed_at is not None, roles, m.id, u.public_id, u.disabled_at is not None, m.waits_since is not None,
    )  # fmt: skip
    if not row.is_waiting:
        return row
    typed = m.invited_contact or ""
    return replace(
        row, name=m.invited_name or "", phone=None if "@" in typed else typed,
        email=typed if "@" in typed else None, has_password=False, has_second_factor=False, is_disabled=False,
    )  # fmt: skip


@dataclass(frozen=True)
class OrganisationFilter:
    """What the operator looks for."""

    q: str | None = None
    kinds: Sequence[str] = ()
    #: ``unverified``, ``verified`` or ``suspended``.
    statuses: Sequence[str] = ()
    #: Codes of divisions; everything inside them.
    divisions: Sequence[str] = ()


def list_organisations(wanted: OrganisationFilter, limit: int, cursor: str | None) -> Page[Organisation]:
    """Return organisations, the newest first."""
    before = decode_cursor(cursor, int)
    rows = select(Organisation).order_by(Organisation.id.desc()).limit(limit + 1)
    if before:
        rows = rows.where(Organisation.id < before[0])
    if wanted.q:
        text = wanted.q.strip()
        rows = rows.where(
            or_(
                Organisation.name.contains(text, autoescape=True),
                Organisation.credit_code.startswith(text.upper(), autoescape=True),
            )
        )
    if wanted.kinds:
        rows = rows.where(Organisation.kind.in_(wanted.kinds))
    if wanted.divisions:
        rows = rows.where(within(Organisation.division_code, wanted.divisions))
    if wanted.statuses:
        is_so = {
            "suspended": Organisation.suspended_at.is_not(None),
            "verified": Organisation.verified_at.is_not(None),
            "unverified": Organisation.verified_at.is_(None),
        }
        rows = rows.where(or_(*(is_so[status] for status in wanted.statuses)))
    return make_page(db.session.scalars(rows).all(), limit, lambda row: (row.id,))


def list_my_organisations(user_id: int, today: date) -> list[Organisation]:
    """Return the organisations that a person belongs to today."""
    return list(
        db.session.scalars(
            select(Organisation)
            .join(Membership, Membership.organisation_id == Organisation.id)
            .where(
                Membership.user_id == user_id,
                Membership.waits_since.is_(None),
                Membership.valid_from <= today,
                or_(Membership.valid_to.is_(None), Membership.valid_to >= today),
            )
            .order_by(Membership.id)
        )
    )


def list_scopes(organisation_id: int) -> Sequence[AuthorityScope]:
    """Return what an authority's officials see and saw, the newest first."""
    return db.session.scalars(
        select(AuthorityScope)
        .where(AuthorityScope.organisation_id == organisation_id)
        .order_by(AuthorityScope.valid_from.desc(), AuthorityScope.id)
    ).all()


def find_by_credit_code(credit_code: str) -> Organisation | None:
    """Return the organisation with this credit code."""
    return db.session.scalars(select(Organisation).where(Organisation.credit_code == credit_code)).one_or_none()


def division_name(code: str) -> str:
    """Return a division's name, or its code if there is none."""
    return db.session.scalar(select(Division.name).where(Division.code == code)) or code


def count_unverified() -> int:
    """Return how many organisations wait to be verified."""
    return (
        db.session.scalar(select(func.count()).select_from(Organisation).where(Organisation.verified_at.is_(None))) or 0
    )


def role_names(locale: str, *, kind: str | None = None) -> dict[str, str]:
    """Return the names of roles in a language by code, of one kind of organisation or of all."""
    name = Role.name_en if locale == "en" else Role.name_zh
    wanted = select(Role.code, name).order_by(Role.kind, Role.code)
    if kind is not None:
        wanted = wanted.where(Role.kind == kind)
    return {row.code: row[1] for row in db.session.execute(wanted)}


def has_demo() -> bool:
    """Say whether the demo's organisations are there, whose accounts a visitor may use."""
    return db.session.scalar(select(Organisation.id).where(Organisation.is_demo).limit(1)) is not None
