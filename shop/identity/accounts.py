"""What a person edits of themselves, and accounts that the operator closes and opens again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Invalid, NotFound
from shop.i18n import LOCALES, _
from shop.identity import codes, passwords, sessions
from shop.identity.models import Membership, User
from shop.identity.services import end_tokens_of
from shop.outbox.services import publish


class WrongAccountState(Conflict):
    """The account is disabled or enabled already, or it is one's own."""

    code = "wrong-account-state"


class AccountReasonMissing(Invalid):
    """Disabling or enabling an account needs a reason."""

    code = "account-reason-missing"


def edit_profile(actor: Actor, name: str, locale: str) -> User:
    """Change the actor's name and language.

    :raises BadName: if the name is empty or too long.
    """
    user = db.session.get_one(User, actor.user_id)
    user.name = codes.read_name(name)
    user.locale = locale if locale in LOCALES else LOCALES[0]
    audit.record(actor, "identity.profile_edited", "user", user.id)
    return user


def locale_of(user_id: int) -> str:
    """Return the language that a person chose."""
    return db.session.get_one(User, user_id).locale


def get_account(public_id: UUID) -> User:
    """Return a person's account, for those who may know of all.

    :raises NotFound: if there is none.
    """
    found = db.session.scalars(select(User).where(User.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound(_("没有这个账号。"))
    return found


def require_password(actor: Actor, password: str) -> None:
    """Ask for the actor's own password again, before something grave; count the try before.

    :raises WrongPassword: if it is not theirs.
    """
    passwords.require(db.session.get_one(User, actor.user_id).password_hash, password)


def account_of_member(member: UUID) -> UUID:
    """Return whose account a membership of any organisation is of.

    :raises NotFound: if there is no such membership.
    """
    query = select(User.public_id).join(Membership, Membership.user_id == User.id).where(Membership.public_id == member)
    found = db.session.scalar(query)
    if found is None:
        raise NotFound(_("没有此成员。"))
    return found


def disable(actor: Actor, public_id: UUID, *, why: str, now: datetime) -> User:
    """Let nobody sign in with an account: its sessions and tokens end at once, its memberships stay.

    :param now: real time.
    :raises NotFound: if there is none.
    :raises WrongAccountState: if it is disabled, or the actor's own.
    :raises AccountReasonMissing: without a reason.
    """
    user = _lock(public_id, why)
    if user.id == actor.user_id:
        raise WrongAccountState(_("不能停用自己的账号。"))
    if user.disabled_at is not None:
        raise WrongAccountState(_("该账号已停用。"))
    user.disabled_at = now
    sessions.close_all(user.id, now)
    end_tokens_of(user.id, now)
    audit.record(actor, "identity.account_disabled", "user", user.id, why=[None, why.strip()[:500]])
    publish("identity.account_disabled", user_id=user.id)
    return user


def enable(actor: Actor, public_id: UUID, *, why: str) -> User:
    """Let a person sign in again; sessions and tokens that ended stay ended.

    :raises NotFound: if there is none.
    :raises WrongAccountState: if it is not disabled.
    :raises AccountReasonMissing: without a reason.
    """
    user = _lock(public_id, why)
    if user.disabled_at is None:
        raise WrongAccountState(_("该账号没有被停用。"))
    user.disabled_at = None
    audit.record(actor, "identity.account_enabled", "user", user.id, why=[None, why.strip()[:500]])
    return user


def _lock(public_id: UUID, why: str) -> User:
    found = db.session.scalars(
        select(User).where(User.public_id == public_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound(_("没有这个账号。"))
    if not why.strip():
        detail = _("请填写原因。")
        raise AccountReasonMissing(detail, errors=[{"pointer": "#/why", "detail": detail}])
    return found
