"""Invoices: drafted, finalised, sent, and paid later."""

from __future__ import annotations

from typing import Any

from tests.stripe_double import intents, methods
from tests.stripe_double.errors import Refusal, invalid
from tests.stripe_double.events import emit, on
from tests.stripe_double.invoice_lines import attach_pending, recount
from tests.stripe_double.lists import page, search, sublist
from tests.stripe_double.metadata import merged
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import DAY, Thing, World


def _require_state(invoice: Thing, *states: str) -> None:
    if invoice["status"] not in states:
        raise Refusal(
            f"This invoice is {invoice['status']}, and it must be {' or '.join(states)} for that.",
            code="invoice_not_editable" if states == ("draft",) else "invoice_unexpected_state",
        )


def _due(world: World, params: dict[str, Any]) -> tuple[int | None, int | None]:
    """Days until it is due and the instant, one of which a sent invoice needs."""
    days, date = params.get("days_until_due"), params.get("due_date")
    sent = params.get("collection_method") == "send_invoice"
    if sent == (days is None and date is None):
        raise invalid("`days_until_due` or `due_date` goes with `collection_method=send_invoice` and only with it.",
                      "days_until_due")  # fmt: skip
    if date is not None and date <= world.clock.now:
        raise invalid("The due date must be in the future.", "due_date")
    return days, date


#: What a draft has nothing of yet.
_ZERO = (
    "amount_due", "amount_overpaid", "amount_paid", "amount_remaining", "attempt_count", "subtotal", "total",
)  # fmt: skip
_EMPTY = ("effective_at", "hosted_invoice_url", "invoice_pdf")


@route("post", "/v1/invoices")
def create_invoice(world: World, call: Call) -> Thing:
    params = call.params
    if "customer" not in params:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = world.find("customer", params["customer"], param="customer")
    days, date = _due(world, params)
    now, identifier = world.clock.now, world.new_id("in")
    invoice: Thing = {
        "id": identifier,
        "object": "invoice",
        **dict.fromkeys(_ZERO, 0),
        **dict.fromkeys(_EMPTY),
        **{name: params.get(name) for name in ("custom_fields", "description", "footer", "number")},
        "account_country": "HK",
        "account_name": "Duikou",
        "attempted": False,
        "auto_advance": params.get("auto_advance", False),
        "billing_reason": "manual",
        "collection_method": params.get("collection_method", "charge_automatically"),
        "created": now,
        "currency": params.get("currency", world.behaviour.currencies[0]),
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "due_date": date,
        "lines": sublist([], f"/v1/invoices/{identifier}/lines"),
        "livemode": False,
        "metadata": merged({}, params.get("metadata")),
        "payment_settings": params.get("payment_settings", {"payment_method_types": None}),
        "period_end": now,
        "period_start": now,
        "status": "draft",
        "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
    }
    world.add(invoice, days=days, lines=[], intent=None)
    if params.get("pending_invoice_items_behavior") == "include":
        attach_pending(world, invoice)
    emit(world, "invoice.created", invoice)
    return invoice


def finalize(world: World, invoice: Thing) -> None:
    """From now on it can be paid and no longer changed."""
    _require_state(invoice, "draft")
    recount(world, invoice)
    side, customer, now = world.side[invoice["id"]], world.objects[invoice["customer"]], world.clock.now
    if invoice["number"] is None:
        invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}"
        customer["next_invoice_sequence"] += 1
    if side["days"] is not None:
        invoice["due_date"] = now + side["days"] * DAY
    url = f"{world.base_url}/invoice/{invoice['id']}"
    invoice.update(status="open", effective_at=now, hosted_invoice_url=url, invoice_pdf=f"{url}/pdf")
    invoice["status_transitions"]["finalized_at"] = now
    emit(world, "invoice.finalized", invoice)
    if invoice["amount_due"] == 0:
        _mark_paid(world, invoice)
    else:
        _ask(world, invoice)


def _ask(world: World, invoice: Thing) -> None:
    """The intent by which the invoice is paid, and the record that ties both."""
    params = {"amount": invoice["amount_due"], "currency": invoice["currency"], "customer": invoice["customer"]}
    intent = intents.make(world, params, invoice=invoice["id"])
    _tie(world, invoice, intent, default=True)


def _tie(world: World, invoice: Thing, intent: Thing, *, default: bool) -> Thing:
    world.side[intent["id"]]["invoice"] = invoice["id"]
    if default:
        world.side[invoice["id"]]["intent"] = intent["id"]
    return world.add(
        {
            "id": world.new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": min(intent["amount"], invoice["amount_remaining"]),
            "created": world.clock.now,
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": default,
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )


def _payments(world: World, **wanted: str) -> list[Thing]:
    return [
        one
        for one in world.each("invoice_payment")
        if wanted.get("invoice") in (None, one["invoice"])
        and wanted.get("intent") in (None, one["payment"]["payment_intent"])
    ]


@on("payment_intent.succeeded")
def _paid(world: World, intent: Thing) -> None:
    invoice = world.objects.get(world.side[intent["id"]].get("invoice", ""))
    if invoice and invoice["status"] in ("open", "uncollectible"):
        _credit(world, invoice, intent)


def _credit(world: World, invoice: Thing, intent: Thing) -> None:
    """Count an intent's money; the invoice is paid when all is there."""
    now, amount = world.clock.now, min(intent["amount_received"], invoice["amount_remaining"])
    for payment in _payments(world, invoice=invoice["id"], intent=intent["id"]):
        payment.update(status="paid", amount_paid=amount)
        payment["status_transitions"]["paid_at"] = now
        emit(world, "invoice_payment.paid", payment)
    invoice["amount_paid"] += amount
    invoice["amount_remaining"] -= amount
    if invoice["amount_remaining"] == 0:
        _mark_paid(world, invoice)


def _mark_paid(world: World, invoice: Thing) -> None:
    invoice.update(status="paid", attempted=True)
    invoice["status_transitions"]["paid_at"] = world.clock.now
    emit(world, "invoice.paid", invoice)
    emit(world, "invoice.payment_succeeded", invoice)


def pay(world: World, invoice: Thing, method: str) -> None:
    """The customer pays on the hosted page."""
    _require_state(invoice, "open", "uncollectible")
    intents.pay(world, world.objects[world.side[invoice["id"]]["intent"]], method)


@route("get", "/v1/invoices")
def list_invoices(world: World, call: Call) -> Thing:
    return page(world.each("invoice"), call, "customer", "status", "collection_method")


@route("get", "/v1/invoices/search")
def search_invoices(world: World, call: Call) -> Thing:
    return search(world.each("invoice"), call)


@route("get", "/v1/invoices/{invoice}")
def retrieve_invoice(world: World, call: Call) -> Thing:
    return world.find("invoice", call.ids["invoice"])


@route("post", "/v1/invoices/{invoice}")
def update_invoice(world: World, call: Call) -> Thing:
    invoice = world.find("invoice", call.ids["invoice"])
    if call.params.keys() - {"metadata", "expand"}:
        _require_state(invoice, "draft")
    invoice.update({name: call.params[name] for name in ("description", "footer", "due_date") if name in call.params})
    invoice["metadata"] = merged(invoice["metadata"], call.params.get("metadata"))
    emit(world, "invoice.updated", invoice)
    return invoice


@route("post", "/v1/invoices/{invoice}/finalize")
def finalize_invoice(world: World, call: Call) -> Thing:
    invoice = world.find("invoice", call.ids["invoice"])
    finalize(world, invoice)
    return invoice


@route("post", "/v1/invoices/{invoice}/send")
def send_invoice(world: World, call: Call) -> Thing:
    """Send it by mail, finalised first if it is a draft."""
    invoice = world.find("invoice", call.ids["invoice"])
    _require_state(invoice, "draft", "open")
    if invoice["collection_method"] != "send_invoice":
        raise invalid("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] == "draft":
        finalize(world, invoice)
    emit(world, "invoice.sent", invoice)
    return invoice


@route("post", "/v1/invoices/{invoice}/pay")
def pay_invoice(world: World, call: Call) -> Thing:
    invoice = world.find("invoice", call.ids["invoice"])
    if invoice["status"] == "draft":
        finalize(world, invoice)
    _require_state(invoice, "open", "uncollectible")
    if call.params.get("paid_out_of_band"):
        intents.cancel(world, world.objects[world.side[invoice["id"]]["intent"]], "void_invoice")
        invoice["amount_paid"], invoice["amount_remaining"] = invoice["amount_due"], 0
        _mark_paid(world, invoice)
        return invoice
    method = methods.given(world, call.params)
    if method is None:
        raise invalid(
            "There is no default_payment_method set on this Customer or Invoice.", code="missing_payment_method"
        )
    intent = world.objects[world.side[invoice["id"]]["intent"]]
    intents.attach(intent, method)
    intents.confirm(world, intent, None)
    return invoice


@route("post", "/v1/invoices/{invoice}/attach_payment")
def attach_payment(world: World, call: Call) -> Thing:
    """Count a payment that was made by another intent."""
    invoice = world.find("invoice", call.ids["invoice"])
    _require_state(invoice, "open")
    intent = world.find("payment_intent", call.params.get("payment_intent", ""), param="payment_intent")
    if _payments(world, intent=intent["id"]):
        raise invalid("This payment is already attached to an invoice.", "payment_intent")
    _tie(world, invoice, intent, default=False)
    if intent["status"] == "succeeded":
        _credit(world, invoice, intent)
    return invoice


@route("post", "/v1/invoices/{invoice}/void")
def void_invoice(world: World, call: Call) -> Thing:
    invoice = world.find("invoice", call.ids["invoice"])
    _require_state(invoice, "open", "uncollectible")
    intents.cancel(world, world.objects[world.side[invoice["id"]]["intent"]], "void_invoice")
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = world.clock.now
    emit(world, "invoice.voided", invoice)
    return invoice


@route("get", "/v1/invoice_payments")
def list_payments(world: World, call: Call) -> Thing:
    intent = call.params.get("payment", {}).get("payment_intent")
    wanted = {} if intent is None else {"intent": intent}
    return page(_payments(world, **wanted), call, "invoice", "status")
