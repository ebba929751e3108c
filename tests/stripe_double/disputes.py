"""Disputes: a payer's bank takes the money back, until somebody has won."""

from __future__ import annotations

from tests.stripe_double import ledger
from tests.stripe_double.errors import Refusal
from tests.stripe_double.events import change, emit
from tests.stripe_double.lists import page
from tests.stripe_double.metadata import merged
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import DAY, Thing, World

OPEN = ("needs_response", "under_review")
ANSWER_DAYS = 7
#: What may be handed in as evidence.
EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def _details(world: World) -> Thing:
    """How long the platform may answer, and whether it has."""
    return {
        "due_by": world.clock.now + ANSWER_DAYS * DAY,
        "enhanced_eligibility": {},
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
    }


def begin(world: World, charge: Thing, amount: int | None, reason: str) -> Thing:
    """The bank disputes a charge and takes the money, with a fee on top."""
    left = charge["amount"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    if charge["disputed"] or not 1 <= amount <= left:
        message = f"{charge['id']} cannot be disputed over {amount}."
        raise LookupError(message)
    method = charge["payment_method_details"]["type"]
    details = {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"} if method == "card" else {}
    dispute = world.add(
        {
            "id": world.new_id("du"),
            "object": "dispute",
            "amount": amount,
            "balance_transactions": [],
            "charge": charge["id"],
            "created": world.clock.now,
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
            "evidence_details": _details(world),
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "payment_method_details": {method: details, "type": method},
            "reason": reason,
            "status": "needs_response",
        }
    )
    charge["disputed"] = True
    emit(world, "charge.dispute.created", dispute)
    _move(world, dispute, -amount, world.behaviour.dispute_fee)
    emit(world, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def _move(world: World, dispute: Thing, amount: int, fee: int) -> None:
    settled, currency, rate = ledger.settle(world, amount, dispute["currency"])
    moved = ledger.book(
        world, "adjustment", settled, dispute, currency=currency, fee=fee, at_once=True, exchange_rate=rate
    )
    dispute["balance_transactions"].append(moved)


def win(world: World, dispute: Thing) -> None:
    """The bank finds for the platform: the money comes back, the fee does not."""
    _require_open(dispute)
    _move(world, dispute, dispute["amount"], 0)
    emit(world, "charge.dispute.funds_reinstated", dispute)
    dispute["is_charge_refundable"] = True
    change(world, dispute, "charge.dispute.closed", status="won")


def lose(world: World, dispute: Thing) -> None:
    """The money stays away."""
    _require_open(dispute)
    change(world, dispute, "charge.dispute.closed", status="lost")


def blocks_refunds(world: World, charge: Thing) -> bool:
    """Whether the charge's money is with the bank, or gone there."""
    return any(one["charge"] == charge["id"] and not one["is_charge_refundable"] for one in world.each("dispute"))


def _require_open(dispute: Thing) -> None:
    if dispute["status"] not in OPEN:
        raise Refusal(f"This dispute is already closed: {dispute['status']}.", code="dispute_already_closed")


@route("get", "/v1/disputes")
def list_disputes(world: World, call: Call) -> Thing:
    return page(world.each("dispute"), call, "charge", "payment_intent")


@route("get", "/v1/disputes/{dispute}")
def retrieve_dispute(world: World, call: Call) -> Thing:
    return world.find("dispute", call.ids["dispute"])


@route("post", "/v1/disputes/{dispute}")
def update_dispute(world: World, call: Call) -> Thing:
    """Hand evidence in; it goes to the bank at once unless told otherwise."""
    dispute = world.find("dispute", call.ids["dispute"])
    params = call.params
    if "evidence" in params:
        _require_open(dispute)
        dispute["evidence"].update(params["evidence"])
        dispute["evidence_details"]["has_evidence"] = True
    dispute["metadata"] = merged(dispute["metadata"], params.get("metadata"))
    submitted = "evidence" in params and params.get("submit", True)
    dispute["evidence_details"]["submission_count"] += submitted
    change(world, dispute, "charge.dispute.updated", status="under_review" if submitted else dispute["status"])
    return dispute


@route("post", "/v1/disputes/{dispute}/close")
def close_dispute(world: World, call: Call) -> Thing:
    """Give in."""
    dispute = world.find("dispute", call.ids["dispute"])
    lose(world, dispute)
    return dispute
