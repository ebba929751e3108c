"""The page that says of each order what its producer gets, when, and why it is this sum."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from orders.ledger.views import XLSX_TYPE, download
from orders.settlement import dues, order_queries
from orders.settlement.labels import words
from shop import clock, sheets
from shop.auth import Actor, requires
from shop.db import snapshot
from shop.errors import NotFound
from shop.i18n import _
from shop.paging import DEFAULT_LIMIT

bp = Blueprint("payout_order_pages", __name__, template_folder="templates")


@bp.get("/<any(producer, operator):desk>/payouts/orders")
@requires("payouts:read")
def list_orders(actor: Actor, desk: str) -> str:
    """Show orders with money to come or to go, and how each sum comes about."""
    today, due_on = clock.today(), _due_on()
    with snapshot():
        page = order_queries.list_orders(
            actor, today, limit=DEFAULT_LIMIT, cursor=request.args.get("cursor"), due_on=due_on
        )
        sums = order_queries.sum_orders(actor, today, due_on)
    return render_template(
        "settlement/orders.html", desk=desk, page=page, sums=sums, today=today, due_on=due_on,
        days=dues.days_on(actor.organisation_id, today), **words(),
    )  # fmt: skip


@bp.get("/<any(producer, operator):desk>/payouts/orders.xlsx")
@requires("payouts:read")
def download_orders(actor: Actor, desk: str) -> Response:  # noqa: ARG001  the desk is the address's
    """Download the same list, all of it."""
    today, due_on = clock.today(), _due_on()
    with snapshot():
        rows = order_queries.list_orders(actor, today, limit=order_queries.MOST_ROWS, due_on=due_on).items
        sums = order_queries.sum_orders(actor, today, due_on)
    titles, table = order_queries.table(rows, today)
    total = order_queries.total_row(sums)
    return download(
        sheets.write_xlsx(titles, table, sheet=_("待结算订单"), total=total), "payout-orders.xlsx", XLSX_TYPE
    )


def _due_on() -> date | None:
    """Return the day that the address asks for.

    :raises NotFound: if it is none.
    """
    written = request.args.get("due", "")
    try:
        return clock.read_day(written) if written else None
    except ValueError as error:
        raise NotFound(_("没有这一页。")) from error
