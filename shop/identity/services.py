"""The basic acts: people, memberships, roles and tokens come into being."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select, update

from shop import audit
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.i18n import _
from shop.identity import codes, passwords
from shop.identity.models import ApiToken, Membership, MembershipRole, Organisation, Role, User
from shop.identity.organisations import NewOrganisation, create_organisation
from shop.identity.places import BadDates, Place

#: Marks our tokens, so that scanners of leaked secrets can know them.
TOKEN_PREFIX = "dk_"  # noqa: S105  not a secret


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


@dataclass(frozen=True)
class IssuedToken:
    """A new token; ``secret`` is shown once and kept nowhere."""

    token: ApiToken
    secret: str


@dataclass(frozen=True)
class Invited:
    """How somebody who has an account was called by whoever invited them, and when."""

    name: str
    #: Phone number or e-mail address, in its one form.
    contact: str
    at: datetime


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
        raise codes.BadContact(_("请填写手机号或邮箱。"))
    user = User(name=codes.read_name(name), phone=number, email=address, created_at=at)
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
    invited: Invited | None = None,
    actor: Actor | None = None,
) -> Membership:
    """Make a person a member with roles, from a day to a day.

    :param invited: given if the person has to agree before it gives anything.
    :raises BadDates: if the end lies before the start.
    :raises AlreadyMember: if the times overlap with a membership there.
    :raises RoleNotHere: if a role is not for this kind of organisation.
    """
    if until is not None and until < since:
        raise BadDates(_("结束日期不能早于开始日期。"))
    membership = Membership(
        user_id=user_id, organisation_id=organisation_id, unit_id=unit_id, valid_from=since, valid_to=until
    )
    if invited is not None:
        membership.waits_since, membership.invited_name = invited.at, invited.name
        membership.invited_contact = invited.contact
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


def roles_of(membership_id: int, on: date) -> set[str]:
    """Return the roles that a member holds on a day."""
    held = select(MembershipRole.role).where(
        MembershipRole.membership_id == membership_id,
        MembershipRole.valid_from <= on,
        or_(MembershipRole.valid_to.is_(None), MembershipRole.valid_to >= on),
    )
    return set(db.session.scalars(held))


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
    made_by_id: int | None = None,
    actor: Actor | None = None,
) -> IssuedToken:
    """Make a token of a membership; its rights are ``scopes`` and the member's roles at the time of use.

    :param scopes: permissions, or ``*`` for all the member holds.
    :param at: real time, as the expiry.
    :param made_by_id: the token by which it is made, and with which it ends.
    :raises BadDates: if it would expire before it begins.
    """
    if expires_at is not None and expires_at <= at:
        raise BadDates(_("到期时间须晚于现在。"))
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        membership_id=membership_id,
        name=codes.read_name(name),
        token_hash=hash_secret(secret),
        prefix=secret[:8],
        scopes=sorted(set(scopes)),
        created_at=at,
        expires_at=expires_at,
        made_by_id=made_by_id,
    )
    db.session.add(token)
    db.session.flush()  # obtains the token's key for the trail
    audit.record(actor, "identity.token_issued", "api_token", token.id)
    return IssuedToken(token, secret)


def end_tokens(which: ColumnElement[bool], now: datetime) -> list[int]:
    """Revoke the open tokens that ``which`` means, and those that were made by them; returns the keys of the first.

    Each round waits for who is making a token by one of them, and so sees what was made meanwhile.
    """
    end = update(ApiToken).values(revoked_at=now).where(ApiToken.revoked_at.is_(None)).returning(ApiToken.id)
    end = end.execution_options(synchronize_session=False)
    ended = list(db.session.scalars(end.where(which)))
    made = ended
    while made:
        made = list(db.session.scalars(end.where(ApiToken.made_by_id.in_(made))))
    return ended


def end_tokens_of(user_id: int, now: datetime) -> int:
    """Revoke all tokens of a person, in all their organisations; returns how many were open.

    :param now: real time.
    """
    mine = select(Membership.id).where(Membership.user_id == user_id)
    return len(end_tokens(ApiToken.membership_id.in_(mine), now))


__all__ = [
    "TOKEN_PREFIX", "AlreadyMember", "BadDates", "ContactTaken", "Invited", "IssuedToken", "NewOrganisation", "Place", "RoleHeld",
    "RoleNotHere", "add_member", "create_organisation", "create_user", "end_tokens", "end_tokens_of", "grant_role", "hash_secret", "issue_token", "roles_of",
]  # fmt: skip
