"""Filings over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.ledger.filings import decisions, queries, services
from orders.ledger.filings.drafts import FilingDraft
from orders.ledger.filings.models import Filing
from orders.ledger.filings.queries import FilingView
from orders.ledger.filings.schemas import (
    EnterFilingSchema,
    FilingListSchema,
    FilingReasonSchema,
    FilingSchema,
    FilingsQuery,
)
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.etag import format_etag, if_match
from shop.idempotency import idempotent
from shop.paging import Page

bp = Blueprint("filings", __name__, url_prefix="/api/v1/filings", description="Sales made off the platform")
Answer = tuple[FilingView, int, dict[str, str]]


def _shown(filing: Filing, status: int = 200) -> Answer:
    """Return a filing with its ETag; what is pending is written by the first read, so both are the new ones."""
    view = queries.show_filing(filing)
    return view, status, {"ETag": format_etag(filing.version)}


@bp.route("")
@requires("filings:read")
@bp.arguments(FilingsQuery, location="query")
@bp.response(200, FilingListSchema)
def list_filings(query: dict[str, Any], actor: Actor) -> Page[Filing]:
    """List filings: one's own, those about one's sales, and an official's scope; newest first."""
    wanted = queries.FilingFilter(query["statuses"], query["counties"], q=query["q"])
    return queries.list_filings(actor, clock.today(), wanted, limit=query["limit"], cursor=query["cursor"])


@bp.route("", methods=["POST"])
@requires("filings:enter")
@idempotent
@bp.arguments(EnterFilingSchema)
@bp.response(201, FilingSchema)
def create_filing(draft: FilingDraft, actor: Actor) -> Answer:
    """Enter a sale as a draft."""
    with transaction():
        return _shown(services.create_filing(draft, actor, at=clock.now()), 201)


@bp.route("/<uuid:filing_id>")
@requires("filings:read")
@bp.response(200, FilingSchema)
def get_filing(actor: Actor, filing_id: UUID) -> Answer:
    """Return a filing."""
    return _shown(queries.find_filing(filing_id, actor, clock.today()))


@bp.route("/<uuid:filing_id>", methods=["PUT"])
@requires("filings:enter")
@bp.arguments(EnterFilingSchema)
@bp.response(200, FilingSchema)
def edit_filing(draft: FilingDraft, actor: Actor, filing_id: UUID) -> Answer:
    """Replace a draft, or a refused filing; only by who entered it."""
    version = if_match()
    with transaction():
        return _shown(services.edit_filing(filing_id, draft, actor, version=version, at=clock.now()))


@bp.route("/<uuid:filing_id>/submit", methods=["POST"])
@requires("filings:enter")
@idempotent
@bp.response(200, FilingSchema)
def submit_filing(actor: Actor, filing_id: UUID) -> Answer:
    """Hand a draft to the county for confirmation."""
    with transaction():
        return _shown(services.submit_filing(filing_id, actor, at=clock.now()))


@bp.route("/<uuid:filing_id>/withdraw", methods=["POST"])
@requires("filings:enter")
@idempotent
@bp.arguments(FilingReasonSchema)
@bp.response(200, FilingSchema)
def withdraw_filing(body: dict[str, str], actor: Actor, filing_id: UUID) -> Answer:
    """Take back a filing that has not been confirmed."""
    with transaction():
        return _shown(services.withdraw_filing(filing_id, actor, reason=body["reason"], at=clock.now()))


@bp.route("/<uuid:filing_id>/confirm", methods=["POST"])
@requires("filings:confirm")
@idempotent
@bp.response(200, FilingSchema)
def confirm_filing(actor: Actor, filing_id: UUID) -> Answer:
    """Confirm a submitted filing, as another person than who entered it; it counts from now on."""
    with transaction():
        return _shown(decisions.confirm_filing(filing_id, actor, at=clock.now()))


@bp.route("/<uuid:filing_id>/refuse", methods=["POST"])
@requires("filings:confirm")
@idempotent
@bp.arguments(FilingReasonSchema)
@bp.response(200, FilingSchema)
def refuse_filing(body: dict[str, str], actor: Actor, filing_id: UUID) -> Answer:
    """Send a submitted filing back."""
    with transaction():
        return _shown(decisions.refuse_filing(filing_id, actor, reason=body["reason"], at=clock.now()))


@bp.route("/<uuid:filing_id>/ask-withdrawal", methods=["POST"])
@requires("filings:enter")
@idempotent
@bp.arguments(FilingReasonSchema)
@bp.response(200, FilingSchema)
def ask_withdrawal(body: dict[str, str], actor: Actor, filing_id: UUID) -> Answer:
    """Ask that a confirmed filing be taken back; another person decides."""
    with transaction():
        return _shown(decisions.ask_withdrawal(filing_id, actor, reason=body["reason"], at=clock.now()))


@bp.route("/<uuid:filing_id>/grant-withdrawal", methods=["POST"])
@requires("filings:confirm")
@idempotent
@bp.response(200, FilingSchema)
def grant_withdrawal(actor: Actor, filing_id: UUID) -> Answer:
    """Take a confirmed filing back, as another person than who asked; the opposite is posted."""
    with transaction():
        return _shown(decisions.decide_withdrawal(filing_id, actor, is_granted=True, at=clock.now()))


@bp.route("/<uuid:filing_id>/deny-withdrawal", methods=["POST"])
@requires("filings:confirm")
@idempotent
@bp.response(200, FilingSchema)
def deny_withdrawal(actor: Actor, filing_id: UUID) -> Answer:
    """Leave a confirmed filing as it is."""
    with transaction():
        return _shown(decisions.decide_withdrawal(filing_id, actor, is_granted=False, at=clock.now()))
