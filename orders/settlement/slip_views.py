"""Electronic receipts of payouts, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.banking.desk_schemas import AttachOneSchema, SlipList
from orders.settlement import queries, slips
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent

bp = Blueprint("payout_slips", __name__, url_prefix="/api/v1", description="Banks' receipts of payouts")


@bp.route("/payouts/<uuid:payout_id>/slips")
@requires("payouts:read")
@bp.response(200, SlipList)
def list_payout_slips(payout_id: UUID, actor: Actor) -> dict[str, Any]:
    """List a payout's electronic receipts."""
    return {"items": slips.slips_of(queries.get_payout(payout_id, actor, clock.today()).key)}


@bp.route("/payouts/<uuid:payout_id>/slips", methods=["POST"])
@requires("payouts:prepare")
@idempotent
@bp.arguments(AttachOneSchema)
@bp.response(200, SlipList)
def attach_payout_slip(body: dict[str, Any], payout_id: UUID, actor: Actor) -> dict[str, Any]:
    """Put an electronic receipt to a payout."""
    with transaction():
        slips.attach(payout_id, body["file"], actor, clock.now())
        return {"items": slips.slips_of(queries.get_payout(payout_id, actor, clock.today()).key)}
