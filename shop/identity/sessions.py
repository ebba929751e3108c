"""Signed-in browsers: their rows begin, move to another organisation and end."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update

from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.identity.models import Membership, Organisation, UserSession
from shop.identity.services import hash_secret

_MAX_AGENT = 200
_VIA = "session:"


def open_session(
    user_id: int,
    *,
    at: datetime,
    days: int,
    membership_id: int | None = None,
    second_factor_at: datetime | None = None,
    user_agent: str = "",
) -> str:
    """Begin a session and return the secret for its cookie.

    :param at: real time; the session ends ``days`` later whatever happens.
    """
    secret = secrets.token_urlsafe(32)
    db.session.add(
        UserSession(
            token_hash=hash_secret(secret),
            user_id=user_id,
            membership_id=membership_id,
            second_factor_at=second_factor_at,
            created_at=at,
            last_seen_at=at,
            expires_at=at + timedelta(days=days),
            user_agent=user_agent[:_MAX_AGENT],
        )
    )
    return secret


def session_id(actor: Actor) -> int | None:
    """Return the key of the session that the actor came with, ``None`` for a token."""
    return int(actor.via.removeprefix(_VIA)) if actor.via.startswith(_VIA) else None


def close_secret(secret: str, at: datetime) -> None:
    """End the session with this secret, if there is one; signing out twice is signing out."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.token_hash == hash_secret(secret), UserSession.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def list_sessions(user_id: int, now: datetime) -> Sequence[UserSession]:
    """Return a person's open sessions, the last used first."""
    return db.session.scalars(
        select(UserSession)
        .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None), UserSession.expires_at > now)
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    ).all()


def close_session(actor: Actor, key: int, at: datetime) -> None:
    """End one of the actor's own sessions.

    :raises NotFound: if it is not theirs or has ended.
    """
    ended = db.session.execute(
        update(UserSession)
        .where(UserSession.id == key, UserSession.user_id == actor.user_id, UserSession.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(UserSession.id)
    ).first()
    if ended is None:
        raise NotFound(_("没有这个登录。"))
    audit.record(actor, "identity.session_closed", "user", actor.user_id)


def close_all(user_id: int, at: datetime, *, but: int | None = None) -> None:
    """End all sessions of a person, except ``but``; takes effect with the next request of each."""
    wanted = update(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
    db.session.execute((wanted if but is None else wanted.where(UserSession.id != but)).values(revoked_at=at))


def switch_organisation(actor: Actor, organisation: UUID, today: date) -> None:
    """Let the actor's session act for another of the person's organisations.

    :raises NotFound: if the person is no member there today, or came with a token.
    """
    membership = db.session.scalar(
        select(Membership.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            Organisation.public_id == organisation,
            Membership.user_id == actor.user_id,
            Membership.waits_since.is_(None),
            Membership.valid_from <= today,
            or_(Membership.valid_to.is_(None), Membership.valid_to >= today),
        )
    )
    key = session_id(actor)
    if membership is None or key is None:
        raise NotFound(_("没有这个单位。"))
    db.session.execute(update(UserSession).where(UserSession.id == key).values(membership_id=membership))


def note_second_factor(actor: Actor, at: datetime) -> None:
    """Let the actor's present session count as one with a second factor."""
    db.session.execute(update(UserSession).where(UserSession.id == session_id(actor)).values(second_factor_at=at))
