"""Memberships that wait for the person: seen, accepted or declined by nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from shop import audit
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.identity.models import Membership, MembershipRole, Organisation


@dataclass(frozen=True)
class Waiting:
    """An organisation that asks a person to be its member."""

    id: UUID
    organisation: str


def list_waiting(user_id: int, today: date) -> list[Waiting]:
    """Return the invitations of a person that wait for an answer, the oldest first."""
    rows = db.session.execute(
        select(Membership.public_id, Organisation.name)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            Membership.user_id == user_id,
            Membership.waits_since.is_not(None),
            or_(Membership.valid_to.is_(None), Membership.valid_to >= today),
        )
        .order_by(Membership.id)
    )
    return [Waiting(*row) for row in rows]


def accept(user_id: int, membership: UUID, today: date) -> None:
    """Become the member that one was asked to be, from today on; days before were nobody's.

    :raises NotFound: if nobody asked this person, or the invitation was answered, taken back or is over.
    """
    waiting = _lock(user_id, membership)
    if waiting.valid_to is not None and waiting.valid_to < today:
        raise NotFound(_("没有这个邀请。"))
    roles = MembershipRole.membership_id == waiting.id
    db.session.execute(delete(MembershipRole).where(roles, MembershipRole.valid_to < today))
    db.session.execute(update(MembershipRole).where(roles, MembershipRole.valid_from < today).values(valid_from=today))
    waiting.valid_from = max(waiting.valid_from, today)
    waiting.waits_since = waiting.invited_name = waiting.invited_contact = None
    audit.record(None, "identity.invitation_accepted", "membership", waiting.id)


def decline(user_id: int, membership: UUID) -> None:
    """Not become a member; the invitation is gone, and the organisation may invite again.

    :raises NotFound: if nobody asked this person, or the invitation was answered or taken back.
    """
    waiting = _lock(user_id, membership)
    drop(waiting)
    audit.record(None, "identity.invitation_declined", "membership", waiting.id)


def drop(waiting: Membership) -> None:
    """Delete a locked membership that nobody has agreed to: nothing was ever done under it."""
    db.session.execute(delete(MembershipRole).where(MembershipRole.membership_id == waiting.id))
    db.session.execute(delete(Membership).where(Membership.id == waiting.id))


def _lock(user_id: int, membership: UUID) -> Membership:
    found = db.session.scalars(
        select(Membership)
        .where(
            Membership.public_id == membership, Membership.user_id == user_id, Membership.waits_since.is_not(None)
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()  # fmt: skip
    if found is None:
        raise NotFound(_("没有这个邀请。"))
    return found
