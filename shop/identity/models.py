"""Organisations, units, users, memberships, roles, sessions and tokens."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.db import Base, Dated, PublicId, no_overlap

KINDS = ("institution", "producer", "agent", "authority", "operator")
#: What an institution is; decides direct or helped, and which rules ask for a budget unit.
INSTITUTION_TYPES = ("budget_unit", "school", "hospital", "union", "company", "supermarket", "trader")
DIRECT_TYPES = frozenset({"budget_unit", "school", "hospital", "union"})
BUDGET_LEVELS = ("central", "province", "city", "county", "township", "none")


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """Return the constraint that ``column`` is one of ``values``."""
    listed = ",".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Organisation(PublicId, Base):
    """A legal person (or the operator) with its credit code and seat."""

    __tablename__ = "organisations"

    kind: Mapped[str]
    name: Mapped[str]
    #: 统一社会信用代码, GB 32100-2015, checked by the service.
    credit_code: Mapped[str | None] = mapped_column(unique=True)
    division_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    institution_type: Mapped[str | None]
    address: Mapped[str] = mapped_column(server_default="")
    contact_name: Mapped[str] = mapped_column(server_default="")
    contact_phone: Mapped[str] = mapped_column(server_default="")
    #: Since when its identity is verified; only verified buyers' sales count.
    verified_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    is_demo: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        one_of("kind", KINDS),
        CheckConstraint(
            "institution_type IS NULL OR kind = 'institution'", name="institution_type_only_of_institutions"
        ),
        CheckConstraint(
            "kind <> 'institution' OR institution_type IN "
            "('budget_unit','school','hospital','union','company','supermarket','trader')",
            name="institution_type",
        ),
        Index("ix_organisations_division_code", "division_code", "kind"),
    )


class BankAccount(PublicId, Base):
    """A registered account of an organisation; a contract names the payee's."""

    __tablename__ = "bank_accounts"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    holder: Mapped[str]
    bank: Mapped[str]
    number: Mapped[str]
    is_default: Mapped[bool] = mapped_column(server_default="true")
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        CheckConstraint("NOT is_default OR closed_at IS NULL", name="default_is_open"),
        Index(
            "uq_bank_accounts_default",
            "organisation_id",
            unique=True,
            postgresql_where=text("is_default AND closed_at IS NULL"),
        ),
    )


class AuthorityScope(Dated, Base):
    """What an authority's officials see: by division, or by budget level and superior."""

    __tablename__ = "authority_scopes"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    #: ``division`` or ``budget``.
    kind: Mapped[str]
    division_code: Mapped[str | None] = mapped_column(ForeignKey("divisions.code"))
    budget_level: Mapped[str | None]
    #: Units whose 主管预算单位 is this organisation.
    superior_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))

    __table_args__ = (
        one_of("kind", ("division", "budget")),
        CheckConstraint("kind = 'budget' OR division_code IS NOT NULL", name="division"),
        CheckConstraint("kind = 'division' OR budget_level IS NOT NULL OR superior_id IS NOT NULL", name="budget"),
        no_overlap("authority_scopes", "organisation_id", "kind", "coalesce(division_code, '')"),
    )


class Unit(PublicId, Base):
    """A budget unit or department; every institution has at least its root unit."""

    __tablename__ = "units"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    name: Mapped[str]
    #: The unit's own budget code, if it has one.
    code: Mapped[str | None]
    is_root: Mapped[bool] = mapped_column(server_default="false")
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        UniqueConstraint("organisation_id", "name"),
        Index("uq_units_root", "organisation_id", unique=True, postgresql_where=text("is_root")),
    )


class UnitPlacement(Dated, Base):
    """Where a unit stands in its tree and to whose budget it belongs, from a day to a day."""

    __tablename__ = "unit_placements"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    parent_unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    #: Where it is.
    division_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"))
    #: Whose finance pays it; a municipal hospital in a district counts to the city.
    finance_division_code: Mapped[str] = mapped_column(ForeignKey("divisions.code"), index=True)
    budget_level: Mapped[str]
    #: 主管预算单位.
    superior_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)

    __table_args__ = (
        one_of("budget_level", BUDGET_LEVELS),
        CheckConstraint("parent_unit_id <> unit_id", name="parent"),
        no_overlap("unit_placements", "unit_id"),
    )


class User(PublicId, Base):
    """A person who signs in by phone number or e-mail."""

    __tablename__ = "users"

    name: Mapped[str]
    #: E.164, such as +8613800138000.
    phone: Mapped[str | None] = mapped_column(unique=True)
    #: Lower case.
    email: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    locale: Mapped[str] = mapped_column(server_default="zh_Hans")
    totp_secret: Mapped[str | None]
    totp_confirmed_at: Mapped[datetime | None]
    #: The last time step accepted, so that a code works once.
    totp_last_step: Mapped[int | None]
    #: Since when the operator lets nobody sign in with it.
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (CheckConstraint("phone IS NOT NULL OR email IS NOT NULL", name="reachable"),)


class Membership(PublicId, Dated, Base):
    """A person belongs to an organisation, from a day to a day."""

    __tablename__ = "memberships"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    #: Since when it waits for the person, who had an account before; it gives nothing until they have agreed.
    waits_since: Mapped[datetime | None]
    #: How the person was called by whoever invited them, who sees no more of the account while it waits.
    invited_name: Mapped[str | None]
    invited_contact: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1", default=1)

    user: Mapped[User] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        no_overlap("memberships", "user_id", "organisation_id"),
        CheckConstraint(
            "(waits_since IS NULL) = (invited_name IS NULL) AND (waits_since IS NULL) = (invited_contact IS NULL)",
            name="invited",
        ),
        Index("ix_memberships_waiting", "user_id", postgresql_where=text("waits_since IS NOT NULL")),
    )


class MembershipRole(Dated, Base):
    """A role held from a day to a day; what it may do is in ``role_permissions``."""

    __tablename__ = "membership_roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id"))
    role: Mapped[str] = mapped_column(ForeignKey("roles.code"))
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    __table_args__ = (no_overlap("membership_roles", "membership_id", "role"),)


class Role(Base):
    """A role such as ``institution_approver``; ``kind`` is the organisations it exists in."""

    __tablename__ = "roles"

    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]

    __table_args__ = (one_of("kind", KINDS),)


class RolePermission(Base):
    """Which role holds which permission: data, edited by the operator."""

    __tablename__ = "role_permissions"

    role: Mapped[str] = mapped_column(ForeignKey("roles.code"), primary_key=True)
    permission: Mapped[str] = mapped_column(primary_key=True)


class UserSession(Base):
    """A signed-in browser; the cookie holds a secret of which this is the hash."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    #: The active organisation, switchable.
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id"))
    second_factor_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(server_default="")


class ApiToken(PublicId, Base):
    """A token of a membership; its rights are its scopes and the member's roles now."""

    __tablename__ = "api_tokens"

    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id"), index=True)
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    #: The first characters, to tell tokens apart.
    prefix: Mapped[str]
    #: Permissions, or ``*`` for all the member holds.
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    #: The token by which it was made, and with which it ends; none for one that a person made.
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("api_tokens.id"), index=True)
    last_used_on: Mapped[date | None]


class OneTimeSecret(Base):
    """A code or link sent to a person: password reset, invitation, confirmation of a phone number."""

    __tablename__ = "one_time_secrets"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: ``password_reset``, ``invitation`` or ``confirm_contact``.
    purpose: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    #: Of ``confirm_contact``: the new number or address, and the one before it; forgotten later.
    contact: Mapped[str | None]
    contact_was: Mapped[str | None]
    #: Wrong tries left for a short code.
    tries_left: Mapped[int] = mapped_column(server_default="5")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
