"""The page on which producers and buyers read what the platform looks into of their orders' money."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from orders.reconciliation import own_queries
from orders.reconciliation.own_labels import STATES
from shop import clock
from shop.auth import Actor, requires
from shop.paging import DEFAULT_LIMIT

bp = Blueprint("own_exception_pages", __name__, template_folder="templates")


@bp.get("/<any(desk, producer):desk>/exceptions")
@requires("payments:read")
def list_own(actor: Actor, desk: str) -> str:
    """Show what waits, or what was closed."""
    closed = request.args.get("status") == "closed"
    page = own_queries.list_own(
        actor, clock.today(), limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"), closed=closed
    )
    return render_template("reconciliation/own.html", desk=desk, page=page, closed=closed, states=STATES)
