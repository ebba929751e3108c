"""The basic acts: organisations, people, memberships, roles and tokens come into being."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.geo.models import Division
from shop.i18n import _
from shop.identity import codes, passwords
from shop.identity.models import (
    BUDGET_LEVELS,
    INSTITUTION_TYPES,
    KINDS,
    ApiToken,
    Membership,
    MembershipRole,
    Organisation,
    Role,
    Unit,
    UnitPlacement,
    User,
)

#: Marks our tokens, so that scanners of leaked secrets can know them.
TOKEN_PREFIX = "dk_"  # noqa: S105  not a secret
_MAX_NAME = 120


class UnknownDivision(Invalid):
    """No division has this code."""

    code = "unknown-division"


class BadOrganisation(Invalid):
    """Kind, type or name of an organisation make no sense together."""

    code = "bad-organisation"


class CreditCodeTaken(Conflict):
    """Another organisation is registered with this credit code."""

    code = "credit-code-taken"


class ContactTaken(Conflict):
    """Another account has this phone number or e-mail address."""

    code = "contact-taken"


class AlreadyMember(Conflict):
    """The person is a member in part of that time already."""

    code = "already-member"


class RoleHeld(Conflict):
    """The member holds the role in part of that time already."""

    code = "role-held"


class RoleNotHere(Invalid):
    """No such role, or not for this kind of organisation."""

    code = "role-not-here"


class BadDates(Invalid):
    """An end lies before its start."""

    code = "bad-dates"


@dataclass(frozen=True)
class Place:
    """Where a unit stands and whose budget it is; an empty finance division is the unit's own."""

    division_code: str
    finance_division_code: str = ""
    budget_level: str = "none"
    superior_id: int | None = None


@dataclass(frozen=True)
class NewOrganisation:
    """What an organisation is registered with; ``place`` is where an institution's root unit stands."""

    kind: str
    name: str
    division_code: str
    credit_code: str | None = None
    institution_type: str | None = None
    address: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class IssuedToken:
    """A new token; ``secret`` is shown once and kept nowhere."""

    token: ApiToken
    secret: str


def require_division(code: str) -> None:
    """Refuse a code that no division has.

    :raises UnknownDivision: if so.
    """
    if db.session.get(Division, code) is None:
        raise UnknownDivision(_("没有代码为 %(code)s 的行政区划。", code=code[:12]), division_code=code[:12])


def read_name(text: str) -> str:
    """Return a name without blanks around it.

    :raises BadOrganisation: if it is empty or longer than 120 characters.
    """
    name = " ".join(text.split())
    if not 0 < len(name) <= _MAX_NAME:
        raise BadOrganisation(_("名称必填,最多120个字。"))
    return name


def create_organisation(
    new: NewOrganisation, *, at: datetime, is_verified: bool = False, is_demo: bool = False, actor: Actor | None = None
) -> Organisation:
    """Register an organisation; an institution gets its root unit, placed from the day of ``at``.

    :raises BadOrganisation: if kind, type or name make no sense.
    :raises BadCreditCode: if the check character is wrong.
    :raises CreditCodeTaken: if another organisation has the code.
    :raises UnknownDivision: if no division has the code.
    """
    if new.kind not in KINDS or (new.kind == "institution") != (new.institution_type in INSTITUTION_TYPES):
        raise BadOrganisation(_("单位类型不正确。"))
    require_division(new.division_code)
    organisation = Organisation(
        kind=new.kind,
        name=read_name(new.name),
        division_code=new.division_code,
        credit_code=codes.read_credit_code(new.credit_code) if new.credit_code else None,
        institution_type=new.institution_type,
        address=new.address,
        contact_name=new.contact_name,
        contact_phone=new.contact_phone,
        verified_at=at if is_verified else None,
        is_demo=is_demo,
        created_at=at,
    )
    with refusing(uq_organisations_credit_code=CreditCodeTaken(_("此统一社会信用代码已登记。"))):
        db.session.add(organisation)
    if new.kind == "institution":
        create_root_unit(organisation, new.place or Place(new.division_code), since=clock.business_day(at))
    audit.record(actor, "identity.organisation_created", "organisation", organisation.id, kind=[None, new.kind])
    return organisation


def create_root_unit(organisation: Organisation, place: Place, *, since: date) -> Unit:
    """Create the unit that stands for the whole institution.

    :raises UnknownDivision: if a division of the place does not exist.
    """
    unit = Unit(organisation_id=organisation.id, name=organisation.name, is_root=True)
    db.session.add(unit)
    db.session.flush()  # obtains the unit's key
    db.session.add(make_placement(unit.id, None, place, since=since))
    db.session.flush()  # so that queries in this transaction see the placement
    return unit


def make_placement(unit_id: int, parent_id: int | None, place: Place, *, since: date) -> UnitPlacement:
    """Build the row that places a unit from ``since`` on.

    :raises UnknownDivision: if a division does not exist.
    :raises BadOrganisation: if the budget level is none of the known.
    """
    finance = place.finance_division_code or place.division_code
    for code in {place.division_code, finance}:
        require_division(code)
    if place.budget_level not in BUDGET_LEVELS:
        raise BadOrganisation(_("预算级次不正确。"))
    return UnitPlacement(
        unit_id=unit_id,
        parent_unit_id=parent_id,
        division_code=place.division_code,
        finance_division_code=finance,
        budget_level=place.budget_level,
        superior_id=place.superior_id,
        valid_from=since,
        valid_to=None,
    )


def create_user(
    name: str, *, at: datetime, phone: str | None = None, email: str | None = None, password: str | None = None
) -> User:
    """Register a person, reachable by phone, e-mail or both; without a password nobody can sign in yet.

    :raises BadContact: if a given number or address is none, or both are missing.
    :raises ContactTaken: if another account has it.
    :raises WeakPassword: if the password is too weak.
    """
    number = codes.read_phone(phone) if phone else None
    address = codes.read_email(email) if email else None
    if (phone and not number) or (email and not address) or not (number or address):
        raise codes.BadContact(_("请填写手机号或电子邮箱。"))
    user = User(name=read_name(name), phone=number, email=address, created_at=at)
    if password is not None:
        user.password_hash = passwords.hash_new(password)
    taken = ContactTaken(_("此手机号或邮箱已有账号。"))
    with refusing(uq_users_phone=taken, uq_users_email=taken):
        db.session.add(user)
    return user


def add_member(
    user_id: int,
    organisation_id: int,
    *,
    since: date,
    roles: Iterable[str] = (),
    until: date | None = None,
    unit_id: int | None = None,
    actor: Actor | None = None,
) -> Membership:
    """Make a person a member with roles, from a day to a day.

    :raises BadDates: if the end lies before the start.
    :raises AlreadyMember: if the times overlap with a membership there.
    :raises RoleNotHere: if a role is not for this kind of organisation.
    """
    if until is not None and until < since:
        raise BadDates(_("结束日期不能早于开始日期。"))
    membership = Membership(
        user_id=user_id, organisation_id=organisation_id, unit_id=unit_id, valid_from=since, valid_to=until
    )
    with refusing(ex_memberships_dates=AlreadyMember(_("此人在该时段已是本单位成员。"))):
        db.session.add(membership)
    audit.record(actor, "identity.member_added", "membership", membership.id)
    for role in roles:
        grant_role(membership.id, role, since=since, until=until, actor=actor)
    return membership


def grant_role(
    membership_id: int, role: str, *, since: date, until: date | None = None, actor: Actor | None = None
) -> MembershipRole:
    """Give a member a role from a day to a day.

    :raises NotFound: if there is no such membership.
    :raises RoleNotHere: if the role is not for this kind of organisation.
    :raises RoleHeld: if the member holds it in part of that time.
    :raises BadDates: if the end lies before the start.
    """
    if until is not None and until < since:
        raise BadDates(_("结束日期不能早于开始日期。"))
    membership = db.session.get(Membership, membership_id)
    if membership is None:
        raise NotFound(_("没有此成员。"))
    kind = db.session.scalar(select(Organisation.kind).where(Organisation.id == membership.organisation_id))
    if db.session.scalar(select(Role.kind).where(Role.code == role)) != kind:
        raise RoleNotHere(_("该类单位没有此角色。"), role=role[:60])
    held = MembershipRole(
        membership_id=membership_id,
        role=role,
        granted_by=actor.user_id if actor else None,
        valid_from=since,
        valid_to=until,
    )
    with refusing(ex_membership_roles_dates=RoleHeld(_("此成员在该时段已有此角色。"), role=role)):
        db.session.add(held)
    audit.record(actor, "identity.role_granted", "membership", membership_id, role=[None, role])
    return held


def hash_secret(secret: str) -> bytes:
    """Return what is stored of a random secret; it has 256 bits, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


def issue_token(
    membership_id: int,
    name: str,
    scopes: Iterable[str],
    *,
    at: datetime,
    expires_at: datetime | None = None,
    actor: Actor | None = None,
) -> IssuedToken:
    """Make a token of a membership; its rights are ``scopes`` and the member's roles at the time of use.

    :param scopes: permissions, or ``*`` for all the member holds.
    :param at: real time, as the expiry.
    :raises BadDates: if it would expire before it begins.
    """
    if expires_at is not None and expires_at <= at:
        raise BadDates(_("到期时间须晚于现在。"))
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        membership_id=membership_id,
        name=read_name(name),
        token_hash=hash_secret(secret),
        prefix=secret[:8],
        scopes=sorted(set(scopes)),
        created_at=at,
        expires_at=expires_at,
    )
    db.session.add(token)
    db.session.flush()  # obtains the token's key for the trail
    audit.record(actor, "identity.token_issued", "api_token", token.id)
    return IssuedToken(token, secret)
