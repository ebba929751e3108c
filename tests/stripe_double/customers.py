"""Customers: who is invoiced."""

from __future__ import annotations

from tests.stripe_double.events import change, emit
from tests.stripe_double.lists import page, search
from tests.stripe_double.metadata import merged
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import Thing, World

COPIED = ("address", "description", "email", "name", "phone", "shipping")


@route("post", "/v1/customers")
def create_customer(world: World, call: Call) -> Thing:
    customer = world.add(
        {
            "id": world.new_id("cus", 14),
            "object": "customer",
            **{name: call.params.get(name) for name in COPIED},
            "balance": 0,
            "created": world.clock.now,
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "discount": None,
            "invoice_prefix": world.text(8).upper(),
            "livemode": False,
            "metadata": merged({}, call.params.get("metadata")),
            "next_invoice_sequence": 1,
            "preferred_locales": call.params.get("preferred_locales", []),
            "tax_exempt": call.params.get("tax_exempt", "none"),
            "test_clock": None,
        }
    )
    emit(world, "customer.created", customer)
    return customer


@route("get", "/v1/customers")
def list_customers(world: World, call: Call) -> Thing:
    return page(world.each("customer"), call, "email")


@route("get", "/v1/customers/search")
def search_customers(world: World, call: Call) -> Thing:
    return search(world.each("customer"), call)


@route("get", "/v1/customers/{customer}")
def retrieve_customer(world: World, call: Call) -> Thing:
    return world.find("customer", call.ids["customer"])


@route("post", "/v1/customers/{customer}")
def update_customer(world: World, call: Call) -> Thing:
    customer = world.find("customer", call.ids["customer"])
    values = {name: call.params[name] for name in COPIED if name in call.params}
    values["metadata"] = merged(customer["metadata"], call.params.get("metadata"))
    change(world, customer, "customer.updated", **values)
    return customer
