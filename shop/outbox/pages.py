"""The operator's page of the outbox: figures, dead letters, and a button that tries again."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop.auth import Actor, requires
from shop.db import transaction
from shop.i18n import _, lazy
from shop.idempotency import idempotent
from shop.layout import NavItem, add_nav
from shop.outbox import queries, services
from shop.paging import DEFAULT_LIMIT

bp = Blueprint("outbox_pages", __name__, url_prefix="/operator/outbox", template_folder="templates")


@bp.get("")
@requires("outbox:manage")
def show_outbox(actor: Actor) -> str:  # noqa: ARG001
    """Show what waits and what has given up."""
    page = queries.list_dead_letters(DEFAULT_LIMIT, request.args.get("cursor"))
    return render_template("outbox/outbox.html", page=page, state=queries.get_state())


@bp.post("/<uuid:event_id>/<subscriber>/retry")
@requires("outbox:manage")
@idempotent
def retry(actor: Actor, event_id: UUID, subscriber: str) -> Response:
    """Give a dead letter ten new tries."""
    with transaction():
        services.revive_dead_letter(event_id, subscriber, actor)
    flash(_("已重新投递。"), "success")
    return redirect(url_for("outbox_pages.show_outbox"))


def init_app(app: Flask) -> None:
    """Add the page to the operator's navigation."""
    add_nav(
        app, NavItem("operator", lazy("事件投递"), "outbox_pages.show_outbox", "outbox:manage", 80, {}, lazy("系统"))
    )
