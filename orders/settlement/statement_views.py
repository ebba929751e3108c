"""Statements of account and what is reported about sellers, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.settlement import statement_lists, statements, taxes
from orders.settlement.statement_schemas import (
    AccountStatementSchema,
    MonthQuery,
    QuarterQuery,
    StatementProducerPage,
    StatementProducerQuery,
    TaxSheetSchema,
)
from orders.settlement.statements import Statement
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.errors import NotFound
from shop.i18n import _

bp = Blueprint(
    "account_statements", __name__, url_prefix="/api/v1", description="Statements of account, sellers' taxes"
)


@bp.route("/account-statements")
@requires("payouts:read")
@bp.arguments(StatementProducerQuery, location="query")
@bp.response(200, StatementProducerPage)
def list_producers(query: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """List the producers whose statements the caller may see, by name, with what all of them are owed."""
    page, totals = statement_lists.list_producers(actor, clock.today(), **query)
    return {"items": page.items, "next": page.next, "total": totals.count, "payable": totals.payable_fen}


@bp.route("/account-statements/<uuid:producer_id>")
@requires("payouts:read")
@bp.arguments(MonthQuery, location="query")
@bp.response(200, AccountStatementSchema)
def show_statement(query: dict[str, Any], actor: Actor, producer_id: UUID) -> Statement:
    """Show a producer's statement of a month: every movement, from opening to closing."""
    today = clock.today()
    producer = statements.find_producer(producer_id, actor, today)
    if producer is None:
        raise NotFound(_("没有这个供应商。"))
    return statements.make_statement(producer, statements.read_month(query["month"], today))


@bp.route("/seller-taxes")
@requires("taxes:read")
@bp.arguments(QuarterQuery, location="query")
@bp.response(200, TaxSheetSchema)
def show_taxes(query: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Show what is reported about all sellers for a quarter, with corrections of quarters reported before."""
    sheet = taxes.make_sheet(taxes.read_quarter(query["quarter"], clock.today()), actor)
    return {
        "quarter": taxes.name_of(sheet.quarter), "last_day": sheet.last_day, "gross_fen": sheet.gross_fen,
        "returns_fen": sheet.returns_fen, "reported_sha256": sheet.reported.sha256 if sheet.reported else None,
        "sellers": sheet.rows, "corrections": sheet.corrections,
    }  # fmt: skip
