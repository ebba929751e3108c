"""Exceptions over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.payments import exceptions
from orders.payments.schemas import ReasonSchema
from orders.reconciliation import exception_queries
from orders.reconciliation.exception_queries import ExceptionDetail, ExceptionFilter, ExceptionRow
from orders.reconciliation.exception_schemas import (
    ExceptionDetailSchema,
    ExceptionPage,
    ExceptionQuery,
    ProposeSchema,
)
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.etag import format_etag, if_match
from shop.idempotency import idempotent
from shop.paging import Page

bp = Blueprint(
    "exceptions", __name__, url_prefix="/api/v1/exceptions", description="Money that does not fit, by two persons"
)
Answer = tuple[ExceptionDetail, dict[str, str]]


@bp.route("")
@requires("exceptions:read")
@bp.arguments(ExceptionQuery, location="query")
@bp.response(200, ExceptionPage)
def list_exceptions(query: dict[str, Any], actor: Actor) -> Page[ExceptionRow]:
    """List exceptions: of those that wait the oldest first, else the newest first."""
    limit, cursor = query.pop("limit"), query.pop("cursor")
    return exception_queries.list_exceptions(actor, ExceptionFilter(**query), limit=limit, cursor=cursor)


@bp.route("/<uuid:exception_id>")
@requires("exceptions:read")
@bp.response(200, ExceptionDetailSchema)
def get_exception(exception_id: UUID, actor: Actor) -> Answer:
    """Return an exception with its history; the ETag is what agreeing to it asks for."""
    return _answer(exception_id, actor)


@bp.route("/<uuid:exception_id>/propose", methods=["POST"])
@requires("exceptions:propose")
@idempotent
@bp.arguments(ProposeSchema)
@bp.response(200, ExceptionDetailSchema)
def propose(body: dict[str, Any], exception_id: UUID, actor: Actor) -> Answer:
    """Propose a note, a posting, or of which orders a refund by hand was; another person agrees to it."""
    with transaction():
        if body["resolution"] == "note":
            exceptions.propose_note(exception_id, body["note"], actor, clock.now())
        elif body["resolution"] == "refund":
            exceptions.propose_refund(exception_id, body["parts"], body["note"], actor, clock.now())
        else:
            exceptions.propose_posting(
                exception_id, body["debit"], body["credit"], body["note"], actor, clock.now(), amount_fen=body["amount"]
            )
        return _answer(exception_id, actor)


@bp.route("/<uuid:exception_id>/agree", methods=["POST"])
@requires("exceptions:agree")
@idempotent
@bp.response(200, ExceptionDetailSchema)
def agree(exception_id: UUID, actor: Actor) -> Answer:
    """Agree to what another person proposed, as it was read: the exception is closed, a posting is made."""
    version = if_match()
    with transaction():
        exceptions.agree(exception_id, actor, clock.now(), version=version)
        return _answer(exception_id, actor)


@bp.route("/<uuid:exception_id>/send-back", methods=["POST"])
@requires("exceptions:read")
@idempotent
@bp.arguments(ReasonSchema)
@bp.response(200, ExceptionDetailSchema)
def send_back(body: dict[str, Any], exception_id: UUID, actor: Actor) -> Answer:
    """Send back what was proposed, or take one's own proposal back, with a reason."""
    with transaction():
        exceptions.send_back(exception_id, body["reason"], actor, clock.now())
        return _answer(exception_id, actor)


def _answer(exception_id: UUID, actor: Actor) -> Answer:
    found = exception_queries.get_exception(exception_id, actor)
    return found, {"ETag": format_etag(found.row.version)}
