"""One's own account: profile, organisation switch, password, sessions, second factor, tokens."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from shop import clock
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.i18n import _, remember, select_locale
from shop.identity import accounts, contacts, invitations, listings, recovery, second_factor, sessions, sign_in, tokens
from shop.identity.devices import device_name
from shop.identity.forms import ChangeContactForm, ChangePasswordForm, CodeForm, PasswordForm, ProfileForm, TokenForm
from shop.identity.models import User
from shop.identity.pages import Answer, answer_posted, posted_id
from shop.identity.words import permission_name

bp = Blueprint("account_pages", __name__, url_prefix="/account", template_folder="templates")


def _me(actor: Actor) -> User:
    return db.session.get_one(User, actor.user_id)


@bp.route("", methods=["GET", "POST"])
@requires("signed_in")
def profile(actor: Actor) -> Answer:
    """Show and edit who one is, and choose for which organisation one acts."""
    user = _me(actor)
    form = ProfileForm(obj=user)
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                accounts.edit_profile(actor, form.name.data, form.locale.data)
            flash(_("已保存。"), "success")
            response = make_response(redirect(url_for("account_pages.profile")))
            remember(response, form.locale.data)
            return response
    mine = listings.list_my_organisations(actor.user_id, clock.today())
    waiting = invitations.list_waiting(actor.user_id, clock.today())
    names = listings.role_names(select_locale())
    roles = [names[role] for role in sorted(actor.roles)]
    page = render_template("identity/profile.html", form=form, user=user, mine=mine, roles=roles, waiting=waiting)
    return form.answer(page)


@bp.post("/invitations")
@requires("signed_in")
def answer_invitation(actor: Actor) -> Response:
    """Accept or decline to be a member of an organisation."""
    answer_posted(actor.user_id)
    return redirect(url_for("account_pages.profile"))


@bp.post("/organisation")
@requires("signed_in")
def switch_organisation(actor: Actor) -> Response:
    """Act for another of one's organisations from now on."""
    with transaction():
        sessions.switch_organisation(actor, posted_id("organisation"), clock.today())
    return redirect(url_for("identity_pages.arrive"))


@bp.route("/password", methods=["GET", "POST"])
@requires("signed_in")
def change_password(actor: Actor) -> Answer:
    """Change one's password; the other sessions end."""
    form = ChangePasswordForm()
    if form.validate_on_submit():
        now = clock.real_now()
        with form.refusals():
            with transaction():
                sign_in.count_password_check(actor.user_id, now)
            with transaction():
                recovery.change_password(actor, form.old.data, form.password.data, now)
            flash(_("密码已修改，其他设备已退出登录；访问令牌不受影响。"), "success")
            return redirect(url_for("account_pages.security"))
    return form.answer(render_template("identity/change_password.html", form=form))


@bp.route("/contact", methods=["GET", "POST"])
@requires("signed_in")
def change_contact(actor: Actor) -> Answer:
    """Ask for a code to a new phone number or address."""
    form, now = ChangeContactForm(), clock.real_now()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                sign_in.count_password_check(actor.user_id, now)
            with transaction():
                contacts.ask_change(actor, form.contact.data, form.password.data, now)
            flash(_("验证码已发出，15分钟内有效。"), "success")
            return redirect(url_for("account_pages.confirm_contact"))
    return form.answer(render_template("identity/change_contact.html", form=form, user=_me(actor)))


@bp.route("/contact/code", methods=["GET", "POST"])
@requires("signed_in")
def confirm_contact(actor: Actor) -> Answer:
    """Enter the code that was sent there."""
    form, now = CodeForm(), clock.real_now()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                sign_in.count_code_try(actor.user_id, now)
            with transaction():
                contacts.confirm_change(actor, form.code.data, now)
                sign_in.forgive_codes(actor.user_id, now)
            flash(_("联系方式已更改，其他设备已退出登录。"), "success")
            return redirect(url_for("account_pages.profile"))
    where = contacts.find_waiting(actor.user_id, now)
    return form.answer(render_template("identity/contact_code.html", form=form, where=where))


@bp.get("/security")
@requires("signed_in")
def security(actor: Actor) -> str:
    """Show sessions and second factor."""
    rows = [(row, device_name(row.user_agent)) for row in sessions.list_sessions(actor.user_id, clock.real_now())]
    current = sessions.session_id(actor)
    return render_template("identity/security.html", user=_me(actor), sessions=rows, current=current)


@bp.post("/sessions/<int:key>/close")
@requires("signed_in")
def close_session(actor: Actor, key: int) -> Response:
    """Sign one browser out."""
    with transaction():
        sessions.close_session(actor, key, clock.real_now())
    flash(_("该设备已退出登录。"), "success")
    return redirect(url_for("account_pages.security"))


@bp.post("/sessions/close-all")
@requires("signed_in")
def close_all_sessions(actor: Actor) -> Response:
    """Sign out everywhere, here too; tokens end as well."""
    with transaction():
        recovery.leave_everywhere(actor, clock.real_now())
    flash(_("所有设备都已退出登录，访问令牌已全部撤销。"), "success")
    return redirect(url_for("identity_pages.sign_in"))


@bp.route("/second-factor", methods=["GET", "POST"])
@requires("signed_in")
def set_second_factor(actor: Actor) -> Answer:
    """Set the second factor up: scan, then prove it with a code."""
    form, user, now = CodeForm(), _me(actor), clock.real_now()
    if user.totp_confirmed_at is not None:
        return redirect(url_for("account_pages.security"))
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                sign_in.count_code_try(actor.user_id, now)
            with transaction():
                second_factor.confirm(actor.user_id, form.code.data, now=now)
                sign_in.forgive_codes(actor.user_id, now)
                sessions.note_second_factor(actor, now)
            flash(_("两步验证已启用。"), "success")
            return redirect(url_for("account_pages.security"))
    with transaction():
        enrolment = second_factor.begin(actor.user_id, user.phone or user.email or user.name)
    picture = Markup(enrolment.svg)  # noqa: S704  made by segno from our own address
    page = render_template("identity/second_factor.html", form=form, picture=picture, secret=enrolment.secret)
    return form.answer(page)


@bp.route("/second-factor/remove", methods=["GET", "POST"])
@requires("signed_in")
def remove_second_factor(actor: Actor) -> Answer:
    """Give the second factor up, after the password."""
    form = PasswordForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                sign_in.count_password_check(actor.user_id, clock.real_now())
            with transaction():
                second_factor.remove(actor.user_id, form.password.data)
            flash(_("两步验证已停用。"), "success")
            return redirect(url_for("account_pages.security"))
    return form.answer(render_template("identity/remove_second_factor.html", form=form))


@bp.route("/tokens", methods=["GET", "POST"])
@requires("tokens:manage")
def list_tokens(actor: Actor) -> Answer:
    """List one's tokens, and make one whose secret is shown this once."""
    form, now = TokenForm(), clock.real_now()
    form.scopes.choices = [
        SelectChoice(code, f"{permission_name(code)} ({code})") for code in sorted(actor.permissions)
    ]
    issued = None
    if form.validate_on_submit():
        expires = clock.start_of_day(form.expires_on.data + timedelta(days=1)) if form.expires_on.data else None
        with form.refusals():
            with transaction():
                sign_in.count_password_check(actor.user_id, now)
            with transaction():
                accounts.require_password(actor, form.password.data)
                issued = tokens.issue_own(actor, form.name.data, form.scopes.data, now=now, expires_at=expires)
    secret = issued.secret if issued else None
    page = render_template("identity/tokens.html", form=form, secret=secret, tokens=tokens.list_own(actor, now))
    return form.answer(page)


@bp.post("/tokens/<uuid:token_id>/revoke")
@requires("tokens:manage")
def revoke_token(actor: Actor, token_id: UUID) -> Response:
    """Revoke a token at once."""
    with transaction():
        tokens.revoke(actor, token_id, clock.real_now())
    flash(_("令牌已撤销。"), "success")
    return redirect(url_for("account_pages.list_tokens"))
