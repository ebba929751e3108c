"""Refunds: money that goes back, never more than is left of the charge."""

from __future__ import annotations

from typing import Any

from tests.stripe_double import disputes, ledger
from tests.stripe_double.errors import Refusal, invalid
from tests.stripe_double.events import change, emit
from tests.stripe_double.lists import page
from tests.stripe_double.metadata import merged
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import Thing, World

#: A refund in these states counts against what is left.
COUNTS = ("pending", "requires_action", "succeeded")


def _charge_of(world: World, params: dict[str, Any]) -> Thing:
    """The charge that the request names itself or through its intent."""
    if "charge" in params:
        return world.find("charge", params["charge"], param="charge")
    if "payment_intent" not in params:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    intent = world.find("payment_intent", params["payment_intent"], param="payment_intent")
    charge = world.objects.get(intent["latest_charge"] or "")
    if charge is None or charge["status"] != "succeeded":
        raise invalid(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.", "payment_intent"
        )
    return charge


def _require_left(world: World, charge: Thing, amount: int | None) -> int:
    """The amount, refused if the charge does not have it any more."""
    left = charge["amount"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} was not successful and cannot be refunded.", "charge")
    if disputes.blocks_refunds(world, charge):
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount is None:
        return int(left)
    if amount < 1:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    if amount > left:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            "amount",
            "amount_too_large",
        )
    return amount


@route("post", "/v1/refunds")
def create_refund(world: World, call: Call) -> Thing:
    charge = _charge_of(world, call.params)
    amount = _require_left(world, charge, call.params.get("amount"))
    type_ = charge["payment_method_details"]["type"]
    status = world.behaviour.refunds.get(type_, "succeeded")
    refund = world.add(
        {
            "id": world.new_id("re" if type_ == "card" else "pyr"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": world.clock.now,
            "currency": charge["currency"],
            "destination_details": {type_: {}, "type": type_},
            "metadata": merged({}, call.params.get("metadata")),
            "payment_intent": charge["payment_intent"],
            "payment_method": charge["payment_method"],
            "reason": call.params.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": status,
            "transfer_reversal": None,
        }
    )
    if status == "pending":
        refund["pending_reason"] = "processing"
    _take(world, refund, charge)
    emit(world, "refund.created", refund)
    emit(world, "charge.refunded", charge)
    return refund


def _take(world: World, refund: Thing, charge: Thing) -> None:
    """The money leaves the balance at the rate of the charge."""
    amount, currency, rate = ledger.settle(world, refund["amount"], refund["currency"])
    moved = ledger.book(world, "refund", -amount, refund, currency=currency, exchange_rate=rate)
    refund["balance_transaction"] = moved["id"]
    _recount(charge, refund["amount"])


def _recount(charge: Thing, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]


def settle(world: World, refund: Thing) -> None:
    """The bank has given the money back."""
    refund.pop("pending_reason", None)
    _update(world, refund, status="succeeded")


def fail(world: World, refund: Thing, reason: str) -> None:
    """The bank did not take it: the money returns to the balance, and the charge has it left again."""
    _give_back(world, refund)
    refund.pop("pending_reason", None)
    _update(world, refund, status="failed", failure_reason=reason)
    emit(world, "refund.failed", refund)


def _give_back(world: World, refund: Thing) -> None:
    amount, currency, rate = ledger.settle(world, refund["amount"], refund["currency"])
    moved = ledger.book(world, "refund_failure", amount, refund, currency=currency, at_once=True, exchange_rate=rate)
    refund["failure_balance_transaction"] = moved["id"]
    _recount(world.objects[refund["charge"]], -refund["amount"])


def _update(world: World, refund: Thing, **values: Any) -> None:
    change(world, refund, "refund.updated", **values)
    emit(world, "charge.refund.updated", refund)


@route("get", "/v1/refunds")
def list_refunds(world: World, call: Call) -> Thing:
    return page(world.each("refund"), call, "charge", "payment_intent")


@route("get", "/v1/refunds/{refund}")
def retrieve_refund(world: World, call: Call) -> Thing:
    return world.find("refund", call.ids["refund"])


@route("post", "/v1/refunds/{refund}")
def update_refund(world: World, call: Call) -> Thing:
    refund = world.find("refund", call.ids["refund"])
    _update(world, refund, metadata=merged(refund["metadata"], call.params.get("metadata")))
    return refund


@route("post", "/v1/refunds/{refund}/cancel")
def cancel_refund(world: World, call: Call) -> Thing:
    """Only while the payer still has to say where the money is to go."""
    refund = world.find("refund", call.ids["refund"])
    if refund["status"] != "requires_action":
        raise Refusal(
            f"You cannot cancel a refund with a status of {refund['status']}.", code="refund_unexpected_state"
        )
    _give_back(world, refund)
    _update(world, refund, status="canceled")
    return refund
