"""The outbox by API: its figures, its dead letters, another try."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.outbox import queries, services
from shop.outbox.schemas import DeadLetterListSchema, OutboxStateSchema
from shop.paging import Page, PageQuery

bp = Blueprint("outbox", __name__, url_prefix="/api/v1/outbox", description="Events and their deliveries")


@bp.route("")
@requires("outbox:manage")
@bp.response(200, OutboxStateSchema)
def show_state(actor: Actor) -> queries.OutboxState:  # noqa: ARG001
    """Show how many deliveries are open and dead."""
    return queries.get_state()


@bp.route("/dead-letters")
@requires("outbox:manage")
@bp.arguments(PageQuery, location="query")
@bp.response(200, DeadLetterListSchema)
def list_dead_letters(query: dict[str, Any], actor: Actor) -> Page[queries.DeadLetter]:  # noqa: ARG001
    """List deliveries that failed ten times."""
    return queries.list_dead_letters(query["limit"], query["cursor"])


@bp.route("/dead-letters/<uuid:event_id>/<subscriber>/retry", methods=["POST"])
@requires("outbox:manage")
@idempotent
@bp.response(200, OutboxStateSchema)
def retry_dead_letter(actor: Actor, event_id: UUID, subscriber: str) -> queries.OutboxState:
    """Give a dead letter ten new tries."""
    with transaction():
        services.revive_dead_letter(event_id, subscriber, actor)
        return queries.get_state()
