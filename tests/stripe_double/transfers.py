"""Transfers to connected accounts, and their reversals."""

from __future__ import annotations

from typing import Any

from tests.stripe_double import accounts, ledger
from tests.stripe_double.errors import invalid
from tests.stripe_double.events import change, emit
from tests.stripe_double.lists import page, sublist
from tests.stripe_double.metadata import merged
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import Thing, World


def _destination(world: World, identifier: str) -> Thing:
    account = world.objects.get(identifier)
    if account is None or account["object"] != "v2.core.account" or account["closed"]:
        raise invalid(f"No such destination: '{identifier}'", "destination", "resource_missing")
    if accounts.status_of(account) != "active":
        raise invalid(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers,"
            " crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return account


def left_of_source(world: World, charge: Thing) -> int:
    """What may still be transferred out of a charge: its amount as settled, less refunds and earlier transfers."""
    moved = [one for one in world.each("transfer") if one["source_transaction"] == charge["id"]]
    taken: int = sum(one["amount"] for one in moved)
    if world.behaviour.reversals_free_source:
        taken -= sum(one["amount_reversed"] for one in moved)
    left, _, _ = ledger.settle(world, charge["amount"] - charge["amount_refunded"], charge["currency"])
    return left - taken


def _source(world: World, params: dict[str, Any]) -> Thing | None:
    """The charge that the money is to come from, if one is named; refused if it has not so much left."""
    if "source_transaction" not in params:
        return None
    charge = world.find("charge", params["source_transaction"], param="source_transaction")
    if charge["status"] != "succeeded":
        raise invalid("The source transaction must be a successful charge.", "source_transaction")
    _, currency, _ = ledger.settle(world, 0, charge["currency"])
    if currency != params["currency"]:
        raise invalid(f"The currency of the source_transaction's balance is {currency}.", "currency")
    left = left_of_source(world, charge)
    if params["amount"] > left:
        raise invalid(
            f"Transfers using this transaction as a source must not exceed the source amount. ({left} is left of"
            f" {charge['id']} after earlier transfers and refunds.)",
            "amount",
            "transfer_source_exceeded",
        )
    return charge


@route("post", "/v1/transfers")
def create_transfer(world: World, call: Call) -> Thing:
    params = call.params
    if params.get("amount", 0) < 1:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    account, charge = _destination(world, params["destination"]), _source(world, params)
    if charge is None:
        ledger.require(world, params["amount"], params["currency"])
    identifier = world.new_id("tr")
    transfer = world.add(
        {
            "id": identifier,
            "object": "transfer",
            "amount": params["amount"],
            "amount_reversed": 0,
            "created": world.clock.now,
            "currency": params["currency"],
            "description": params.get("description"),
            "destination": account["id"],
            "livemode": False,
            "metadata": merged({}, params.get("metadata")),
            "reversals": sublist([], f"/v1/transfers/{identifier}/reversals"),
            "reversed": False,
            "source_transaction": charge["id"] if charge else None,
            "source_type": params.get("source_type", "card"),
            "transfer_group": _group(params, charge),
        }
    )
    _move(world, transfer, charge)
    emit(world, "transfer.created", transfer)
    return transfer


def _group(params: dict[str, Any], charge: Thing | None) -> str | None:
    """A transfer out of a charge is of the charge's group; a charge without one gets it now."""
    if charge is None:
        return params.get("transfer_group")
    charge["transfer_group"] = charge["transfer_group"] or params.get("transfer_group") or f"group_{charge['id']}"
    return str(charge["transfer_group"])


def _move(world: World, transfer: Thing, charge: Thing | None) -> None:
    """The money leaves the platform and reaches the account, where it waits as long as the charge's would."""
    amount, currency, account = transfer["amount"], transfer["currency"], transfer["destination"]
    waits = world.objects[charge["balance_transaction"]]["available_on"] if charge else world.clock.now
    out = ledger.book(world, "transfer", -amount, transfer, currency=currency, available_on=waits)
    arrived: Thing = {
        "id": world.new_id("py"),
        "object": "charge",
        "amount": amount,
        "amount_refunded": 0,
        "created": world.clock.now,
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "refunded": False,
        "source_transfer": transfer["id"],
        "status": "succeeded",
        "transfer_group": transfer["transfer_group"],
    }
    world.add(arrived, account=account)
    there = ledger.book(
        world, "payment", amount, arrived, currency=currency, account=account, available_on=waits, at_once=True
    )
    arrived["balance_transaction"] = there["id"]
    transfer.update(balance_transaction=out["id"], destination_payment=arrived["id"])


@route("get", "/v1/transfers")
def list_transfers(world: World, call: Call) -> Thing:
    return page(world.each("transfer"), call, "destination", "transfer_group")


@route("get", "/v1/transfers/{transfer}")
def retrieve_transfer(world: World, call: Call) -> Thing:
    return world.find("transfer", call.ids["transfer"])


@route("post", "/v1/transfers/{transfer}")
def update_transfer(world: World, call: Call) -> Thing:
    transfer = world.find("transfer", call.ids["transfer"])
    values = {"metadata": merged(transfer["metadata"], call.params.get("metadata"))}
    if "description" in call.params:
        values["description"] = call.params["description"]
    change(world, transfer, "transfer.updated", **values)
    return transfer


@route("post", "/v1/transfers/{id}/reversals")
def create_reversal(world: World, call: Call) -> Thing:
    """Take money back from the account, as far as it is there."""
    transfer = world.find("transfer", call.ids["id"])
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = call.params.get("amount", left)
    if left == 0:
        raise invalid(f"Transfer {transfer['id']} has already been fully reversed.", code="transfer_already_reversed")
    if not 1 <= amount <= left:
        raise invalid(f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})", "amount")
    _require_covered(world, transfer, amount)
    reversal = world.add(
        {
            "id": world.new_id("trr"),
            "object": "transfer_reversal",
            "amount": amount,
            "created": world.clock.now,
            "currency": transfer["currency"],
            "metadata": merged({}, call.params.get("metadata")),
            "source_refund": None,
            "transfer": transfer["id"],
        }
    )
    _move_back(world, transfer, reversal)
    emit(world, "transfer.reversed", transfer)
    return reversal


def _require_covered(world: World, transfer: Thing, amount: int) -> None:
    """A reversal needs the money on the account's balance, usable or still waiting."""
    account = world.objects[transfer["destination"]]
    refused = world.behaviour.refuses_reversals or account["id"] in world.behaviour.refuses_reversals_of
    there = ledger.total(world, transfer["currency"], account=account["id"])
    if refused or (there < amount and not world.behaviour.accounts_may_owe):
        raise invalid("The connected account has insufficient funds for this reversal.", code="balance_insufficient")


def _move_back(world: World, transfer: Thing, reversal: Thing) -> None:
    amount, currency, account = reversal["amount"], reversal["currency"], transfer["destination"]
    waits = max(world.objects[transfer["balance_transaction"]]["available_on"], world.clock.now)
    back = ledger.book(world, "transfer_refund", amount, reversal, currency=currency, available_on=waits)
    gone = world.add({"id": world.new_id("pyr"), "object": "payment_refund", "amount": amount}, account=account)
    ledger.book(world, "payment_refund", -amount, gone, currency=currency, account=account, available_on=waits)
    reversal.update(balance_transaction=back["id"], destination_payment_refund=gone["id"])
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"] = sublist(_reversals(world, transfer), transfer["reversals"]["url"])


def _reversals(world: World, transfer: Thing) -> list[Thing]:
    return [one for one in world.each("transfer_reversal") if one["transfer"] == transfer["id"]]


@route("get", "/v1/transfers/{id}/reversals")
def list_reversals(world: World, call: Call) -> Thing:
    return page(_reversals(world, world.find("transfer", call.ids["id"])), call)


@route("get", "/v1/transfers/{transfer}/reversals/{id}")
def retrieve_reversal(world: World, call: Call) -> Thing:
    return world.find("transfer_reversal", call.ids["id"])
