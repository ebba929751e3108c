"""Checkout sessions: a page of Stripe's own on which an order is paid."""

from __future__ import annotations

from typing import Any

from tests.stripe_double import intents, methods
from tests.stripe_double.errors import Refusal, invalid
from tests.stripe_double.events import emit, on
from tests.stripe_double.lists import EXPANDABLE, page, sublist
from tests.stripe_double.metadata import merged
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import DAY, Thing, World

SHORTEST, LONGEST = 30 * 60, DAY


def _amount(line: Thing) -> int:
    price = line.get("price_data", {})
    if "unit_amount" not in price:
        raise invalid("This double takes line items with price_data and unit_amount.", "line_items")
    return int(price["unit_amount"] * line.get("quantity", 1))


def _line(world: World, line: Thing) -> Thing:
    price, amount = line["price_data"], _amount(line)
    product = price.get("product_data", {})
    return {
        "id": world.new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product.get("name"),
        "metadata": line.get("metadata", {}),
        "price": {"currency": price["currency"], "unit_amount": price["unit_amount"], "object": "price"},
        "quantity": line.get("quantity", 1),
    }


def _require(world: World, params: dict[str, Any]) -> None:
    if params.get("mode") != "payment":
        raise invalid("This double plays sessions that pay once.", "mode")
    if not params.get("line_items"):
        raise invalid("Missing required param: line_items.", "line_items", "parameter_missing")
    hosted = params.get("ui_mode", "hosted_page") == "hosted_page"
    wanted = "success_url" if hosted else "return_url"
    if wanted not in params:
        raise invalid(f"Missing required param: {wanted}.", wanted, "parameter_missing")
    if len({line.get("price_data", {}).get("currency") for line in params["line_items"]}) != 1:
        raise invalid("All line items must be in the same currency.", "line_items")
    left = params.get("expires_at", world.clock.now + LONGEST) - world.clock.now
    if not SHORTEST <= left <= LONGEST:
        raise invalid("The `expires_at` timestamp must be 30 minutes to 24 hours from creation.", "expires_at")


#: What a new session does not have yet.
_EMPTY = ("customer_details", "invoice", "payment_intent", "setup_intent", "subscription")


@route("post", "/v1/checkout/sessions")
def create_session(world: World, call: Call) -> Thing:
    params = call.params
    _require(world, params)
    lines = [_line(world, line) for line in params["line_items"]]
    total, identifier = sum(line["amount_total"] for line in lines), f"cs_test_{world.text(58)}"
    ui_mode = params.get("ui_mode", "hosted_page")
    hosted = ui_mode == "hosted_page"
    copied = ("cancel_url", "client_reference_id", "customer", "customer_email", "locale", "return_url", "success_url")
    return world.add(
        {
            "id": identifier,
            "object": "checkout.session",
            **dict.fromkeys(_EMPTY),
            **{name: params.get(name) for name in copied},
            "allowed_payment_method_types": params.get("allowed_payment_method_types"),
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
            "client_secret": None if hosted else f"{identifier}_secret_{world.text(40)}",
            "created": world.clock.now,
            "currency": lines[0]["currency"],
            "custom_fields": [],
            "custom_text": {},
            "expires_at": params.get("expires_at", world.clock.now + LONGEST),
            "livemode": False,
            "metadata": merged({}, params.get("metadata")),
            "mode": "payment",
            "payment_method_types": intents.types(world, params),
            "payment_status": "unpaid",
            "shipping_options": [],
            "status": "open",
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": ui_mode,
            "url": f"{world.base_url}/c/pay/{identifier}" if hosted else None,
        },
        lines=lines,
        intent=params.get("payment_intent_data", {}),
    )


def refresh(world: World, session: Thing) -> Thing:
    """An open session whose time is over is expired."""
    if session["status"] == "open" and session["expires_at"] <= world.clock.now:
        expire(world, session)
    return session


def expire(world: World, session: Thing) -> None:
    if session["status"] != "open":
        raise Refusal(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This session is {session["status"]}.',
            param="session",
        )
    intent = world.objects.get(session["payment_intent"] or "")
    if intent and intent["status"] in intents.OPEN:
        intents.cancel(world, intent, "abandoned")
    session.update(status="expired", url=None)
    emit(world, "checkout.session.expired", session)


def intent_of(world: World, session: Thing, method: str) -> Thing:
    """The intent behind the session, made when the payer first tries, with the chosen method on it."""
    if session["status"] != "open":
        message = f"{session['id']} is {session['status']}."
        raise LookupError(message)
    if session["payment_intent"] is None:
        given = world.side[session["id"]]["intent"]
        params = {"amount": session["amount_total"], "currency": session["currency"], "customer": session["customer"]}
        allowed = {"allowed_payment_method_types": session["allowed_payment_method_types"]}
        intent = intents.make(world, {**params, **allowed, **given}, session=session["id"])
        session["payment_intent"] = intent["id"]
    intent = world.objects[session["payment_intent"]]
    intents.attach(intent, methods.make(world, method, acts=False))
    return intent


def complete(world: World, session: Thing, method: str, *, paid: bool) -> None:
    """The payer is done; a slow method pays later, and then the session says so."""
    intent = intent_of(world, session, method)
    if paid:
        intents.succeed(world, intent)
    else:
        intents.process(world, intent)
    session.update(
        status="complete",
        payment_status="paid" if paid else "unpaid",
        url=None,
        customer_details={"address": None, "email": session["customer_email"], "name": None, "phone": None},
    )
    emit(world, "checkout.session.completed", session)


def _session_of(world: World, intent: Thing) -> Thing | None:
    return world.objects.get(world.side[intent["id"]].get("session", ""))


@on("payment_intent.succeeded")
def _late_success(world: World, intent: Thing) -> None:
    session = _session_of(world, intent)
    if session and session["status"] == "complete" and session["payment_status"] == "unpaid":
        session["payment_status"] = "paid"
        emit(world, "checkout.session.async_payment_succeeded", session)


@on("payment_intent.payment_failed")
def _late_failure(world: World, intent: Thing) -> None:
    session = _session_of(world, intent)
    if session and session["status"] == "complete":
        emit(world, "checkout.session.async_payment_failed", session)


def _lines(world: World, session: Thing) -> Thing:
    return sublist(world.side[session["id"]]["lines"], f"/v1/checkout/sessions/{session['id']}/line_items")


EXPANDABLE["checkout.session"] = {"line_items": _lines}


@route("get", "/v1/checkout/sessions")
def list_sessions(world: World, call: Call) -> Thing:
    found = [refresh(world, one) for one in world.each("checkout.session")]
    return page(found, call, "customer", "payment_intent", "status")


@route("get", "/v1/checkout/sessions/{session}")
def retrieve_session(world: World, call: Call) -> Thing:
    return refresh(world, world.find("checkout.session", call.ids["session"]))


@route("post", "/v1/checkout/sessions/{session}")
def update_session(world: World, call: Call) -> Thing:
    session = world.find("checkout.session", call.ids["session"])
    session["metadata"] = merged(session["metadata"], call.params.get("metadata"))
    return session


@route("post", "/v1/checkout/sessions/{session}/expire")
def expire_session(world: World, call: Call) -> Thing:
    session = refresh(world, world.find("checkout.session", call.ids["session"]))
    expire(world, session)
    return session
