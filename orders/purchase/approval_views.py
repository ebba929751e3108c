"""Levels of approval over the API."""

from __future__ import annotations

from typing import Any

from orders.purchase import approval_levels
from orders.purchase.approval_schemas import ApprovalLevelsListSchema, SetLevelsSchema
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent

bp = Blueprint("approval_levels", __name__, url_prefix="/api/v1", description="Levels of approval by amount")


@bp.route("/approval-levels")
@requires("procurements:read")
@bp.response(200, ApprovalLevelsListSchema)
def list_levels(actor: Actor) -> dict[str, Any]:
    """List the institution's levels of approval of all days, the newest first."""
    return {"items": approval_levels.list_levels(actor, clock.today())}


@bp.route("/approval-levels", methods=["POST"])
@requires("organisation:manage")
@idempotent
@bp.arguments(SetLevelsSchema)
@bp.response(201, ApprovalLevelsListSchema)
def set_levels(body: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Set levels from a day on: each with a name, the sum above which it is asked, and who decides.

    A submitted procurement goes through each level that its sum asks for, in order and by different persons; what is
    submitted already goes on under the levels of its day. Those before end the day before.
    """
    at = clock.now()
    with transaction():
        approval_levels.set_levels(body["levels"], actor, valid_from=body["valid_from"], at=at)
        return {"items": approval_levels.list_levels(actor, clock.business_day(at))}
