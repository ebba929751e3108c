"""Setting a password: changed by its owner, reset by a link, chosen by somebody invited."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import text

from shop import audit, ratelimit
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _
from shop.identity import codes, passwords, sessions, sign_in
from shop.identity.models import OneTimeSecret, User
from shop.identity.services import end_tokens_of, hash_secret
from shop.outbox.services import publish

RESET, INVITATION, JOINING = "password_reset", "invitation", "joining"
#: How long a link is good for.
LIFETIMES = {RESET: timedelta(hours=1), INVITATION: timedelta(days=7), JOINING: timedelta(days=7)}
ASK_TRIES, ASK_WINDOW = 3, timedelta(minutes=15)


class BadLink(Invalid):
    """The link was used, has expired, or never was one."""

    code = "bad-link"


def change_password(actor: Actor, old: str, new: str, at: datetime) -> None:
    """Change the actor's own password; all other sessions, open links and codes end. Tokens stay.

    :raises WrongPassword: if ``old`` is wrong.
    :raises WeakPassword: if ``new`` is too weak.
    """
    user = db.session.get_one(User, actor.user_id)
    passwords.require(user.password_hash, old)
    user.password_hash = passwords.hash_new(new)
    forget_secrets(user.id, at)
    sessions.close_all(user.id, at, but=sessions.session_id(actor))
    audit.record(actor, "identity.password_changed", "user", user.id)


def forget_secrets(user_id: int, now: datetime) -> None:
    """Let every link and code that was sent to a person before be no longer good."""
    forget = text("UPDATE one_time_secrets SET used_at = :now WHERE user_id = :user AND used_at IS NULL")
    db.session.execute(forget, {"now": now, "user": user_id})


def leave_everywhere(actor: Actor, now: datetime) -> None:
    """End all sessions and tokens of the actor, this one too.

    :param now: real time.
    """
    sessions.close_all(actor.user_id, now)
    ended = end_tokens_of(actor.user_id, now)
    audit.record(actor, "identity.left_everywhere", "user", actor.user_id, tokens=[ended, 0])


def count_ask(contact: str, address: str, now: datetime) -> None:
    """Count an asking for a link before it is answered; commit this by itself.

    :raises TooManyTries: for this account or this address.
    """
    key = codes.read_phone(contact) or codes.read_email(contact) or contact.strip().lower()[:200]
    ratelimit.hit(f"reset:account:{key}", ASK_TRIES, ASK_WINDOW, now)
    ratelimit.hit(f"reset:address:{address}", ASK_TRIES * 5, ASK_WINDOW, now)


def ask_reset(contact: str) -> None:
    """Have a link sent to the account with this number or address; says nothing about whether there is one.

    The same happens either way: an event, from which the link is made later, where nobody watches the time.
    """
    user = sign_in.find_user(contact)
    publish("identity.password_reset_asked", user_id=user.id if user and user.disabled_at is None else None)


def make_link_secret(user_id: int, purpose: str, now: datetime) -> str:
    """Return a fresh secret for a link; earlier ones of its purpose are no longer good."""
    forget = text("""UPDATE one_time_secrets SET used_at = :now
                     WHERE user_id = :user AND purpose = :purpose AND used_at IS NULL""")
    db.session.execute(forget, {"now": now, "user": user_id, "purpose": purpose})
    secret = secrets.token_urlsafe(32)
    db.session.add(
        OneTimeSecret(
            purpose=purpose,
            user_id=user_id,
            secret_hash=hash_secret(secret),
            created_at=now,
            expires_at=now + LIFETIMES[purpose],
        )
    )
    return secret


_GOOD = "secret_hash = :hash AND purpose = :purpose AND used_at IS NULL AND expires_at > :now"


def whose_link(secret: str, purpose: str, now: datetime) -> User:
    """Return the person a link was made for, without using it.

    :raises BadLink: if it is not good.
    """
    values = {"hash": hash_secret(secret), "purpose": purpose, "now": now}
    user_id = db.session.execute(text(f"SELECT user_id FROM one_time_secrets WHERE {_GOOD}"), values).scalar()
    if user_id is None:
        raise BadLink(_("链接无效、已使用或已过期，请重新获取。"))
    return db.session.get_one(User, user_id)


def use_link(secret: str, purpose: str, password: str, now: datetime) -> User:
    """Set the password by a link; works once, and ends every session, token and other open link of the person.

    :raises BadLink: if it is not good.
    :raises WeakPassword: if the password is too weak; the link stays good.
    """
    hashed = passwords.hash_new(password)
    use = text(f"UPDATE one_time_secrets SET used_at = :now WHERE {_GOOD} RETURNING user_id")
    values = {"hash": hash_secret(secret), "purpose": purpose, "now": now}
    user_id = db.session.execute(use, values).scalar()
    if user_id is None:
        raise BadLink(_("链接无效、已使用或已过期，请重新获取。"))
    user = db.session.get_one(User, user_id)
    user.password_hash = hashed
    forget_secrets(user.id, now)
    sessions.close_all(user.id, now)
    end_tokens_of(user.id, now)
    audit.record(None, "identity.password_set", "user", user.id, purpose=purpose)
    return user
