"""Refunds in files for the bank, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.refunding import gathering, queries, transfers
from orders.refunding.queries import RefundRunRow, TransferRow
from orders.refunding.schemas import (
    GatherSchema,
    RefundRunPage,
    RefundRunSchema,
    RefundsPaidSchema,
    RefundTransferList,
    RefundTransferPage,
    RefundTransferQuery,
    RefundTransferSchema,
    TransfersSchema,
    WaitingRefundList,
)
from orders.settlement.schemas import BankFileSchema, PayoutReasonSchema
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page, PageQuery

bp = Blueprint(
    "refund_files", __name__, url_prefix="/api/v1", description="Refunds in files for the bank, by two persons"
)


@bp.route("/refund-runs/waiting")
@requires("payments:read")
@bp.response(200, WaitingRefundList)
@bp.alt_response(404, description="Not the operator")
def list_waiting(actor: Actor) -> dict[str, Any]:
    """List what waits to go back from the supervised account, for the operator."""
    return {"items": gathering.list_waiting(actor)}


@bp.route("/refund-runs")
@requires("payments:read")
@bp.arguments(PageQuery, location="query")
@bp.response(200, RefundRunPage)
def list_runs(query: dict[str, Any], actor: Actor) -> Page[RefundRunRow]:
    """List batches of refunds, newest first, for the operator."""
    return queries.list_runs(actor, **query)


@bp.route("/refund-runs", methods=["POST"])
@requires("refunds:record")
@idempotent
@bp.arguments(GatherSchema)
@bp.response(201, RefundRunSchema)
def gather(body: dict[str, Any], actor: Actor) -> RefundRunRow:
    """Gather refunds for a file; another person releases them."""
    with transaction():
        run = gathering.gather(body["refunds"], actor, clock.now())
        return queries.get_run(run.public_id, actor)


@bp.route("/refund-runs/<uuid:refund_run_id>")
@requires("payments:read")
@bp.response(200, RefundRunSchema)
def get_run(refund_run_id: UUID, actor: Actor) -> RefundRunRow:
    """Return a batch, with the hash of its file."""
    return queries.get_run(refund_run_id, actor)


@bp.route("/refund-runs/<uuid:refund_run_id>/file", methods=["POST"])
@requires("refunds:record")
@idempotent
@bp.arguments(BankFileSchema)
@bp.response(200, RefundRunSchema)
def make_file(body: dict[str, Any], refund_run_id: UUID, actor: Actor) -> RefundRunRow:
    """Make the file for the bank, keep it, and say that its transfers are on their way."""
    with transaction():
        transfers.send(refund_run_id, body["format"], actor, clock.now())
        return queries.get_run(refund_run_id, actor)


@bp.route("/refund-transfers")
@requires("payments:read")
@bp.arguments(RefundTransferQuery, location="query")
@bp.response(200, RefundTransferPage)
def list_transfers(query: dict[str, Any], actor: Actor) -> Page[TransferRow]:
    """List transfers of refunds, newest first, for the operator."""
    return queries.list_transfers(actor, **query)


@bp.route("/refund-transfers/<uuid:transfer_id>")
@requires("payments:read")
@bp.response(200, RefundTransferSchema)
def get_transfer(transfer_id: UUID, actor: Actor) -> TransferRow:
    """Return a transfer."""
    return queries.get_transfer(transfer_id, actor)


@bp.route("/refund-transfers/release", methods=["POST"])
@requires("refunds:confirm")
@idempotent
@bp.arguments(TransfersSchema)
@bp.response(200, RefundTransferList)
def release(body: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Release transfers that another person prepared."""
    with transaction():
        transfers.release(body["transfers"], actor, clock.now())
        return _rows(body["transfers"], actor)


@bp.route("/refund-transfers/confirm", methods=["POST"])
@requires("refunds:confirm")
@idempotent
@bp.arguments(RefundsPaidSchema)
@bp.response(200, RefundTransferList)
def confirm(body: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Confirm, with the bank's serial numbers and days, that refunds have left."""
    with transaction():
        transfers.confirm(body["transfers"], actor, clock.now())
        return _rows([each.transfer for each in body["transfers"]], actor)


@bp.route("/refund-transfers/<uuid:transfer_id>/cancel", methods=["POST"])
@requires("payments:read")
@idempotent
@bp.arguments(PayoutReasonSchema)
@bp.response(200, RefundTransferSchema)
def cancel(body: dict[str, Any], transfer_id: UUID, actor: Actor) -> TransferRow:
    """Give a transfer up before it was sent; its refund waits again."""
    with transaction():
        transfers.cancel(transfer_id, body["reason"], actor, clock.now())
        return queries.get_transfer(transfer_id, actor)


@bp.route("/refund-transfers/<uuid:transfer_id>/doubt", methods=["POST"])
@requires("payments:read")
@idempotent
@bp.arguments(PayoutReasonSchema)
@bp.response(200, RefundTransferSchema)
def doubt(body: dict[str, Any], transfer_id: UUID, actor: Actor) -> TransferRow:
    """Say that the bank did not make a transfer; another person agrees."""
    with transaction():
        transfers.doubt(transfer_id, body["reason"], actor, clock.now())
        return queries.get_transfer(transfer_id, actor)


@bp.route("/refund-transfers/<uuid:transfer_id>/fail", methods=["POST"])
@requires("refunds:confirm")
@idempotent
@bp.response(200, RefundTransferSchema)
def fail(transfer_id: UUID, actor: Actor) -> TransferRow:
    """Agree that the bank did not make a transfer: its refund waits again."""
    with transaction():
        transfers.fail(transfer_id, actor, clock.now())
        return queries.get_transfer(transfer_id, actor)


@bp.route("/refund-transfers/<uuid:transfer_id>/trust", methods=["POST"])
@requires("payments:read")
@idempotent
@bp.response(200, RefundTransferSchema)
def trust(transfer_id: UUID, actor: Actor) -> TransferRow:
    """Say that the bank makes a transfer after all."""
    with transaction():
        transfers.trust(transfer_id, actor, clock.now())
        return queries.get_transfer(transfer_id, actor)


def _rows(ids: list[UUID], actor: Actor) -> dict[str, Any]:
    return {"items": [queries.get_transfer(each, actor) for each in ids]}
