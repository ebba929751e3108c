"""Signing in: by phone number or e-mail and password, then by second factor where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select

from shop import audit, ratelimit
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _
from shop.identity import codes, passwords
from shop.identity.models import Membership, User

WINDOW = timedelta(minutes=10)
#: Wrong passwords of one account from one address, and of one address behind which many people may sit.
ACCOUNT_TRIES, ADDRESS_TRIES = 8, 60
#: Wrong passwords of one account from all browsers in which nobody has signed in with it before: strangers who try an
#: account from many addresses shut out neither its owner's browser nor, while they are few, another one.
STRANGERS_TRIES = 60
#: Wrong codes of one account.
CODE_TRIES = 6


class WrongCredentials(Invalid):
    """No account with this number or address has this password; which of both is wrong is not said."""

    code = "wrong-credentials"


@dataclass(frozen=True)
class Known:
    """Who has given the right password, and what comes next."""

    user_id: int
    needs_second_factor: bool


def count_try(contact: str, address: str, now: datetime, *, is_known: bool = False) -> None:
    """Count a try before it is made; commit this by itself.

    :param is_known: whether somebody has signed in with this account in this browser before.
    :raises TooManyTries: for this account from this address, this address, or this account from strange browsers.
    """
    key = account_key(contact)
    ratelimit.hit(f"sign_in:account:{key}:{address}", ACCOUNT_TRIES, WINDOW, now)
    ratelimit.hit(f"sign_in:address:{address}", ADDRESS_TRIES, WINDOW, now)
    if not is_known:
        ratelimit.hit(f"sign_in:strangers:{key}", STRANGERS_TRIES, WINDOW, now)


def account_key(contact: str) -> str:
    """Return a number or address in the one form by which its tries are counted."""
    return codes.read_phone(contact) or codes.read_email(contact) or contact.strip().lower()[:200]


def find_user(contact: str) -> User | None:
    """Return the person with this phone number or e-mail address."""
    phone, email = codes.read_phone(contact), codes.read_email(contact)
    if phone is None and email is None:
        return None
    return db.session.scalars(select(User).where(User.phone == phone if phone else User.email == email)).one_or_none()


def check_password(
    contact: str, password: str, address: str, *, now: datetime, today: date, is_known: bool = False
) -> Known | None:
    """Find the account and check its password; takes as long when there is no such account.

    Returns ``None`` if account or password are wrong, or the account may not sign in: that is written into the trail,
    under the account if there is one. Refuse after the commit, by :func:`require_known`.
    """
    user = find_user(contact)
    is_right = passwords.verify(user.password_hash if user else None, password)
    if user is None or not is_right or user.disabled_at is not None or not _is_member_of_any(user.id, today):
        # Without an account too, so that it takes as long.
        audit.record(None, "identity.sign_in_refused", "user", user.id if user else None)
        return None
    if user.password_hash and passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hash_new(password)
    ratelimit.forgive(f"sign_in:account:{account_key(contact)}:{address}", now)
    ratelimit.forgive(f"sign_in:address:{address}", now, tries=1)
    if not is_known:
        ratelimit.forgive(f"sign_in:strangers:{account_key(contact)}", now, tries=1)
    audit.record(None, "identity.password_accepted", "user", user.id)
    return Known(user.id, user.totp_confirmed_at is not None)


def require_known(known: Known | None) -> Known:
    """Return who has given the right password.

    :raises WrongCredentials: if nobody has.
    """
    if known is None:
        raise WrongCredentials(_("账号或密码不正确。"))
    return known


def _is_member_of_any(user_id: int, today: date) -> bool:
    found = select(Membership.id).where(
        Membership.user_id == user_id,
        Membership.waits_since.is_(None),
        Membership.valid_from <= today,
        or_(Membership.valid_to.is_(None), Membership.valid_to >= today),
    )
    return db.session.scalar(found.limit(1)) is not None


def count_code_try(user_id: int, now: datetime) -> None:
    """Count a try of a second factor before it is made; commit this by itself.

    :raises TooManyTries: for this account.
    """
    ratelimit.hit(f"second_factor:{user_id}", CODE_TRIES, WINDOW, now)


def forgive_codes(user_id: int, now: datetime) -> None:
    """Forget the wrong codes of an account after a right one."""
    ratelimit.forgive(f"second_factor:{user_id}", now)


def count_password_check(user_id: int, now: datetime) -> None:
    """Count an asking for one's own password again; commit this by itself.

    :raises TooManyTries: for this account.
    """
    ratelimit.hit(f"password_again:{user_id}", ACCOUNT_TRIES, WINDOW, now)
