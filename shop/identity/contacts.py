"""Another phone number or e-mail address for one's account: proved by a code sent there, told to the one before."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update

from shop import audit
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _
from shop.identity import codes, passwords, sessions, sign_in
from shop.identity.models import OneTimeSecret, User
from shop.identity.recovery import forget_secrets
from shop.identity.services import ContactTaken, hash_secret
from shop.outbox.services import publish

PURPOSE = "confirm_contact"
#: How long a code is good for.
LIFETIME = timedelta(minutes=15)
_DIGITS = 6


class WrongContactCode(Invalid):
    """The code that was sent to a new number or address is wrong, used or too old."""

    code = "wrong-contact-code"


def ask_change(actor: Actor, contact: str, password: str, now: datetime) -> None:
    """Have a code sent to a new phone number or address; until it is entered nothing changes.

    :param now: real time.
    :raises WrongPassword: if ``password`` is not the actor's.
    :raises BadContact: if ``contact`` is neither.
    :raises ContactTaken: if an account has it.
    """
    user = db.session.get_one(User, actor.user_id)
    passwords.require(user.password_hash, password)
    phone, email = codes.read_contact(contact)
    if sign_in.find_user(contact) is not None:
        raise ContactTaken(_("此手机号或邮箱已有账号。"))
    forget_open(user.id, now)
    secret = OneTimeSecret(
        purpose=PURPOSE, user_id=user.id, contact=phone or email, created_at=now, expires_at=now + LIFETIME,
        secret_hash=hash_secret(secrets.token_urlsafe(32)),
    )  # fmt: skip
    db.session.add(secret)
    db.session.flush()  # obtains the key by which the code is made, where it is sent
    audit.record(actor, "identity.contact_change_asked", "user", user.id)
    publish("identity.contact_change_asked", secret_id=secret.id)


def forget_open(user_id: int, now: datetime) -> None:
    """Let earlier codes of a person be no longer good."""
    db.session.execute(
        update(OneTimeSecret)
        .where(OneTimeSecret.user_id == user_id, OneTimeSecret.purpose == PURPOSE, OneTimeSecret.used_at.is_(None))
        .values(used_at=now)
    )


def make_code(secret_id: int) -> tuple[str, str] | None:
    """Return where a fresh code is to be sent, and the code; ``None`` if nobody waits for it any more."""
    secret = db.session.get(OneTimeSecret, secret_id, with_for_update=True, populate_existing=True)
    if secret is None or secret.used_at is not None or not secret.contact:
        return None
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"
    secret.secret_hash = _hash(secret, code)
    return secret.contact, code


def find_waiting(user_id: int, now: datetime) -> str | None:
    """Return the number or address for which a code is waited for."""
    row = _open(user_id, now)
    return row.contact if row is not None else None


def confirm_change(actor: Actor, code: str, now: datetime) -> None:
    """Take the new number or address for the old one of its kind, if the code is right; other sessions and open links end.

    Count the try before, in a transaction of its own.

    :raises WrongContactCode: if it is wrong, used or too old; nothing changes.
    :raises ContactTaken: if an account has got it meanwhile.
    """
    secret = _open(actor.user_id, now)
    given = "".join(code.split())
    if secret is None or not secrets.compare_digest(secret.secret_hash, _hash(secret, given)):
        raise WrongContactCode(_("验证码不正确或已过期。"))
    user = db.session.get_one(User, actor.user_id, with_for_update=True, populate_existing=True)
    column = "phone" if codes.read_phone(secret.contact or "") else "email"
    secret.used_at, secret.contact_was = now, getattr(user, column) or user.phone or user.email
    taken = ContactTaken(_("此手机号或邮箱已有账号。"))
    with refusing(uq_users_phone=taken, uq_users_email=taken):
        setattr(user, column, secret.contact)
    forget_secrets(user.id, now)
    sessions.close_all(user.id, now, but=sessions.session_id(actor))
    audit.record(actor, "identity.contact_changed", "user", user.id, fields=[column])
    publish("identity.contact_changed", secret_id=secret.id)


def forget_contacts(before: datetime) -> None:
    """Delete what old codes tell of numbers and addresses."""
    db.session.execute(
        update(OneTimeSecret)
        .where(OneTimeSecret.purpose == PURPOSE, OneTimeSecret.created_at < before, OneTimeSecret.contact.is_not(None))
        .values(contact=None, contact_was=None)
    )


def _open(user_id: int, now: datetime) -> OneTimeSecret | None:
    return db.session.scalars(
        select(OneTimeSecret)
        .where(
            OneTimeSecret.user_id == user_id, OneTimeSecret.purpose == PURPOSE, OneTimeSecret.used_at.is_(None),
            OneTimeSecret.expires_at > now,
        )
        .order_by(OneTimeSecret.id.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()  # fmt: skip


def _hash(secret: OneTimeSecret, code: str) -> bytes:
    return hash_secret(f"{secret.id}:{secret.contact}:{code}")
