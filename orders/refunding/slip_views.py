"""Electronic receipts of refunds, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.banking.desk_schemas import AttachOneSchema, SlipList
from orders.refunding import slips
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent

bp = Blueprint("refund_slips", __name__, url_prefix="/api/v1", description="Banks' receipts of refunds")


@bp.route("/refunds/<uuid:refund_id>/slips")
@requires("payments:read")
@bp.response(200, SlipList)
def list_refund_slips(refund_id: UUID, actor: Actor) -> dict[str, Any]:
    """List a refund's electronic receipts."""
    return _slips("refund", refund_id, actor)


@bp.route("/refunds/<uuid:refund_id>/slips", methods=["POST"])
@requires("refunds:record")
@idempotent
@bp.arguments(AttachOneSchema)
@bp.response(200, SlipList)
def attach_refund_slip(body: dict[str, Any], refund_id: UUID, actor: Actor) -> dict[str, Any]:
    """Put an electronic receipt to a refund."""
    with transaction():
        slips.attach("refund", refund_id, body["file"], actor, clock.now())
        return _slips("refund", refund_id, actor)


@bp.route("/credit-refunds/<uuid:credit_refund_id>/slips")
@requires("payments:read")
@bp.response(200, SlipList)
def list_credit_refund_slips(credit_refund_id: UUID, actor: Actor) -> dict[str, Any]:
    """List the electronic receipts of a refund of credit."""
    return _slips("credit_refund", credit_refund_id, actor)


@bp.route("/credit-refunds/<uuid:credit_refund_id>/slips", methods=["POST"])
@requires("refunds:record")
@idempotent
@bp.arguments(AttachOneSchema)
@bp.response(200, SlipList)
def attach_credit_refund_slip(body: dict[str, Any], credit_refund_id: UUID, actor: Actor) -> dict[str, Any]:
    """Put an electronic receipt to a refund of credit."""
    with transaction():
        slips.attach("credit_refund", credit_refund_id, body["file"], actor, clock.now())
        return _slips("credit_refund", credit_refund_id, actor)


def _slips(kind: str, refund_id: UUID, actor: Actor) -> dict[str, Any]:
    return {"items": slips.slips_of(kind, slips.key_of(kind, refund_id, actor, clock.now()))}
