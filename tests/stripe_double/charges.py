"""Charges: what a payment intent leaves behind each time it is tried."""

from __future__ import annotations

from typing import Any

from tests.stripe_double import ledger, methods
from tests.stripe_double.events import change, emit
from tests.stripe_double.lists import EXPANDABLE, page, search, sublist
from tests.stripe_double.metadata import merged
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import Thing, World


def succeed(world: World, intent: Thing, method: Thing) -> Thing:
    """Take the money of an intent."""
    charge = _make(world, intent, method, status="succeeded", paid=True, captured=True)
    charge["amount_captured"] = charge["amount"]
    amount, currency, rate = ledger.settle(world, charge["amount"], charge["currency"])
    points, fixed = world.behaviour.fees.get(method["type"], (0, 0))
    fee = (amount * points + 5000) // 10000 + fixed
    moved = ledger.book(world, "charge", amount, charge, currency=currency, fee=fee, exchange_rate=rate)
    charge["balance_transaction"] = moved["id"]
    emit(world, "charge.succeeded", charge)
    return charge


def fail(world: World, intent: Thing, method: Thing, code: str, message: str) -> Thing:
    """Record an attempt that took nothing."""
    charge = _make(world, intent, method, status="failed", paid=False, captured=False)
    charge.update(failure_code=code, failure_message=message)
    charge["outcome"] = {
        **_outcome(),
        "network_status": "declined_by_network",
        "reason": code,
        "type": "issuer_declined",
    }
    emit(world, "charge.failed", charge)
    return charge


def _outcome() -> Thing:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "seller_message": "Payment complete.",
        "type": "authorized",
    }


def _make(world: World, intent: Thing, method: Thing, **values: Any) -> Thing:
    copied = ("amount", "currency", "customer", "description", "receipt_email", "shipping", "transfer_group")
    charge = {
        "id": world.new_id("ch" if method["type"] == "card" else "py"),
        "object": "charge",
        **{name: intent[name] for name in copied},
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "DUIKOU",
        "created": world.clock.now,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": intent["on_behalf_of"],
        "outcome": _outcome(),
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": methods.details_of(world, method),
        "receipt_number": None,
        "refunded": False,
        "review": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "transfer_data": None,
        **values,
    }
    charge["receipt_url"] = f"{world.base_url}/receipts/{charge['id']}"
    return world.add(charge)


def refunds_of(world: World, charge: Thing) -> Thing:
    found = (one for one in world.each("refund") if one["charge"] == charge["id"])
    return sublist(found, f"/v1/charges/{charge['id']}/refunds")


EXPANDABLE["charge"] = {"refunds": refunds_of}


@route("get", "/v1/charges")
def list_charges(world: World, call: Call) -> Thing:
    return page(world.each("charge", account=call.account), call, "customer", "payment_intent", "transfer_group")


@route("get", "/v1/charges/search")
def search_charges(world: World, call: Call) -> Thing:
    return search(world.each("charge"), call)


@route("get", "/v1/charges/{charge}")
def retrieve_charge(world: World, call: Call) -> Thing:
    return world.find("charge", call.ids["charge"], account=call.account)


@route("post", "/v1/charges/{charge}")
def update_charge(world: World, call: Call) -> Thing:
    charge = world.find("charge", call.ids["charge"])
    names = ("description", "receipt_email", "shipping", "transfer_group", "customer")
    values = {name: call.params[name] for name in names if name in call.params}
    values["metadata"] = merged(charge["metadata"], call.params.get("metadata"))
    change(world, charge, "charge.updated", **values)
    return charge
