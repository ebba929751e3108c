"""The page of a person's notices, and the count beside its link."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop import clock
from shop.auth import Actor, find_actor, requires
from shop.db import transaction
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.layout import NavItem, add_nav
from shop.notices import queries, services
from shop.notices.views import show
from shop.paging import DEFAULT_LIMIT, Page

bp = Blueprint("notice_pages", __name__, url_prefix="/account/notices", template_folder="templates")


@bp.get("")
@requires("signed_in")
def list_notices(actor: Actor) -> str:
    """Show the person's notices."""
    unread = request.args.get("unread") == "1"
    found = queries.list_notices(actor, DEFAULT_LIMIT, request.args.get("cursor"), unread=unread)
    page = Page([show(notice) for notice in found.items], found.next)
    return render_template("notices/notices.html", page=page)


@bp.get("/<uuid:notice_id>")
@requires("signed_in")
def open_notice(actor: Actor, notice_id: UUID) -> Response:
    """Mark a notice read and lead to where it is about; one of another organisation of the person's: to switching."""
    elsewhere = queries.find_elsewhere(notice_id, actor)
    if elsewhere:
        flash(_("这条通知属于%(organisation)s，请先切换到该单位再打开。", organisation=elsewhere), "warning")
        return redirect(url_for("account_pages.profile"))
    with transaction():
        link = services.mark_read(notice_id, actor, clock.now()).link
    return redirect(link or url_for("notice_pages.list_notices"))


@bp.post("/read-all")
@requires("signed_in")
@idempotent
def read_all(actor: Actor) -> Response:
    """Mark all read."""
    with transaction():
        services.mark_all_read(actor, clock.now())
    return redirect(url_for("notice_pages.list_notices"))


def unread_label() -> str:
    """Return the number of unread notices of who is signed in: ``""`` for none, at most ``99+``."""
    actor = find_actor()
    count = queries.count_unread(actor.user_id) if actor else 0
    return "99+" if count >= queries.MOST_COUNTED else str(count or "")


def init_app(app: Flask) -> None:
    """Add the page to the account's navigation and the count to every page."""
    add_nav(app, NavItem("account", lazy("通知"), "notice_pages.list_notices", None, 10))
    app.jinja_env.globals["unread_notices"] = unread_label
