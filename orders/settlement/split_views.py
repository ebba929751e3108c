"""Splits of the main supervised account, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.settlement import split_queries, splits
from orders.settlement.schemas import BankFileSchema, PayoutReasonSchema
from orders.settlement.split_queries import SplitRunRow
from orders.settlement.split_schemas import PrepareSplitSchema, SplitRunPage, SplitRunSchema, WaitingSplitListSchema
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page, PageQuery

bp = Blueprint("splits", __name__, url_prefix="/api/v1", description="Moving goods money to producers' sub-accounts")


@bp.route("/split-runs/waiting")
@requires("payouts:read")
@bp.response(200, WaitingSplitListSchema)
@bp.alt_response(404, description="Not the operator")
def list_waiting(actor: Actor) -> dict[str, Any]:
    """List what lies on the main account for producers that have a sub-account, for the operator."""
    return {"items": split_queries.list_waiting(actor, clock.today())}


@bp.route("/split-runs")
@requires("payouts:read")
@bp.arguments(PageQuery, location="query")
@bp.response(200, SplitRunPage)
def list_runs(query: dict[str, Any], actor: Actor) -> Page[SplitRunRow]:
    """List runs of splits, newest first, for the operator."""
    return split_queries.list_runs(actor, **query)


@bp.route("/split-runs", methods=["POST"])
@requires("payouts:prepare")
@idempotent
@bp.arguments(PrepareSplitSchema)
@bp.response(201, SplitRunSchema)
def prepare_run(body: dict[str, Any], actor: Actor) -> SplitRunRow:
    """Prepare a split for each producer with money on the main account; another person releases them."""
    with transaction():
        return split_queries.get_run(splits.prepare(body["producers"], actor, clock.now()).public_id, actor)


@bp.route("/split-runs/<uuid:split_run_id>")
@requires("payouts:read")
@bp.response(200, SplitRunSchema)
def get_run(split_run_id: UUID, actor: Actor) -> SplitRunRow:
    """Return a run with its splits."""
    return split_queries.get_run(split_run_id, actor)


@bp.route("/split-runs/<uuid:split_run_id>/release", methods=["POST"])
@requires("payouts:release")
@idempotent
@bp.response(200, SplitRunSchema)
def release_run(split_run_id: UUID, actor: Actor) -> SplitRunRow:
    """Release the splits of a run that another person prepared."""
    with transaction():
        splits.release(split_run_id, actor, clock.now())
        return split_queries.get_run(split_run_id, actor)


@bp.route("/split-runs/<uuid:split_run_id>/file", methods=["POST"])
@requires("payouts:prepare")
@idempotent
@bp.arguments(BankFileSchema)
@bp.response(200, SplitRunSchema)
def make_file(body: dict[str, Any], split_run_id: UUID, actor: Actor) -> SplitRunRow:
    """Make the file for the bank, keep it, and say that its splits are on their way."""
    with transaction():
        splits.send(split_run_id, body["format"], actor, clock.now())
        return split_queries.get_run(split_run_id, actor)


@bp.route("/splits/<uuid:split_id>/cancel", methods=["POST"])
@requires("payouts:read")
@idempotent
@bp.arguments(PayoutReasonSchema)
@bp.response(200, SplitRunSchema)
def cancel_split(body: dict[str, Any], split_id: UUID, actor: Actor) -> SplitRunRow:
    """Give a split up before it was sent."""
    with transaction():
        splits.cancel(split_id, body["reason"], actor, clock.now())
        return split_queries.run_of(split_id, actor)


@bp.route("/splits/<uuid:split_id>/fail", methods=["POST"])
@requires("payouts:release")
@idempotent
@bp.arguments(PayoutReasonSchema)
@bp.response(200, SplitRunSchema)
def fail_split(body: dict[str, Any], split_id: UUID, actor: Actor) -> SplitRunRow:
    """Say that the bank did not make a split; its money may be split again."""
    with transaction():
        splits.fail(split_id, body["reason"], actor, clock.now())
        return split_queries.run_of(split_id, actor)
