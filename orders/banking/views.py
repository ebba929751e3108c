"""Statements, their lines and what people do with them, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.banking import accounts, acts, confirming, giving_back, queries, row_queries, statements
from orders.banking.confirming import Failure
from orders.banking.models import StatementConfirmation
from orders.banking.queries import LineRow, StatementRow
from orders.banking.row_queries import RowOutcome
from orders.banking.schemas import (
    ConfirmationSchema,
    FailureList,
    ImportAccountList,
    ImportSchema,
    LinePage,
    LineQuery,
    LineSchema,
    MatchLineSchema,
    NoteSchema,
    ReturnSchema,
    RowPage,
    RowQuery,
    StatementPage,
    StatementSchema,
    TieCreditSchema,
    TieRefundSchema,
)
from orders.banking.statements import ImportRequest
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page, PageQuery

bp = Blueprint("banking", __name__, url_prefix="/api/v1", description="Bank statements and their lines")


@bp.route("/statement-accounts")
@requires("payments:record")
@bp.response(200, ImportAccountList)
def list_statement_accounts(actor: Actor) -> dict[str, Any]:
    """List the accounts whose statements the caller imports."""
    return {"items": accounts.list_import_accounts(actor, clock.today())}


@bp.route("/statements")
@requires("payments:read")
@bp.arguments(PageQuery, location="query")
@bp.response(200, StatementPage)
def list_statements(query: dict[str, Any], actor: Actor) -> Page[StatementRow]:
    """List the imported statements, newest first."""
    return queries.list_statements(actor, clock.today(), **query)


@bp.route("/statements", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(ImportSchema)
@bp.response(201, StatementSchema)
def import_statement(body: ImportRequest, actor: Actor) -> StatementRow:
    """Import a stored file: each movement once, and receipts of what matched for another person to confirm."""
    reading = statements.read(body, actor, clock.today())
    with transaction():
        made = statements.import_statement(body, reading, actor, clock.now())
        return queries.get_statement(made.id)


@bp.route("/statements/<uuid:statement_id>")
@requires("payments:read")
@bp.response(200, StatementSchema)
def get_statement(statement_id: UUID, actor: Actor) -> StatementRow:
    """Return a statement."""
    return queries.get_statement(confirming.get_statement(statement_id, actor, clock.today()).id)


@bp.route("/statements/<uuid:statement_id>/rows")
@requires("payments:read")
@bp.arguments(RowQuery, location="query")
@bp.response(200, RowPage)
def list_statement_rows(query: dict[str, Any], statement_id: UUID, actor: Actor) -> Page[RowOutcome]:
    """Tell what became of each row of a statement's file."""
    key = confirming.get_statement(statement_id, actor, clock.today()).id
    return row_queries.list_rows(key, **query)


@bp.route("/statements/<uuid:statement_id>/confirm", methods=["POST"])
@requires("payments:confirm")
@idempotent
@bp.response(202, ConfirmationSchema)
def confirm_statement(statement_id: UUID, actor: Actor) -> StatementConfirmation:
    """Confirm all receipts of a statement that another person imported; goes on by itself."""
    with transaction():
        return confirming.start(statement_id, actor, clock.now())


@bp.route("/statement-confirmations/<uuid:confirmation_id>")
@requires("payments:read")
@bp.response(200, ConfirmationSchema)
def get_confirmation(confirmation_id: UUID, actor: Actor) -> StatementConfirmation:
    """Tell how far it is."""
    return confirming.get_job(confirmation_id, actor, clock.today())


@bp.route("/statement-confirmations/<uuid:confirmation_id>/failures")
@requires("payments:read")
@bp.response(200, FailureList)
def list_failures(confirmation_id: UUID, actor: Actor) -> dict[str, list[Failure]]:
    """List what could not be confirmed, and why."""
    return {"items": confirming.failures_of(confirming.get_job(confirmation_id, actor, clock.today()).id)}


@bp.route("/bank-lines")
@requires("payments:read")
@bp.arguments(LineQuery, location="query")
@bp.response(200, LinePage)
def list_lines(query: dict[str, Any], actor: Actor) -> Page[LineRow]:
    """List lines of the caller's accounts, the oldest first."""
    return queries.list_lines(actor, clock.today(), **query)


@bp.route("/bank-lines/<uuid:line_id>")
@requires("payments:read")
@bp.response(200, LineSchema)
def get_line(line_id: UUID, actor: Actor) -> LineRow:
    """Return a line with what it may be for."""
    return _line(line_id, actor)


@bp.route("/bank-lines/<uuid:line_id>/match", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(MatchLineSchema)
@bp.response(200, LineSchema)
def match_line(body: dict[str, Any], line_id: UUID, actor: Actor) -> LineRow:
    """Say which orders a line is for; its receipt waits for another person."""
    with transaction():
        acts.match_by_hand(line_id, body["allocations"], actor, clock.now(), credit_of=body["credit_of"])
        return _line(line_id, actor)


@bp.route("/bank-lines/<uuid:line_id>/match-again", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.response(200, LineSchema)
def match_line_again(line_id: UUID, actor: Actor) -> LineRow:
    """Match what is open on the line's account once more."""
    with transaction():
        acts.match_again(line_id, actor, clock.now())
        return _line(line_id, actor)


@bp.route("/bank-lines/<uuid:line_id>/wrong-payee", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.response(200, LineSchema)
def mark_wrong(line_id: UUID, actor: Actor) -> LineRow:
    """Say that money came to the wrong account and will be given back."""
    with transaction():
        giving_back.mark(line_id, actor, clock.now())
        return _line(line_id, actor)


@bp.route("/bank-lines/<uuid:line_id>/not-wrong", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.response(200, LineSchema)
def unmark_wrong(line_id: UUID, actor: Actor) -> LineRow:
    """Take that back: the line is open as before."""
    with transaction():
        giving_back.unmark(line_id, actor, clock.now())
        return _line(line_id, actor)


@bp.route("/bank-lines/<uuid:line_id>/note", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(NoteSchema)
@bp.response(200, LineSchema)
def note_line(body: dict[str, Any], line_id: UUID, actor: Actor) -> LineRow:
    """Say why a line is no goods money; another person agrees."""
    with transaction():
        acts.note_ignored(line_id, body["note"], actor, clock.now())
        return _line(line_id, actor)


@bp.route("/bank-lines/<uuid:line_id>/ignore", methods=["POST"])
@requires("payments:confirm")
@idempotent
@bp.response(200, LineSchema)
def ignore_line(line_id: UUID, actor: Actor) -> LineRow:
    """Agree that a line is no goods money."""
    with transaction():
        acts.agree_ignored(line_id, actor, clock.now())
        return _line(line_id, actor)


@bp.route("/bank-lines/<uuid:line_id>/return", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(ReturnSchema)
@bp.response(200, LineSchema)
def tie_return(body: dict[str, Any], line_id: UUID, actor: Actor) -> LineRow:
    """Say that an outgoing line gives a wrong receipt back."""
    with transaction():
        giving_back.tie_return(line_id, body["line"], actor, clock.now())
        return _line(line_id, actor)


@bp.route("/bank-lines/<uuid:line_id>/refund", methods=["POST"])
@requires("refunds:record")
@idempotent
@bp.arguments(TieRefundSchema)
@bp.response(200, LineSchema)
def tie_refund(body: dict[str, Any], line_id: UUID, actor: Actor) -> LineRow:
    """Say that an outgoing line is a refund; one that was asked for is recorded by it."""
    with transaction():
        acts.tie_refund(line_id, body["refund"], actor, clock.now())
        return _line(line_id, actor)


@bp.route("/bank-lines/<uuid:line_id>/credit-refund", methods=["POST"])
@requires("refunds:record")
@idempotent
@bp.arguments(TieCreditSchema)
@bp.response(200, LineSchema)
def tie_credit(body: dict[str, Any], line_id: UUID, actor: Actor) -> LineRow:
    """Say that an outgoing line gives credit back; what was asked for is recorded by it."""
    with transaction():
        giving_back.tie_credit(line_id, body["credit_refund"], actor, clock.now())
        return _line(line_id, actor)


def _line(line_id: UUID, actor: Actor) -> LineRow:
    line, _account = acts.get_line(line_id, actor, clock.today())
    return queries.get_line(line.id, actor, clock.today())
