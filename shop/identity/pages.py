"""Signing in and out, and setting a password by a link."""

from __future__ import annotations

from uuid import UUID

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from shop import clock
from shop.auth import find_actor, public
from shop.db import transaction
from shop.forms import Form
from shop.i18n import COOKIE as LANGUAGE_COOKIE
from shop.i18n import _, remember
from shop.identity import accounts, invitations, known_browsers, listings, recovery, second_factor, sessions
from shop.identity import sign_in as signing
from shop.identity.forms import CodeForm, ContactForm, NewPasswordForm, SignInForm
from shop.identity.loader import COOKIE
from shop.ratelimit import network_of
from shop.returning import local_path

bp = Blueprint("identity_pages", __name__, template_folder="templates")
Answer = Response | str | tuple[str, int, dict[str, str]]

#: Who has given the right password and still owes the second factor: in the signed cookie, for ten minutes.
_PENDING = "pending"
_PENDING_S = 600
#: Where each kind of organisation works.
DESKS = {
    "institution": "/desk", "producer": "/producer", "agent": "/producer", "authority": "/official", "operator": "/operator",
}  # fmt: skip


def _address() -> str:
    return network_of(request.remote_addr)


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Answer:
    """Sign in by phone number or e-mail."""
    form, back = SignInForm(), local_path(request.args.get("next"))
    if find_actor() is not None and request.method == "GET":
        return redirect(back or url_for("identity_pages.arrive"))
    if form.validate_on_submit():
        now, contact = clock.real_now(), form.contact.data
        is_known = known_browsers.is_known(contact)
        with form.refusals():
            with transaction():
                signing.count_try(contact, _address(), now, is_known=is_known)
            with transaction():
                found = signing.check_password(
                    contact, form.password.data, _address(), now=now, today=clock.today(), is_known=is_known
                )
            known = signing.require_known(found)
            session.clear()
            if known.needs_second_factor:
                session[_PENDING] = {"user": known.user_id, "at": now.timestamp(), "next": back}
                response: Response = redirect(url_for("identity_pages.give_code"))
            else:
                response = _enter(known.user_id, back, has_code=False)
            known_browsers.remember(response, contact)
            return response
    shown = current_app.config["DEMO"] and listings.has_demo()
    demo = current_app.extensions["demo_accounts"] if shown else ()
    return form.answer(render_template("identity/sign_in.html", form=form, demo=demo))


@bp.route("/sign-in/code", methods=["GET", "POST"])
@public
def give_code() -> Answer:
    """Give the second factor."""
    form, pending, now = CodeForm(), session.get(_PENDING), clock.real_now()
    if pending is None or now.timestamp() - pending["at"] > _PENDING_S:
        return redirect(url_for("identity_pages.sign_in"))
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                signing.count_code_try(pending["user"], now)
            with transaction():
                second_factor.check(pending["user"], form.code.data, now=now)
                signing.forgive_codes(pending["user"], now)
            session.clear()
            return _enter(pending["user"], pending["next"], has_code=True)
    return form.answer(render_template("identity/code.html", form=form))


def _enter(user_id: int, back: str, *, has_code: bool) -> Response:
    """Begin a fresh session, whatever session the browser had before, and go on."""
    now = clock.real_now()
    with transaction():
        sessions.close_secret(request.cookies.get(COOKIE, ""), now)
        secret = sessions.open_session(
            user_id,
            at=now,
            days=current_app.config["SESSION_DAYS"],
            second_factor_at=now if has_code else None,
            user_agent=request.user_agent.string,
        )
        locale = accounts.locale_of(user_id)
    response = make_response(redirect(back or url_for("identity_pages.arrive")))
    response.set_cookie(
        COOKIE,
        secret,
        max_age=current_app.config["SESSION_DAYS"] * 86_400,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["PRODUCTION"],
    )
    if LANGUAGE_COOKIE not in request.cookies:
        remember(response, locale)
    return response


@bp.get("/arrive")
@public
def arrive() -> Response:
    """Go to the desk of whoever is signed in."""
    actor = find_actor()
    return redirect("/" if actor is None else DESKS[actor.organisation_kind])


@bp.post("/sign-out")
@public
def sign_out() -> Response:
    """End this browser's session."""
    with transaction():
        sessions.close_secret(request.cookies.get(COOKIE, ""), clock.real_now())
    session.clear()
    response = redirect("/")
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=current_app.config["PRODUCTION"])
    return response


@bp.route("/password-reset", methods=["GET", "POST"])
@public
def ask_reset() -> Answer:
    """Have a link sent; the answer is the same whether or not there is such an account."""
    form = ContactForm()
    if form.validate_on_submit():
        with form.refusals():
            with transaction():
                recovery.count_ask(form.contact.data, _address(), clock.real_now())
            with transaction():
                recovery.ask_reset(form.contact.data)
            return render_template("identity/link_sent.html")
    return form.answer(render_template("identity/ask_reset.html", form=form))


@bp.route("/password-reset/<secret>", methods=["GET", "POST"])
@public
def reset_password(secret: str) -> Answer:
    """Set a password by the link that was sent."""
    return _set_password(secret, recovery.RESET, "identity/set_password.html")


@bp.route("/invitations/<secret>", methods=["GET", "POST"])
@public
def accept_invitation(secret: str) -> Answer:
    """Choose a password after an invitation."""
    return _set_password(secret, recovery.INVITATION, "identity/set_password.html")


@bp.route("/invitations/join/<secret>", methods=["GET", "POST"])
@public
def answer_invitations(secret: str) -> Answer:
    """Accept or decline the invitations of somebody who has an account."""
    form, user = Form(), None
    with form.refusals():
        user = recovery.whose_link(secret, recovery.JOINING, clock.real_now())
    if user is not None and form.validate_on_submit():
        with form.refusals():
            answer_posted(user.id)
            return redirect(request.path)
    waiting = invitations.list_waiting(user.id, clock.today()) if user is not None else []
    return form.answer(render_template("identity/join.html", form=form, person=user, waiting=waiting))


def posted_id(name: str) -> UUID:
    """Return the identifier in a hidden field; a forged one is a page that is not there."""
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        abort(404)


def answer_posted(user_id: int) -> None:
    """Accept or decline the posted invitation of a person.

    :raises NotFound: if nobody asked this person, or it was answered or taken back.
    """
    chosen, accepts = posted_id("invitation"), request.form.get("answer") == "accept"
    with transaction():
        if accepts:
            invitations.accept(user_id, chosen, clock.today())
        else:
            invitations.decline(user_id, chosen)
    flash(_("已接受邀请，登录后可以切换到该单位。") if accepts else _("已谢绝邀请。"), "success")


def _set_password(secret: str, purpose: str, page: str) -> Answer:
    form, now, user = NewPasswordForm(), clock.real_now(), None
    with form.refusals():
        user = recovery.whose_link(secret, purpose, now)
    if user is not None and form.validate_on_submit():
        with form.refusals():
            with transaction():
                who = recovery.use_link(secret, purpose, form.password.data, now)
                is_asked = invitations.list_waiting(who.id, clock.today())
                joining = recovery.make_link_secret(who.id, recovery.JOINING, now) if is_asked else None
            if joining:
                return redirect(url_for("identity_pages.answer_invitations", secret=joining))
            flash(_("密码已设置，请登录。"), "success")
            return redirect(url_for("identity_pages.sign_in"))
    return form.answer(render_template(page, form=form, person=user, is_invitation=purpose == recovery.INVITATION))
