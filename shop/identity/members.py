"""Members of an organisation: invited, given roles from a day to a day, ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, delete, exists, or_, select, update

from shop import audit, clock, ratelimit
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.i18n import _
from shop.identity import codes, invitations, second_factor, services, sign_in
from shop.identity.models import ApiToken, Membership, MembershipRole, Organisation, User
from shop.identity.places import BadDates
from shop.identity.roles import ADMIN_ROLE
from shop.outbox.services import publish

#: How many people one person may invite in an hour: contacts cannot be walked through to see who has an account.
INVITATIONS, INVITATION_WINDOW = 60, timedelta(hours=1)


class LastAdministrator(Conflict):
    """Nobody would be left who can manage the organisation's members."""

    code = "last-administrator"


def get_member(organisation_id: int, public_id: UUID, *, is_locked: bool = False) -> Membership:
    """Return a membership of an organisation, read anew and locked if asked for.

    :raises NotFound: if there is none there.
    """
    wanted = select(Membership).where(Membership.public_id == public_id)
    if is_locked:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(wanted).one_or_none()
    if found is None or found.organisation_id != organisation_id:
        raise NotFound(_("没有此成员。"))
    return found


def invite(
    actor: Actor,
    name: str,
    contact: str,
    roles: Iterable[str],
    *,
    today: date,
    at: datetime,
    until: date | None = None,
    organisation_id: int | None = None,
) -> Membership:
    """Make somebody a member; who has no account gets one, and a link to choose a password.

    Who has an account is asked first: until they agree the membership gives nothing, and shows only what was typed.

    :param contact: phone number or e-mail; if an account has it, that person.
    :param organisation_id: another organisation than the actor's: for the operator, who appoints its first.
    :raises Forbidden: for the own organisation, or another of its kind, without ``members:manage``.
    :raises BadContact: if ``contact`` is neither.
    :raises AlreadyMember: if the person is one.
    :raises RoleNotHere: if a role is not for this kind of organisation.
    :raises BadDates: if ``until`` lies in the past.
    :raises TooManyTries: from the 61st invitation of a person in an hour on.
    """
    ratelimit.hit(f"invite:{actor.user_id}", INVITATIONS, INVITATION_WINDOW, clock.real_now())
    where = organisation_id or actor.organisation_id
    if actor.organisation_kind == _kind_of(where):
        actor.require("members:manage")
    phone, email = codes.read_contact(contact)
    user = sign_in.find_user(contact)
    asked = None if user is None else services.Invited(codes.read_name(name), phone or email or "", at)
    user = user or services.create_user(name, at=at, phone=phone, email=email)
    membership = services.add_member(user.id, where, since=today, until=until, roles=roles, invited=asked, actor=actor)
    publish("identity.member_invited", user_id=user.id, organisation_id=where)
    return membership


def _kind_of(organisation_id: int) -> str | None:
    return db.session.scalar(select(Organisation.kind).where(Organisation.id == organisation_id))


def give_role(actor: Actor, member: UUID, role: str, *, since: date, today: date, until: date | None) -> Membership:
    """Give a member a role, from today or a later day on.

    :raises BadDates: if it would begin in the past or end before it begins.
    :raises RoleHeld: if the member holds it in part of that time.
    :raises RoleNotHere: if it is not for this kind of organisation.
    """
    if since < today:
        raise BadDates(_("角色只能从今天或以后起授予。"))
    membership = get_member(actor.organisation_id, member)
    services.grant_role(membership.id, role, since=since, until=until, actor=actor)
    return membership


def end_role(actor: Actor, member: UUID, role: str, *, today: date) -> Membership:
    """Take a role away at once; on the days before today it was held.

    :raises NotFound: if the member does not hold it today or later.
    :raises LastAdministrator: if nobody would be left to manage members.
    """
    _lock(actor.organisation_id)
    membership = get_member(actor.organisation_id, member)
    if not _end_roles(membership.id, today, role):
        raise NotFound(_("此成员没有这个角色。"), role=role[:60])
    _require_administrator(actor, today)
    audit.record(actor, "identity.role_ended", "membership", membership.id, role=[role, None])
    return membership


def end_membership(actor: Actor, member: UUID, *, today: date, now: datetime) -> Membership:
    """End a membership at once: its roles and tokens go; on the days before today they were held.

    :param now: real time, at which the tokens end.
    :raises LastAdministrator: if nobody would be left to manage members.
    :raises NotFound: if it has ended before.
    """
    _lock(actor.organisation_id)
    membership = get_member(actor.organisation_id, member, is_locked=True)
    if membership.waits_since is not None:
        invitations.drop(membership)
        audit.record(actor, "identity.invitation_withdrawn", "membership", membership.id)
        return membership
    if membership.valid_to is not None and membership.valid_to < today:
        raise NotFound(_("此人已不是成员。"))
    _end_roles(membership.id, today)
    # A membership that began today keeps this one day, without any role.
    membership.valid_to = max(today - timedelta(days=1), membership.valid_from)
    services.end_tokens(ApiToken.membership_id == membership.id, now)
    db.session.flush()  # so that the check below sees it
    _require_administrator(actor, today)
    audit.record(actor, "identity.membership_ended", "membership", membership.id)
    return membership


def _lock(organisation_id: int) -> None:
    """Let one change of members run at a time: two administrators could end each other."""
    db.session.execute(select(Organisation.id).where(Organisation.id == organisation_id).with_for_update())


def _end_roles(membership_id: int, today: date, role: str | None = None) -> int:
    """End roles that are held today or later; returns how many there were."""
    mine = [
        MembershipRole.membership_id == membership_id,
        or_(MembershipRole.valid_to.is_(None), MembershipRole.valid_to >= today),
    ]
    if role is not None:
        mine.append(MembershipRole.role == role)
    gone = db.session.execute(
        delete(MembershipRole).where(*mine, MembershipRole.valid_from >= today).returning(MembershipRole.id)
    ).all()
    ended = db.session.execute(
        update(MembershipRole).where(*mine).values(valid_to=today - timedelta(days=1)).returning(MembershipRole.id)
    ).all()
    return len(gone) + len(ended)


def _require_administrator(actor: Actor, today: date) -> None:
    """Refuse to leave an organisation without a member who holds its administrator's role today."""
    held = and_(
        MembershipRole.membership_id == Membership.id,
        MembershipRole.role == ADMIN_ROLE[actor.organisation_kind],
        MembershipRole.valid_from <= today,
        or_(MembershipRole.valid_to.is_(None), MembershipRole.valid_to >= today),
    )
    left = select(Membership.id).where(
        Membership.organisation_id == actor.organisation_id,
        Membership.waits_since.is_(None),
        Membership.valid_from <= today,
        or_(Membership.valid_to.is_(None), Membership.valid_to >= today),
        exists().where(held),
        exists().where(User.id == Membership.user_id, User.disabled_at.is_(None)),
    )
    if db.session.scalar(left.limit(1)) is None:
        raise LastAdministrator(_("至少须保留一名管理员。请先为其他成员授予管理员角色。"))


def reset_second_factor(actor: Actor, member: UUID, *, today: date) -> None:
    """Clear a member's lost second factor and tell the person.

    :raises NotYoursToReset: if the person belongs to other organisations too and the actor is not the operator's.
    :raises SecondFactorMissing: if there is none.
    :raises NotFound: if the person has not agreed to the membership yet.
    """
    membership = get_member(actor.organisation_id, member)
    if membership.waits_since is not None:
        raise NotFound(_("此人尚未接受邀请。"))
    second_factor.reset(actor, membership, today=today)
    publish("identity.second_factor_was_reset", user_id=membership.user_id)
