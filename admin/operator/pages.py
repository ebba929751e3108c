"""The operator's first screen."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template

from admin.operator import queries
from shop import clock
from shop.auth import Actor, requires
from shop.errors import Forbidden
from shop.i18n import _, lazy
from shop.layout import NavItem, add_nav

bp = Blueprint("operator_pages", __name__, template_folder="../templates")


def init_app(app: Flask) -> None:
    """Add the desk's first link."""
    add_nav(app, NavItem("operator", lazy("待办"), "operator_pages.dashboard", "orders:inspect", 1))


@bp.get("/operator")
@requires("signed_in")
def dashboard(actor: Actor) -> str:
    """Show what is stuck, with its age, and which acts wait for another person.

    :raises Forbidden: to everybody but the operator's people.
    """
    if actor.organisation_kind != "operator":
        raise Forbidden(_("这里是平台运营的工作台。"))
    return render_template("admin/operator_dashboard.html", queues=queries.queues(actor), now=clock.now())
