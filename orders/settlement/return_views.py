"""Payouts that came back, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.settlement import queries, returns
from orders.settlement.queries import PayoutRow
from orders.settlement.return_schemas import ConfirmReturnSchema, RecordReturnSchema
from orders.settlement.returns import ReturnFacts
from orders.settlement.schemas import PayoutReasonSchema, PayoutSchema
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent

bp = Blueprint("payout_returns", __name__, url_prefix="/api/v1", description="Payouts that the bank returned")


@bp.route("/payouts/<uuid:payout_id>/return", methods=["POST"])
@requires("payouts:prepare")
@idempotent
@bp.arguments(RecordReturnSchema)
@bp.response(200, PayoutSchema)
def record_return(body: ReturnFacts, payout_id: UUID, actor: Actor) -> PayoutRow:
    """Say that a payout came back after it was paid; another person agrees, and only then it is owed again."""
    with transaction():
        returns.record(payout_id, body, actor, clock.now())
        return queries.get_payout(payout_id, actor, clock.today())


@bp.route("/payout-returns/<uuid:return_id>/confirm", methods=["POST"])
@requires("payouts:release")
@idempotent
@bp.arguments(ConfirmReturnSchema)
@bp.response(200, PayoutSchema)
def confirm_return(body: dict[str, Any], return_id: UUID, actor: Actor) -> PayoutRow:
    """Agree that a payout came back."""
    with transaction():
        payout = returns.confirm(return_id, actor, clock.now(), same_account=body["same_account"])
        return queries.get_payout(payout.public_id, actor, clock.today())


@bp.route("/payout-returns/<uuid:return_id>/refuse", methods=["POST"])
@requires("payouts:release")
@idempotent
@bp.arguments(PayoutReasonSchema)
@bp.response(200, PayoutSchema)
def refuse_return(body: dict[str, Any], return_id: UUID, actor: Actor) -> PayoutRow:
    """Say that a payout did not come back after all."""
    with transaction():
        payout = returns.refuse(return_id, body["reason"], actor, clock.now())
        return queries.get_payout(payout.public_id, actor, clock.today())


@bp.route("/payouts/<uuid:payout_id>/allow-account", methods=["POST"])
@requires("payouts:release")
@idempotent
@bp.response(200, PayoutSchema)
def allow_account(payout_id: UUID, actor: Actor) -> PayoutRow:
    """Let money go to the account of a returned payout again."""
    with transaction():
        returns.allow_account(payout_id, actor)
        return queries.get_payout(payout_id, actor, clock.today())
