"""First screens of institution and producer, lists of orders, and the order page that all sides share."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from orders.contracts import lapsing
from orders.desk import budget, columns, piles, queries, todo
from orders.desk.words import words
from orders.invoices import queries as invoices
from orders.ledger import labels
from orders.ledger.reporting import sealed_snapshot
from orders.payments import queries as payments
from orders.payments import receipt_queries, refund_queries
from orders.purchase import again, listing
from orders.purchase.access import get_order, lock_order_by_key
from orders.purchase.listing import OrderFilter
from orders.purchase.schemas import ORDER_STATES
from orders.settlement import queries as settlement
from shop import clock, history
from shop.auth import Actor, requires
from shop.db import transaction
from shop.downloads import answer_sheet, is_sheet_wanted
from shop.errors import Forbidden
from shop.filters import read_day
from shop.i18n import _

bp = Blueprint("desk_pages", __name__, template_folder="templates")
#: Where each kind of organisation works.
DESK_OF = {
    "institution": "desk", "producer": "producer", "agent": "producer", "authority": "official", "operator": "operator",
}  # fmt: skip
_DESKS = "any(desk, producer, official, operator)"
_PAGE = 20
#: States offered by the filter of the lists, in the order of a purchase: what the lists show.
_FILTERS = (
    "to_confirm", "confirmed", "to_sign", "to_ship", "part_shipped", "to_accept", "to_invoice", "to_pay", "done",
    "declined", "lapsed", "cancelled",
)  # fmt: skip


def desk_of(actor: Actor) -> str:
    """Return the first part of the addresses where an actor works."""
    return DESK_OF[actor.organisation_kind]


@bp.get("/desk")
@requires("signed_in")
def show_desk(actor: Actor) -> str:
    """Show an institution what it must do today."""
    if actor.organisation_kind != "institution":
        raise Forbidden(_("采购工作台只对采购单位开放。"))
    at = clock.now()
    may_pay = actor.may("payments:read")
    today = clock.business_day(at)
    sources = _budget_of(actor, today.year) if actor.may("totals:read") else None
    return render_template(
        "desk/desk.html",
        budget=sources,
        measures=labels.WORDS["measure"],
        finished=again.list_finished(actor) if actor.may("basket:edit") else [],
        approve=todo.to_approve(actor, today) if actor.may("procurements:approve") else todo.Procurements(),
        mend=todo.to_mend(actor, today) if actor.may("procurements:create") else todo.Procurements(),
        place=todo.to_place(actor, today) if actor.may("procurements:submit") else todo.Procurements(),
        sign=todo.to_sign(actor, at) if actor.may("contracts:sign") else None,
        witness=todo.to_witness(actor) if actor.may("orders:read") else [],
        accept=todo.to_accept(actor, at) if actor.may("goods:accept") else None,
        check=invoices.count_unchecked(actor, today) if actor.may("invoices:check") else None,
        due=payments.list_due(actor, today, limit=todo.SHOWN).items if may_pay else [],
        owed=payments.owed_fen(actor, today) if may_pay else (0, 0),
        **words(),
    )


def _budget_of(actor: Actor, year: int) -> budget.Budget:
    with sealed_snapshot():
        return budget.budget_of(actor, year)


@bp.get("/producer")
@requires("signed_in")
def show_producer(actor: Actor) -> str:
    """Show a producer what it must ship and when its money is due."""
    if actor.organisation_kind not in ("producer", "agent"):
        raise Forbidden(_("供应商工作台只对供应商开放。"))
    at = clock.now()
    may_see_money = actor.may("payments:read")
    today = clock.business_day(at)
    return render_template(
        "desk/producer.html",
        confirm=todo.to_confirm(actor, at),
        sign=todo.to_sign(actor, at),
        ship=todo.to_ship(actor, at),
        invoice=todo.to_invoice(actor, at) if actor.may("invoices:record") else None,
        receipts=receipt_queries.count_waiting(actor, today) if actor.may("payments:confirm") else None,
        refunds=refund_queries.count_open(actor, today) if may_see_money else (0, 0),
        due=payments.list_due(actor, today, limit=todo.SHOWN).items if may_see_money else [],
        owed=payments.owed_fen(actor, today) if may_see_money else (0, 0),
        payouts=settlement.overview(actor, today) if actor.may("payouts:read") else None,
        low=todo.running_out(actor, at),
        ending=todo.ending_papers(actor, at),
        today=today,
        **words(),
    )


@bp.get("/desk/orders")
@requires("orders:read")
def list_desk_orders(actor: Actor) -> str | Response:
    """List an institution's orders."""
    return _orders(actor, "desk")


@bp.get("/producer/orders")
@requires("orders:read")
def list_producer_orders(actor: Actor) -> str | Response:
    """List a producer's orders."""
    return _orders(actor, "producer")


@bp.get("/<any(official, operator):desk>/orders")
@requires("orders:inspect")
def list_inspected_orders(actor: Actor, desk: str) -> str | Response:
    """List the orders within an official's scope."""
    return _orders(actor, desk)


def _orders(actor: Actor, desk: str) -> str | Response:
    args, status, at = request.args, request.args.get("status", ""), clock.now()
    wanted = OrderFilter(
        statuses=(status,) if status in ORDER_STATES else (), number=args.get("q", "").strip()[:40] or None,
        placed_from=read_day(args.get("placed_from")), placed_to=read_day(args.get("placed_to")),
        party=args.get("party", "").strip()[:40], also=piles.waiting_for(status, actor, at) if status in listing.STAGES else None,
    )  # fmt: skip
    if is_sheet_wanted():
        return answer_sheet(
            _("订单"), "orders", columns.orders(),
            lambda limit, cursor: listing.list_orders(actor, wanted, at=at, limit=limit, cursor=cursor),
        )  # fmt: skip
    page = listing.list_orders(actor, wanted, at=at, limit=_PAGE, cursor=request.args.get("cursor"))
    return render_template("desk/orders.html", page=page, desk=desk, filters=_FILTERS, **words())


@bp.get("/orders/<uuid:order_id>")
@requires("signed_in")
def find_order(actor: Actor, order_id: UUID) -> Response:
    """Send the reader to the order in its own desk."""
    get_order(order_id, actor, clock.now())
    return redirect(url_for("desk_pages.show_order", desk=desk_of(actor), order_id=order_id))


@bp.get(f"/<{_DESKS}:desk>/orders/<uuid:order_id>")
@requires("signed_in")
def show_order(actor: Actor, desk: str, order_id: UUID) -> str | Response:
    """Show an order: what, with whom, how much, the one next step; then all that happened and belongs to it."""
    at = clock.now()
    order = get_order(order_id, actor, at)
    if desk != desk_of(actor):
        return redirect(url_for("desk_pages.show_order", desk=desk_of(actor), order_id=order_id))
    if lapsing.is_overdue(order, at):
        with transaction():
            if not history.is_being_told():
                lapsing.lapse_if_due(lock_order_by_key(order.id), at=at)
    page = queries.get_order_page(order_id, actor, at)
    return render_template(
        "desk/order.html", page=page, order=page.order, desk=desk, today=clock.business_day(at), **words()
    )
