"""Lists of orders and the whole of one, over the API."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from orders.desk import piles, queries
from orders.desk.queries import OrderPage
from orders.desk.schemas import OrderPageSchema
from orders.purchase import listing
from orders.purchase.answers import OrderAnswer
from orders.purchase.listing import OrderFilter
from orders.purchase.schemas import OrderListSchema, OrderQuery
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.etag import format_etag
from shop.paging import Page

bp = Blueprint("orders", __name__, url_prefix="/api/v1", description="Orders as buyer, producer and officials see them")


@bp.route("/orders")
@requires("signed_in")
@bp.arguments(OrderQuery, location="query")
@bp.response(200, OrderListSchema)
def list_orders(query: dict[str, Any], actor: Actor) -> Page[OrderAnswer]:
    """List the orders that the caller may see, newest first."""
    at = clock.now()
    wanted = OrderFilter(
        statuses=query["status"],
        number=query["number"],
        placed_from=query["placed_from"],
        placed_to=query["placed_to"],
        party=query["party"],
        also=piles.waiting_for(query["waits_for"], actor, at) if query["waits_for"] else None,
    )
    return listing.list_orders(actor, wanted, at=at, limit=query["limit"], cursor=query["cursor"])


@bp.route("/orders/<uuid:order_id>")
@requires("signed_in")
@bp.response(200, OrderPageSchema)
def show_order(actor: Actor, order_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Show an order with its contract, deliveries, papers, timeline, and what the caller can do now."""
    page = queries.get_order_page(order_id, actor, clock.now())
    return _flat(page), {"ETag": format_etag(page.order.version)}


def _flat(page: OrderPage) -> dict[str, Any]:
    order = {field.name: getattr(page.order, field.name) for field in fields(page.order)}
    return {
        **order,
        "payment_state": page.order.payment_state,
        "unpaid_fen": page.order.unpaid_fen,
        "contract": page.contract,
        "shipments": page.shipments,
        "acceptances": page.acceptances,
        "invoices": page.papers.invoices,
        "payments": page.papers.payments,
        "refunds": page.papers.refunds,
        "announcements": page.papers.announcements,
        "timeline": page.timeline,
        "possible": page.possible,
        "next_step": page.step,
    }
