"""What happens after identity's events: links and news are sent to the persons concerned."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from flask import current_app

from shop import clock, ratelimit
from shop.db import after_commit, db, transaction
from shop.i18n import _
from shop.identity import codes, contacts, recovery
from shop.identity.models import OneTimeSecret, Organisation, User
from shop.outbox.services import subscribe
from shop.outgoing import Message, send

#: What a changed contact was is known so long, to tell it and to look into a theft.
_CONTACTS_KEPT = timedelta(days=30)


@subscribe("identity.password_reset_asked")
def on_password_reset_asked(*, user_id: int | None, **_rest: object) -> None:
    """Send the link by which a password is set anew."""
    if user_id is None:
        return
    user = db.session.get_one(User, user_id)
    secret = recovery.make_link_secret(user_id, recovery.RESET, clock.real_now())
    link = f"{current_app.config['BASE_URL']}/password-reset/{secret}"
    text = _("您在对口平台申请了重置密码。请在1小时内打开：%(link)s 如非本人操作，请忽略。", link=link)
    _send(user, _("重置密码"), text)


@subscribe("identity.member_invited")
def on_member_invited(*, user_id: int, organisation_id: int, **_rest: object) -> None:
    """Ask who has an account whether they join an organisation; tell others how to choose a password."""
    user = db.session.get_one(User, user_id)
    name = db.session.get_one(Organisation, organisation_id).name
    if user.disabled_at is not None:
        return
    if user.password_hash is not None:
        secret = recovery.make_link_secret(user_id, recovery.JOINING, clock.real_now())
        link = f"{current_app.config['BASE_URL']}/invitations/join/{secret}"
        text = _("%(name)s邀请您以其名义使用对口平台。请在7天内打开并接受或谢绝：%(link)s", name=name, link=link)
    else:
        secret = recovery.make_link_secret(user_id, recovery.INVITATION, clock.real_now())
        link = f"{current_app.config['BASE_URL']}/invitations/{secret}"
        text = _("%(name)s邀请您使用对口平台。请在7天内打开并设置密码：%(link)s", name=name, link=link)
    _send(user, _("加入%(name)s", name=name), text)


@subscribe("identity.second_factor_was_reset")
def on_second_factor_was_reset(*, user_id: int, **_rest: object) -> None:
    """Tell somebody that their second factor was cleared."""
    user = db.session.get_one(User, user_id)
    _send(user, _("两步验证已重置"), _("您在对口平台的两步验证已被管理员重置。如非您要求，请立即联系管理员。"))


@subscribe("identity.token_issued")
def on_token_issued(*, user_id: int, organisation_id: int, name: str, **_rest: object) -> None:
    """Tell somebody that a token was made in their name."""
    user = db.session.get_one(User, user_id)
    where = db.session.get_one(Organisation, organisation_id).name
    text = _(
        "对口平台刚刚以您在%(organisation)s的名义新建了访问令牌“%(name)s”。如非本人操作，请立即修改密码并退出所有设备。",
        organisation=where, name=name,
    )  # fmt: skip
    _send(user, _("新建了访问令牌"), text)


@subscribe("identity.contact_change_asked")
def on_contact_change_asked(*, secret_id: int, **_rest: object) -> None:
    """Send the code that proves a new number or address."""
    made = contacts.make_code(secret_id)
    if made is None:
        return
    where, code = made
    _send_to(
        where, _("验证码"), _("您正在更改对口平台的联系方式，验证码 %(code)s，15分钟内有效。请勿告诉他人。", code=code)
    )


@subscribe("identity.contact_changed")
def on_contact_changed(*, secret_id: int, **_rest: object) -> None:
    """Tell the number or address that was used before."""
    secret = db.session.get_one(OneTimeSecret, secret_id)
    if secret.contact_was:
        text = _("您在对口平台的登录联系方式已更改。如非本人操作，请立即联系平台运营。")
        _send_to(secret.contact_was, _("联系方式已更改"), text)


@subscribe("identity.account_disabled")
def on_account_disabled(*, user_id: int, **_rest: object) -> None:
    """Tell somebody that they cannot sign in any more."""
    user = db.session.get_one(User, user_id)
    _send(user, _("账号已停用"), _("您在对口平台的账号已被平台运营停用。如有疑问，请联系平台运营。"))


def _send_to(contact: str, subject: str, text: str) -> None:
    phone = codes.read_phone(contact)
    message = Message(phone, None if phone else contact, subject, text)
    after_commit(lambda: send(message))


def _send(user: User, subject: str, text: str) -> None:
    """Send once the delivery has committed: by phone if there is a number, else by mail."""
    message = Message(user.phone, None if user.phone else user.email, subject, text)
    after_commit(lambda: send(message))


@shared_task(name="identity.sweep", ignore_result=True)
def sweep() -> None:
    """Forget the counts of tries whose window has ended, and the contacts of old codes."""
    with transaction():
        ratelimit.forget_old_counts(clock.real_now())
        contacts.forget_contacts(clock.real_now() - _CONTACTS_KEPT)
