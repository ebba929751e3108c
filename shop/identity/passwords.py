"""Hashing and judging passwords."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shop.errors import Invalid
from shop.i18n import _

MIN_LENGTH, MAX_LENGTH = 10, 128
#: RFC 9106's second choice, for machines with little memory: 64 MiB would let few sign-ins exhaust a small server.
_hasher = PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1)
#: Checked when no such account exists, so that the answer takes as long.
_NOBODY = _hasher.hash("nobody has this password")
_COMMON = frozenset(
    {"1234567890", "0123456789", "12345678910", "qwertyuiop", "password123", "1q2w3e4r5t", "abcd123456"}
)


class WeakPassword(Invalid):
    """A password that is too short, too long or among the first to be guessed."""

    code = "weak-password"


def _fold(password: str) -> str:
    """Return the form in which one password is the same on every keyboard."""
    return unicodedata.normalize("NFKC", password)


def hash_new(password: str) -> str:
    """Return the hash of a new password.

    :raises WeakPassword: under 10 or over 128 characters, one repeated character, or a common one.
    """
    folded = _fold(password)
    if not MIN_LENGTH <= len(folded) <= MAX_LENGTH:
        raise WeakPassword(_("密码须为10至128个字符。"))
    if len(set(folded)) < 4 or folded.lower() in _COMMON:  # noqa: PLR2004
        raise WeakPassword(_("这个密码太容易被猜到，请换一个。"))
    return _hasher.hash(folded)


def verify(password_hash: str | None, password: str) -> bool:
    """Say whether the password is right; takes as long for nobody's hash as for somebody's."""
    folded = _fold(password)[: MAX_LENGTH + 1]
    try:
        return _hasher.verify(password_hash or _NOBODY, folded) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Say whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


class WrongPassword(Invalid):
    """The present password, asked for again, is wrong."""

    code = "wrong-password"


def require(password_hash: str | None, password: str) -> None:
    """Refuse unless the password is right.

    :raises WrongPassword: if it is not.
    """
    if not verify(password_hash, password):
        raise WrongPassword(_("当前密码不正确。"))
