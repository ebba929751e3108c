"""What an invoice is made of."""

from __future__ import annotations

from tests.stripe_double.errors import Refusal, invalid
from tests.stripe_double.lists import page, sublist
from tests.stripe_double.metadata import merged
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import Thing, World


def _items(world: World, invoice: Thing) -> list[Thing]:
    """Oldest first, as on paper."""
    return [one for one in world.each("invoiceitem") if one["invoice"] == invoice["id"]][::-1]


def recount(world: World, invoice: Thing) -> None:
    """Lines and sums from the items."""
    items = _items(world, invoice)
    total = sum(item["amount"] for item in items)
    lines = [_line(world, invoice, item) for item in items]
    invoice["lines"] = sublist(lines, invoice["lines"]["url"])
    for name in ("subtotal", "total", "amount_due", "amount_remaining"):
        invoice[name] = total


def _line(world: World, invoice: Thing, item: Thing) -> Thing:
    names = ("amount", "currency", "description", "metadata", "period", "quantity")
    return {
        "id": world.side[item["id"]]["line"],
        "object": "line_item",
        **{name: item[name] for name in names},
        "invoice": invoice["id"],
        "livemode": False,
        "parent": {"invoice_item_details": {"invoice_item": item["id"]}, "type": "invoice_item_details"},
    }


def attach_pending(world: World, invoice: Thing) -> None:
    """Take up the customer's items that are on no invoice yet."""
    for item in world.each("invoiceitem"):
        if (
            item["invoice"] is None
            and item["customer"] == invoice["customer"]
            and item["currency"] == invoice["currency"]
        ):
            item["invoice"] = invoice["id"]
    recount(world, invoice)


@route("post", "/v1/invoiceitems")
def create_item(world: World, call: Call) -> Thing:
    params = call.params
    invoice = world.find("invoice", params["invoice"], param="invoice") if "invoice" in params else None
    if invoice and invoice["status"] != "draft":
        raise Refusal("This invoice is no longer editable.", code="invoice_not_editable")
    customer = invoice["customer"] if invoice else params.get("customer")
    if customer is None:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    world.find("customer", customer, param="customer")
    if "amount" not in params:
        raise invalid("This double takes items with an amount.", "amount", "parameter_missing")
    now = world.clock.now
    item = world.add(
        {
            "id": world.new_id("ii"),
            "object": "invoiceitem",
            "amount": params["amount"],
            "currency": params.get("currency", invoice["currency"] if invoice else world.behaviour.currencies[0]),
            "customer": customer,
            "date": now,
            "description": params.get("description"),
            "discountable": True,
            "discounts": [],
            "invoice": invoice["id"] if invoice else None,
            "livemode": False,
            "metadata": merged({}, params.get("metadata")),
            "period": params.get("period", {"end": now, "start": now}),
            "proration": False,
            "quantity": params.get("quantity", 1),
            "tax_rates": [],
        },
        line=world.new_id("il"),
    )
    if invoice:
        recount(world, invoice)
    return item


@route("get", "/v1/invoiceitems")
def list_items(world: World, call: Call) -> Thing:
    return page(world.each("invoiceitem"), call, "customer", "invoice")


@route("get", "/v1/invoiceitems/{invoiceitem}")
def retrieve_item(world: World, call: Call) -> Thing:
    return world.find("invoiceitem", call.ids["invoiceitem"])
