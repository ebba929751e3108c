"""The auditors' page of the trail."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template, request

from shop import clock
from shop.auth import Actor, requires
from shop.i18n import lazy
from shop.layout import NavItem, add_nav
from shop.paging import DEFAULT_LIMIT
from shop.trail import queries
from shop.trail.forms import TrailForm

bp = Blueprint("trail_pages", __name__, url_prefix="/operator/audit", template_folder="templates")


@bp.get("")
@requires("audit:read")
def show_trail(actor: Actor) -> str:  # noqa: ARG001
    """Show who did what, with filters in the address."""
    form = TrailForm(request.args)
    form.validate()
    page = queries.list_entries(form.wanted(), DEFAULT_LIMIT, request.args.get("cursor"))
    return render_template("trail/trail.html", page=page, form=form, today=clock.today())


def init_app(app: Flask) -> None:
    """Add the page to the operator's navigation."""
    add_nav(app, NavItem("operator", lazy("操作记录"), "trail_pages.show_trail", "audit:read", 90, {}, lazy("系统")))
