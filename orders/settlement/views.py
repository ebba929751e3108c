"""Payouts, runs, holds and rules over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.settlement import bank, holding, proposals, queries, rule_queries, runs
from orders.settlement.models import OrderSettlement
from orders.settlement.proposals import RuleFacts
from orders.settlement.queries import Overview, PayoutRow, RunRow
from orders.settlement.rule_queries import RuleRow
from orders.settlement.schemas import (
    BankFileSchema,
    BankPaymentsSchema,
    FeeRuleListSchema,
    FeeRuleSchema,
    HeldPayoutSchema,
    PayoutListSchema,
    PayoutOverviewSchema,
    PayoutPage,
    PayoutQuery,
    PayoutReasonSchema,
    PayoutRunListSchema,
    PayoutRunPage,
    PayoutRunSchema,
    PayoutSchema,
    PayoutsSchema,
    ProposeRuleSchema,
)
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page, PageQuery

bp = Blueprint("settlement", __name__, url_prefix="/api/v1", description="What producers are paid, when and how")


@bp.route("/payouts/overview")
@requires("payouts:read")
@bp.response(200, PayoutOverviewSchema)
def get_overview(actor: Actor) -> Overview:
    """Tell what is due by day, on its way, held, and what was paid last."""
    return queries.overview(actor, clock.today())


@bp.route("/payouts")
@requires("payouts:read")
@bp.arguments(PayoutQuery, location="query")
@bp.response(200, PayoutPage)
def list_payouts(query: dict[str, Any], actor: Actor) -> Page[PayoutRow]:
    """List the payouts of the caller's organisation (operator: all), newest first."""
    return queries.list_payouts(actor, clock.today(), **query)


@bp.route("/payouts/<uuid:payout_id>")
@requires("payouts:read")
@bp.response(200, PayoutSchema)
def get_payout(payout_id: UUID, actor: Actor) -> PayoutRow:
    """Return a payout with its orders' parts."""
    return queries.get_payout(payout_id, actor, clock.today())


@bp.route("/payouts/check", methods=["POST"])
@requires("payouts:prepare")
@idempotent
@bp.arguments(PayoutsSchema)
@bp.response(200, PayoutListSchema)
def check_payouts(body: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Take over, as the first person, payouts that the schedule has made."""
    with transaction():
        bank.check(body["payouts"], actor)
        return _rows(body["payouts"], actor)


@bp.route("/payouts/release", methods=["POST"])
@requires("payouts:release")
@idempotent
@bp.arguments(PayoutsSchema)
@bp.response(200, PayoutListSchema)
def release_payouts(body: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Release payouts that another person prepared or checked."""
    with transaction():
        bank.release(body["payouts"], actor, clock.now())
        return _rows(body["payouts"], actor)


@bp.route("/payouts/confirm", methods=["POST"])
@requires("payouts:release")
@idempotent
@bp.arguments(BankPaymentsSchema)
@bp.response(200, PayoutListSchema)
def confirm_payouts(body: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Confirm, with the bank's serial numbers and days, that payouts were made."""
    with transaction():
        bank.confirm(body["payouts"], actor, clock.now())
        return _rows([each.payout for each in body["payouts"]], actor)


@bp.route("/payouts/<uuid:payout_id>/doubt", methods=["POST"])
@requires("payouts:read")
@idempotent
@bp.arguments(PayoutReasonSchema)
@bp.response(200, PayoutSchema)
def doubt_payout(body: dict[str, Any], payout_id: UUID, actor: Actor) -> PayoutRow:
    """Say that the bank could not pay; another person agrees."""
    with transaction():
        queries.get_payout(payout_id, actor, clock.today())
        bank.doubt(payout_id, body["reason"], actor, clock.now())
        return queries.get_payout(payout_id, actor, clock.today())


@bp.route("/payouts/<uuid:payout_id>/fail", methods=["POST"])
@requires("payouts:release")
@idempotent
@bp.response(200, PayoutSchema)
def fail_payout(payout_id: UUID, actor: Actor) -> PayoutRow:
    """Agree that the bank could not pay; the money is owed again."""
    with transaction():
        bank.fail(payout_id, actor, clock.now())
        return queries.get_payout(payout_id, actor, clock.today())


@bp.route("/payouts/<uuid:payout_id>/trust", methods=["POST"])
@requires("payouts:read")
@idempotent
@bp.response(200, PayoutSchema)
def trust_payout(payout_id: UUID, actor: Actor) -> PayoutRow:
    """Say that the bank pays after all."""
    with transaction():
        queries.get_payout(payout_id, actor, clock.today())
        bank.trust(payout_id, actor, clock.now())
        return queries.get_payout(payout_id, actor, clock.today())


@bp.route("/payouts/<uuid:payout_id>/cancel", methods=["POST"])
@requires("payouts:read")
@idempotent
@bp.arguments(PayoutReasonSchema)
@bp.response(200, PayoutSchema)
def cancel_payout(body: dict[str, Any], payout_id: UUID, actor: Actor) -> PayoutRow:
    """Give a payout up before it was sent."""
    with transaction():
        queries.get_payout(payout_id, actor, clock.today())
        bank.cancel(payout_id, body["reason"], actor, clock.now())
        return queries.get_payout(payout_id, actor, clock.today())


@bp.route("/payout-runs")
@requires("payouts:read")
@bp.arguments(PageQuery, location="query")
@bp.response(200, PayoutRunPage)
def list_runs(query: dict[str, Any], actor: Actor) -> Page[RunRow]:
    """List runs, newest first, for the operator."""
    return queries.list_runs(actor, **query)


@bp.route("/payout-runs", methods=["POST"])
@requires("payouts:prepare")
@idempotent
@bp.response(201, PayoutRunListSchema)
def start_run(actor: Actor) -> dict[str, Any]:
    """Start a run of each way over all that is due; payouts follow in a moment."""
    with transaction():
        started = runs.start(actor, clock.now())
        return {"items": [queries.get_run(each.public_id, actor) for each in started]}


@bp.route("/payout-runs/<uuid:run_id>")
@requires("payouts:read")
@bp.response(200, PayoutRunSchema)
def get_run(run_id: UUID, actor: Actor) -> RunRow:
    """Return a run, with how far it is and the hash of its file."""
    return queries.get_run(run_id, actor)


@bp.route("/payout-runs/<uuid:run_id>/file", methods=["POST"])
@requires("payouts:prepare")
@idempotent
@bp.arguments(BankFileSchema)
@bp.response(200, PayoutRunSchema)
def make_file(body: dict[str, Any], run_id: UUID, actor: Actor) -> RunRow:
    """Make the file for the bank, keep it, and say that its payouts are on their way."""
    with transaction():
        bank.send(run_id, body["format"], actor, clock.now())
        return queries.get_run(run_id, actor)


@bp.route("/orders/<uuid:order_id>/hold-payout", methods=["POST"])
@requires("payouts:prepare")
@idempotent
@bp.arguments(PayoutReasonSchema)
@bp.response(200, HeldPayoutSchema)
def hold_payout(body: dict[str, Any], order_id: UUID, actor: Actor) -> OrderSettlement:
    """Hold an order's payout with a reason."""
    with transaction():
        return holding.hold(order_id, body["reason"], actor, clock.now())


@bp.route("/orders/<uuid:order_id>/let-payout-go", methods=["POST"])
@requires("payouts:prepare")
@idempotent
@bp.response(200, HeldPayoutSchema)
def let_payout_go(order_id: UUID, actor: Actor) -> OrderSettlement:
    """Let a held order's payout go."""
    with transaction():
        return holding.let_go(order_id, actor, clock.now())


@bp.route("/fee-rules")
@requires("payouts:read")
@bp.response(200, FeeRuleListSchema)
@bp.alt_response(404, description="Not the operator")
def list_rules(actor: Actor) -> dict[str, Any]:
    """List fees and days as they were entered, for the operator."""
    return {"items": rule_queries.list_rules(actor)}


@bp.route("/fee-rules", methods=["POST"])
@requires("fees:edit")
@idempotent
@bp.arguments(ProposeRuleSchema)
@bp.response(201, FeeRuleSchema)
def propose_rule(body: RuleFacts, actor: Actor) -> RuleRow:
    """Enter a fee or a number of days; another person agrees to it."""
    with transaction():
        return rule_queries.row_of(proposals.propose(body, actor, clock.now()))


@bp.route("/fee-rules/<uuid:rule_id>/confirm", methods=["POST"])
@requires("fees:confirm")
@idempotent
@bp.response(200, FeeRuleSchema)
def confirm_rule(rule_id: UUID, actor: Actor) -> RuleRow:
    """Agree to a rule that another person entered."""
    with transaction():
        return rule_queries.row_of(proposals.confirm(rule_id, actor, clock.now()))


@bp.route("/fee-rules/<uuid:rule_id>/refuse", methods=["POST"])
@requires("fees:confirm")
@idempotent
@bp.arguments(PayoutReasonSchema)
@bp.response(200, FeeRuleSchema)
def refuse_rule(body: dict[str, Any], rule_id: UUID, actor: Actor) -> RuleRow:
    """Refuse a rule that another person entered."""
    with transaction():
        return rule_queries.row_of(proposals.refuse(rule_id, body["reason"], actor, clock.now()))


def _rows(ids: list[UUID], actor: Actor) -> dict[str, Any]:
    return {"items": [queries.get_payout(each, actor, clock.today()) for each in ids]}
