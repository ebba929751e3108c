"""Payment methods: cards that pay or are declined, Alipay and WeChat Pay that send the payer elsewhere."""

from __future__ import annotations

from typing import Any

from tests.stripe_double.errors import Refusal, invalid
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import Thing, World

#: Stripe's own test methods: type, code of the refusal, and whether the payer must act first.
KNOWN: dict[str, tuple[str, str | None, bool]] = {
    "pm_card_visa": ("card", None, False),
    "pm_card_mastercard": ("card", None, False),
    "pm_card_cn": ("card", None, False),
    "pm_card_unionpay": ("card", None, False),
    "pm_card_visa_chargeDeclined": ("card", "card_declined", False),
    "pm_card_chargeDeclined": ("card", "card_declined", False),
    "pm_card_chargeDeclinedInsufficientFunds": ("card", "insufficient_funds", False),
    "pm_card_authenticationRequired": ("card", None, True),
    "pm_card_threeDSecure2Required": ("card", None, True),
    "pm_alipay": ("alipay", None, True),
    "pm_wechat_pay": ("wechat_pay", None, True),
}
DECLINES = {
    "card_declined": ("card_declined", "generic_decline", "Your card was declined."),
    "insufficient_funds": ("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    "expired_card": ("expired_card", "expired_card", "Your card has expired."),
    "processing_error": ("processing_error", "processing_error", "An error occurred while processing your card."),
    "authentication": (
        "payment_intent_authentication_failure",
        None,
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
    ),
}
BILLING: Thing = {
    "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
    "email": None,
    "name": None,
    "phone": None,
    "tax_id": None,
}


def make(world: World, type_: str, *, declines: str | None = None, acts: bool | None = None, **given: Any) -> Thing:
    """A payment method; ``acts`` says whether the payer must do something before money moves."""
    details: Thing = {} if type_ != "card" else {**_card(), "wallet": None, "networks": {"available": ["visa"]}}
    return world.add(
        {
            "id": world.new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {**BILLING, **given.get("billing_details", {})},
            type_: details,
            "created": world.clock.now,
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": given.get("metadata", {}),
            "type": type_,
        },
        declines=declines,
        acts=type_ != "card" if acts is None else acts,
    )


def _card() -> Thing:
    return {
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "CN",
        "exp_month": 8,
        "exp_year": 2030,
        "fingerprint": "AOB934RVNwzk6xtn",
        "funding": "credit",
        "last4": "4242",
    }


def given(world: World, params: dict[str, Any]) -> Thing | None:
    """The method that a request names or describes, if any."""
    if "payment_method_data" in params:
        data = params["payment_method_data"]
        return make(
            world, data["type"], **{name: data[name] for name in ("billing_details", "metadata") if name in data}
        )
    if "payment_method" not in params:
        return None
    name = params["payment_method"]
    if name in KNOWN:
        type_, declines, acts = KNOWN[name]
        return make(world, type_, declines=declines, acts=acts)
    return world.find("payment_method", name, param="payment_method")


def details_of(world: World, method: Thing) -> Thing:
    """What a charge says of the method that paid."""
    type_ = method["type"]
    if type_ == "card":
        return {"card": {**_card(), "network": "visa", "installments": None, "wallet": None}, "type": "card"}
    number = "".join(character for character in world.text(60) if character.isdigit()).ljust(12, "8")[:12]
    if type_ == "alipay":
        return {
            "alipay": {"buyer_id": f"2088{number}", "fingerprint": world.text(16), "transaction_id": number},
            "type": type_,
        }
    return {
        type_: {"fingerprint": world.text(16), "location": None, "reader": None, "transaction_id": number},
        "type": type_,
    }


def decline(code: str, method: Thing | None = None) -> Refusal:
    """The refusal that a card's bank gives."""
    known, reason, message = DECLINES.get(code, (code, None, "The payment failed."))
    extra: dict[str, Any] = {"payment_method": method} if method else {}
    if reason:
        extra["decline_code"] = reason
    return Refusal(message, status=402, type_="card_error", code=known, **extra)


@route("post", "/v1/payment_methods")
def create_method(world: World, call: Call) -> Thing:
    if "type" not in call.params:
        raise invalid("Missing required param: type.", "type", "parameter_missing")
    return make(
        world, call.params["type"], **{n: v for n, v in call.params.items() if n in ("billing_details", "metadata")}
    )


@route("get", "/v1/payment_methods/{payment_method}")
def retrieve_method(world: World, call: Call) -> Thing:
    return world.find("payment_method", call.ids["payment_method"])
