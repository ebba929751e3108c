"""Payment intents: from wanting money to having it, or not."""

from __future__ import annotations

from typing import Any

from tests.stripe_double import charges, methods
from tests.stripe_double.errors import Refusal, invalid, wrong_state
from tests.stripe_double.events import emit
from tests.stripe_double.lists import page, search
from tests.stripe_double.metadata import merged
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import Thing, World

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
#: What the caller sets and the intent shows unchanged.
COPIED = (
    "customer", "description", "on_behalf_of", "receipt_email", "setup_future_usage", "shipping",
    "statement_descriptor", "statement_descriptor_suffix", "transfer_group",
)  # fmt: skip
LARGEST = 99_999_999


#: What a new intent does not have yet.
_EMPTY = (
    "application", "application_fee_amount", "canceled_at", "cancellation_reason", "customer_account", "last_payment_error", "latest_charge", "next_action", "payment_method", "payment_method_configuration_details", "processing", "review", "source", "transfer_data",
)  # fmt: skip


def make(world: World, params: dict[str, Any], **side: Any) -> Thing:
    """A new intent that waits for a payment method."""
    _require_amount(world, params["amount"], params["currency"])
    if params.get("capture_method") == "manual":
        raise invalid("This double captures at once.", "capture_method")
    identifier = world.new_id("pi")
    intent = {
        "id": identifier,
        "object": "payment_intent",
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": params.get(
            "automatic_payment_methods", {"allow_redirects": "always", "enabled": True}
        ),
        "capture_method": params.get("capture_method", "automatic_async"),
        "client_secret": f"{identifier}_secret_{world.text(25)}",
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": world.clock.now,
        "currency": params["currency"],
        "excluded_payment_method_types": params.get("excluded_payment_method_types"),
        "livemode": False,
        "metadata": merged({}, params.get("metadata")),
        "payment_method_options": params.get("payment_method_options", {}),
        "payment_method_types": types(world, params),
        "status": "requires_payment_method",
        **dict.fromkeys(_EMPTY),
        **{name: params.get(name) for name in COPIED},
    }
    world.add(intent, **side)
    emit(world, "payment_intent.created", intent)
    return intent


def types(world: World, params: dict[str, Any]) -> list[str]:
    """The ways to pay that remain; ways that lead elsewhere go if redirects are never allowed."""
    allowed, excluded = params.get("allowed_payment_method_types"), params.get("excluded_payment_method_types")
    found = [one for one in world.behaviour.methods if allowed is None or one in allowed]
    found = [one for one in found if one not in (excluded or ())]
    if params.get("automatic_payment_methods", {}).get("allow_redirects") == "never":
        found = [one for one in found if one == "card"]
    if not found:
        raise invalid("No valid payment method types for this PaymentIntent.", code="payment_method_unactivated")
    return found


def _require_amount(world: World, amount: int, currency: str) -> None:
    if currency != currency.lower() or currency not in world.behaviour.currencies:
        raise invalid(f"Invalid currency: {currency}.", "currency")
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if amount > LARGEST:
        raise invalid(f"Amount must be no more than {LARGEST}", "amount", "amount_too_large")


def attach(intent: Thing, method: Thing) -> None:
    """Say with what it is to be paid."""
    _require_type(method, intent["payment_method_types"])
    intent["payment_method"] = method["id"]
    intent["status"] = "requires_confirmation"


def _require_type(method: Thing, types: list[str]) -> None:
    if method["type"] not in types:
        raise invalid(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent.", "payment_method"
        )


def _require_confirmable(world: World, method: Thing | None, return_url: str | None) -> Thing:
    """Nothing is changed by a confirmation that lacks something."""
    if method is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    if return_url is None and world.side[method["id"]]["acts"] and method["type"] != "wechat_pay":
        raise invalid(
            "A `return_url` must be provided when confirming with this type of PaymentMethod.",
            "return_url",
            "parameter_missing",
        )
    return method


def confirm(world: World, intent: Thing, return_url: str | None) -> None:
    """Try to take the money with the attached method."""
    method = _require_confirmable(world, world.objects.get(intent["payment_method"] or ""), return_url)
    known = world.side[method["id"]]
    if known["acts"]:
        _send_away(world, intent, method, return_url)
    elif known["declines"]:
        raise fail(world, intent, known["declines"])
    else:
        succeed(world, intent)


def _send_away(world: World, intent: Thing, method: Thing, return_url: str | None) -> None:
    """The payer must act on another page."""
    world.side[intent["id"]]["return_url"] = return_url
    url = f"{world.base_url}/authorize/{intent['id']}"
    action: Thing = {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
    if method["type"] == "alipay":
        handle = {"native_data": None, "native_url": None, "return_url": return_url, "url": url}
        action = {"type": "alipay_handle_redirect", "alipay_handle_redirect": handle}
    elif method["type"] == "wechat_pay":
        images = dict.fromkeys(("image_data_url", "image_url_png", "image_url_svg"), url)
        code = {"data": f"weixin://wxpay/bizpayurl?pr={world.text(9)}", "hosted_instructions_url": url, **images}
        action = {"type": "wechat_pay_display_qr_code", "wechat_pay_display_qr_code": code}
    intent.update(status="requires_action", next_action=action, last_payment_error=None)
    emit(world, "payment_intent.requires_action", intent)


def process(world: World, intent: Thing) -> None:
    """The payer has done their part and the money is on its way."""
    intent.update(status="processing", next_action=None, last_payment_error=None)
    emit(world, "payment_intent.processing", intent)


def succeed(world: World, intent: Thing) -> Thing:
    """The money is there."""
    method = world.objects[intent["payment_method"]]
    charge = charges.succeed(world, intent, method)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        next_action=None,
        last_payment_error=None,
    )
    emit(world, "payment_intent.succeeded", intent)
    return charge


def fail(world: World, intent: Thing, code: str) -> Refusal:
    """The attempt failed; the intent waits for another method. Returns the refusal, for who is told at once."""
    method = world.objects[intent["payment_method"]]
    refusal = methods.decline(code, method)
    charge = charges.fail(world, intent, method, refusal.code or code, refusal.message)
    error = {**refusal.body()["error"], "charge": charge["id"]}
    intent.update(
        status="requires_payment_method",
        last_payment_error=error,
        latest_charge=charge["id"],
        payment_method=None,
        next_action=None,
    )
    emit(world, "payment_intent.payment_failed", intent)
    refusal.extra.update(charge=charge["id"], payment_intent=intent)
    return refusal


def cancel(world: World, intent: Thing, reason: str | None) -> None:
    if intent["status"] not in OPEN:
        raise wrong_state("payment intent", intent, "cancel")
    intent.update(status="canceled", canceled_at=world.clock.now, cancellation_reason=reason, next_action=None)
    emit(world, "payment_intent.canceled", intent)


@route("post", "/v1/payment_intents")
def create_intent(world: World, call: Call) -> Thing:
    params = call.params
    if "confirmation_token" in params:
        raise invalid("This double confirms without tokens.", "confirmation_token")
    method = methods.given(world, params)
    if params.get("confirm"):
        _require_confirmable(world, method, params.get("return_url"))
    if method:
        _require_type(method, types(world, params))
    intent = make(world, params)
    if method:
        attach(intent, method)
    if params.get("confirm"):
        confirm(world, intent, params.get("return_url"))
    return intent


@route("get", "/v1/payment_intents")
def list_intents(world: World, call: Call) -> Thing:
    return page(world.each("payment_intent"), call, "customer")


@route("get", "/v1/payment_intents/search")
def search_intents(world: World, call: Call) -> Thing:
    return search(world.each("payment_intent"), call)


@route("get", "/v1/payment_intents/{intent}")
def retrieve_intent(world: World, call: Call) -> Thing:
    return world.find(
        "payment_intent", call.ids["intent"], param="intent" if call.params.get("client_secret") else None
    )


@route("post", "/v1/payment_intents/{intent}")
def update_intent(world: World, call: Call) -> Thing:
    intent = world.find("payment_intent", call.ids["intent"])
    params = call.params
    if intent["status"] not in OPEN and params.keys() - {"metadata", "description", "receipt_email", "transfer_group"}:
        raise wrong_state("payment intent", intent, "update")
    if {"amount", "currency"} & params.keys():
        values = {**intent, **params}
        _require_amount(world, values["amount"], values["currency"])
    method = methods.given(world, params)
    if method:
        _require_type(method, intent["payment_method_types"])
    intent.update({name: params[name] for name in (*COPIED, "amount", "currency") if name in params})
    intent["metadata"] = merged(intent["metadata"], params.get("metadata"))
    if method:
        attach(intent, method)
    return intent


@route("post", "/v1/payment_intents/{intent}/confirm")
def confirm_intent(world: World, call: Call) -> Thing:
    intent = world.find("payment_intent", call.ids["intent"])
    if intent["status"] not in OPEN:
        raise wrong_state("payment intent", intent, "confirm")
    method = methods.given(world, call.params) or world.objects.get(intent["payment_method"] or "")
    return_url = call.params.get("return_url")
    attach(intent, _require_confirmable(world, method, return_url))
    confirm(world, intent, return_url)
    return intent


@route("post", "/v1/payment_intents/{intent}/cancel")
def cancel_intent(world: World, call: Call) -> Thing:
    intent = world.find("payment_intent", call.ids["intent"])
    cancel(world, intent, call.params.get("cancellation_reason"))
    return intent


def pay(world: World, intent: Thing, method: str) -> Thing:
    """The payer pays, whatever the intent waits for; a canceled or paid one refuses."""
    if intent["status"] not in (*OPEN, "processing"):
        raise wrong_state("payment intent", intent, "confirm")
    if intent["payment_method"] is None or world.objects[intent["payment_method"]]["type"] != method:
        attach(intent, methods.make(world, method))
    return succeed(world, intent)
