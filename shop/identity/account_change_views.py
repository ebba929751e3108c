"""Changes of the account that an organisation is paid to, over the API: the organisation's own, all for the operator."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app

from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.identity import account_changes, change_queries, organisation_schemas
from shop.identity.change_queries import ChangeRow
from shop.paging import Page

bp = Blueprint(
    "bank_account_changes", __name__, url_prefix="/api/v1/bank-account-changes",
    description="Changes of the account that an organisation is paid to",
)  # fmt: skip


@bp.route("")
@requires("organisation:read")
@bp.arguments(organisation_schemas.AccountChangeQuery, location="query")
@bp.response(200, organisation_schemas.AccountChangeListSchema)
def list_changes(query: dict[str, Any], actor: Actor) -> Page[ChangeRow]:
    """List changes, the newest first; the operator sees those of all organisations."""
    return change_queries.list_changes(actor, **query)


@bp.route("/<uuid:change_id>/confirm", methods=["POST"])
@requires("signed_in")
@idempotent
@bp.response(200, organisation_schemas.AccountChangeSchema)
def confirm(actor: Actor, change_id: UUID) -> ChangeRow:
    """Agree, as another person, to another account: it is used once the cooling days are over."""
    with transaction():
        account_changes.confirm(change_id, actor, clock.now(), cooling_days=current_app.config["ACCOUNT_COOLING_DAYS"])
        return change_queries.get_change(change_id, actor)


@bp.route("/<uuid:change_id>/refuse", methods=["POST"])
@requires("signed_in")
@idempotent
@bp.arguments(organisation_schemas.ChangeReasonSchema)
@bp.response(200, organisation_schemas.AccountChangeSchema)
def refuse(body: dict[str, Any], actor: Actor, change_id: UUID) -> ChangeRow:
    """Refuse another account with a reason; who asked for it takes it back so."""
    with transaction():
        account_changes.refuse(change_id, body["reason"], actor, clock.now())
        return change_queries.get_change(change_id, actor)
