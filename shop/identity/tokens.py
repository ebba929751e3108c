"""A member's own API tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select

from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound, Unauthenticated
from shop.i18n import _
from shop.identity.models import ApiToken, Membership
from shop.identity.services import IssuedToken, end_tokens, issue_token
from shop.outbox.services import publish

MAX_TOKENS = 20
ALL = "*"


class ScopeNotHeld(Invalid):
    """A token cannot be given more than its maker may do now."""

    code = "scope-not-held"


class TooManyTokens(Conflict):
    """The member has as many tokens as one may have."""

    code = "too-many-tokens"


def issue_own(
    actor: Actor, name: str, scopes: Iterable[str], *, now: datetime, expires_at: datetime | None = None
) -> IssuedToken:
    """Make a token of the actor's membership, and tell the person; one that a token makes ends with that token.

    :param scopes: permissions that the actor holds now; ``*``, all that the roles give, only from a page.
    :param now: real time.
    :raises ScopeNotHeld: if the actor lacks one.
    :raises Unauthenticated: if the token by which it is made was revoked meanwhile.
    :raises TooManyTokens: from the 21st open token on.
    :raises BadDates: if it would expire before it begins.
    """
    wanted = set(scopes)
    missing = sorted(wanted - actor.permissions - ({ALL} if actor.via.startswith("session:") else set()))
    if missing or not wanted:
        raise ScopeNotHeld(_("不能授予自己没有的权限：%(scopes)s", scopes="、".join(missing) or "—"), scopes=missing)
    db.session.execute(select(Membership.id).where(Membership.id == actor.membership_id).with_for_update())
    if len(list_own(actor, now)) >= MAX_TOKENS:
        raise TooManyTokens(_("最多可有%(most)s个有效令牌，请先撤销不用的。", most=MAX_TOKENS))
    maker = _lock_maker(actor, now)
    if maker is not None and maker.expires_at is not None:
        expires_at = min(expires_at or maker.expires_at, maker.expires_at)
    made_by_id = None if maker is None else maker.id
    issued = issue_token(
        actor.membership_id, name, wanted, at=now, expires_at=expires_at, made_by_id=made_by_id, actor=actor
    )
    publish(
        "identity.token_issued", user_id=actor.user_id, organisation_id=actor.organisation_id, name=issued.token.name
    )
    return issued


def _lock_maker(actor: Actor, now: datetime) -> ApiToken | None:
    """Return the token that the actor came with, which is not revoked while it makes another; none of a browser."""
    if not actor.is_program:
        return None
    maker = db.session.get_one(
        ApiToken, int(actor.via.removeprefix("token:")), with_for_update=True, populate_existing=True
    )
    if maker.revoked_at is not None or (maker.expires_at is not None and maker.expires_at <= now):
        raise Unauthenticated(_("请提供有效的访问令牌。"))
    return maker


def list_own(actor: Actor, now: datetime) -> Sequence[ApiToken]:
    """Return the actor's tokens that work, the newest first."""
    return list_of(actor.membership_id, now)


def list_of(membership_id: int, now: datetime) -> Sequence[ApiToken]:
    """Return a member's tokens that work, the newest first.

    :param now: real time.
    """
    return db.session.scalars(
        select(ApiToken)
        .where(
            ApiToken.membership_id == membership_id,
            ApiToken.revoked_at.is_(None),
            or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
        )
        .order_by(ApiToken.id.desc())
    ).all()


def revoke(actor: Actor, public_id: UUID, now: datetime) -> None:
    """Let one of the actor's tokens work no longer, nor any that was made by it; who manages members may revoke any of the organisation's.

    :raises NotFound: if there is none, or it was revoked.
    """
    membership = select(Membership.id).where(Membership.organisation_id == actor.organisation_id)
    if not actor.may("members:manage"):
        membership = membership.where(Membership.id == actor.membership_id)
    gone = end_tokens(and_(ApiToken.public_id == public_id, ApiToken.membership_id.in_(membership)), now)
    if not gone:
        raise NotFound(_("没有这个令牌。"))
    audit.record(actor, "identity.token_revoked", "api_token", gone[0])
