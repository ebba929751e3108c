"""The second factor: codes of an authenticator app (TOTP, RFC 6238), each good once."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime

import pyotp
import segno
from sqlalchemy import or_, select, text

from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict, Invalid
from shop.i18n import _
from shop.identity import passwords
from shop.identity.models import Membership, User

STEP_S = 30
ISSUER = "对口"


class WrongCode(Invalid):
    """The code is wrong, too old, or was used before."""

    code = "wrong-code"


class SecondFactorSet(Conflict):
    """The account has a second factor already."""

    code = "second-factor-set"


class SecondFactorMissing(Conflict):
    """The account has no second factor, or has not begun to set one up."""

    code = "second-factor-missing"


class NotYoursToReset(Conflict):
    """The person also belongs to other organisations; the operator resets it."""

    code = "not-yours-to-reset"


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs: the key to type, or the picture to scan."""

    secret: str
    svg: str


def begin(user_id: int, account: str) -> Enrolment:
    """Choose a key for the account, or show the one that was chosen and not confirmed yet.

    :raises SecondFactorSet: if one is confirmed.
    """
    user = db.session.get_one(User, user_id)
    if user.totp_confirmed_at is not None:
        raise SecondFactorSet(_("已启用两步验证。"))
    if user.totp_secret is None:
        user.totp_secret = pyotp.random_base32()
    address = pyotp.TOTP(user.totp_secret).provisioning_uri(name=account, issuer_name=ISSUER)
    picture = io.BytesIO()
    segno.make(address, error="m").save(picture, kind="svg", scale=5, border=3, xmldecl=False, svgns=True, nl=False)
    return Enrolment(user.totp_secret, picture.getvalue().decode())


def confirm(user_id: int, code: str, *, now: datetime) -> None:
    """Require the second factor from now on, after a first right code.

    :raises SecondFactorMissing: if none was begun.
    :raises SecondFactorSet: if one is confirmed.
    :raises WrongCode: if the code is wrong.
    """
    user = db.session.get_one(User, user_id)
    if user.totp_confirmed_at is not None:
        raise SecondFactorSet(_("已启用两步验证。"))
    check(user_id, code, now=now)
    user.totp_confirmed_at = now
    audit.record(None, "identity.second_factor_set", "user", user_id)


def check(user_id: int, code: str, *, now: datetime) -> None:
    """Accept a code of the present half minute or a neighbour, once.

    :param now: real time.
    :raises SecondFactorMissing: if the account has no key.
    :raises WrongCode: if it is wrong or was used.
    """
    user = db.session.get_one(User, user_id)
    if user.totp_secret is None:
        raise SecondFactorMissing(_("尚未设置两步验证。"))
    totp = pyotp.TOTP(user.totp_secret)
    present = int(now.timestamp()) // STEP_S
    digits = "".join(code.split())
    steps = [s for s in (present - 1, present, present + 1) if pyotp.utils.strings_equal(totp.generate_otp(s), digits)]
    used = text("""UPDATE users SET totp_last_step = :step WHERE id = :id AND coalesce(totp_last_step, 0) < :step
                   RETURNING 1""")
    if not steps or db.session.execute(used, {"step": steps[-1], "id": user_id}).first() is None:
        raise WrongCode(_("验证码不正确或已用过，请等下一个。"))
    db.session.refresh(user, ["totp_last_step"])


def remove(user_id: int, password: str) -> None:
    """Give the second factor up; the password is asked for again.

    :raises WrongPassword: if it is wrong.
    :raises SecondFactorMissing: if there is none.
    """
    user = db.session.get_one(User, user_id)
    if user.totp_confirmed_at is None:
        raise SecondFactorMissing(_("尚未设置两步验证。"))
    passwords.require(user.password_hash, password)
    _clear(user)
    audit.record(None, "identity.second_factor_removed", "user", user_id)


def reset(actor: Actor, membership: Membership, *, today: date) -> None:
    """Clear a member's lost second factor, so that it can be set up anew at the next sign-in.

    :raises NotYoursToReset: if the person belongs to other organisations and the actor is not the operator's.
    :raises SecondFactorMissing: if there is none.
    """
    others = select(Membership.id).where(
        Membership.user_id == membership.user_id,
        Membership.organisation_id != actor.organisation_id,
        Membership.waits_since.is_(None),
        or_(Membership.valid_to.is_(None), Membership.valid_to >= today),
    )
    if not actor.may("organisations:verify") and db.session.scalar(others.limit(1)) is not None:
        raise NotYoursToReset(_("此人还属于其他单位，请由平台运营重置。"))
    user = db.session.get_one(User, membership.user_id)
    if user.totp_confirmed_at is None:
        raise SecondFactorMissing(_("此人没有启用两步验证。"))
    _clear(user)
    audit.record(actor, "identity.second_factor_reset", "user", user.id)


def _clear(user: User) -> None:
    user.totp_secret = user.totp_confirmed_at = user.totp_last_step = None
