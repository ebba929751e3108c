"""Invoices over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.invoices import queries, services
from orders.invoices.queries import InvoiceRow
from orders.invoices.schemas import (
    CheckInvoiceSchema,
    InvoicePage,
    InvoiceQuery,
    InvoiceSchema,
    RecordInvoiceSchema,
    RefuseInvoiceSchema,
)
from orders.invoices.services import InvoiceFacts
from orders.purchase import party
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page

bp = Blueprint("invoices", __name__, url_prefix="/api/v1", description="Invoices, recorded and checked (验票)")


@bp.route("/invoices")
@requires("orders:read")
@bp.arguments(InvoiceQuery, location="query")
@bp.response(200, InvoicePage)
def list_invoices(query: dict[str, Any], actor: Actor) -> Page[InvoiceRow]:
    """List the invoices of the caller's organisation, newest first."""
    return queries.list_invoices(actor, clock.today(), **query)


@bp.route("/invoices", methods=["POST"])
@requires("invoices:record")
@idempotent
@bp.arguments(RecordInvoiceSchema)
@bp.response(201, InvoiceSchema)
def record_invoice(body: InvoiceFacts, actor: Actor) -> InvoiceRow:
    """Record an invoice for one or several orders of one buyer."""
    with transaction():
        made = services.record(body, actor, clock.now())
        return queries.get_row(made.public_id, actor, clock.today())


@bp.route("/invoices/<uuid:invoice_id>")
@requires("orders:read")
@bp.response(200, InvoiceSchema)
def get_invoice(invoice_id: UUID, actor: Actor) -> InvoiceRow:
    """Return an invoice with its orders and flags."""
    return queries.get_row(invoice_id, actor, clock.today())


@bp.route("/invoices/<uuid:invoice_id>/check", methods=["POST"])
@requires("invoices:check")
@idempotent
@bp.arguments(CheckInvoiceSchema)
@bp.response(200, InvoiceSchema)
def check_invoice(body: dict[str, Any], invoice_id: UUID, actor: Actor) -> InvoiceRow:
    """Check an invoice: the header is the buyer's, the amounts are what was accepted."""
    with transaction():
        services.check(invoice_id, actor, clock.now(), despite_flags=body["despite_flags"])
        return queries.get_row(invoice_id, actor, clock.today())


@bp.route("/invoices/<uuid:invoice_id>/refuse", methods=["POST"])
@requires("invoices:check")
@idempotent
@bp.arguments(RefuseInvoiceSchema)
@bp.response(200, InvoiceSchema)
def refuse_invoice(body: dict[str, Any], invoice_id: UUID, actor: Actor) -> InvoiceRow:
    """Refuse an invoice with a reason; its number may then be recorded again."""
    with transaction():
        services.refuse(invoice_id, body["reason"], actor, clock.now())
        return queries.get_row(invoice_id, actor, clock.today())


@bp.route("/invoices/<uuid:invoice_id>/withdraw", methods=["POST"])
@requires("invoices:record")
@idempotent
@bp.response(200, InvoiceSchema)
def withdraw_invoice(invoice_id: UUID, actor: Actor) -> InvoiceRow:
    """Take back an invoice that one recorded oneself, before it is checked."""
    with transaction():
        services.withdraw(invoice_id, actor, clock.now())
        return queries.get_row(invoice_id, actor, clock.today())


@bp.route("/orders/<uuid:order_id>/invoices")
@requires("orders:read")
@bp.arguments(InvoiceQuery, location="query")
@bp.response(200, InvoicePage)
def list_order_invoices(query: dict[str, Any], order_id: UUID, actor: Actor) -> Page[InvoiceRow]:
    """List the invoices of an order."""
    today = clock.today()
    key = party.get_order(order_id, actor, today).id
    return queries.list_invoices(actor, today, order_id=key, **query)
