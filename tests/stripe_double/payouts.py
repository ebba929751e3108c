"""Payouts: a balance, the platform's or a connected account's, on its way to a bank."""

from __future__ import annotations

from typing import Any

from tests.stripe_double import ledger
from tests.stripe_double.errors import invalid, wrong_state
from tests.stripe_double.events import change, emit
from tests.stripe_double.lists import page
from tests.stripe_double.metadata import merged
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import DAY, Thing, World


def automatic(world: World, currency: str, account: str | None) -> Thing:
    """Pay out everything usable that no payout has taken yet; the payout knows which movements it is made of."""
    taken = {
        one for payout in world.each("payout", account=account) for one in world.side[payout["id"]]["transactions"]
    }
    moves = [
        one
        for one in world.each("balance_transaction", account=account)
        if one["currency"] == currency and one["available_on"] <= world.clock.now and one["id"] not in taken
    ]
    amount = sum(one["net"] for one in moves)
    if amount <= 0:
        message = f"There is nothing to pay out to {account or 'the platform'}: {amount} {currency}."
        raise LookupError(message)
    return _make(world, amount, currency, account, [one["id"] for one in moves], automatic=True)


def _make(world: World, amount: int, currency: str, account: str | None, moves: list[str], **shown: Any) -> Thing:
    payout = world.add(
        {
            "id": world.new_id("po"),
            "object": "payout",
            "amount": amount,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": world.clock.now + 2 * DAY,
            "automatic": False,
            "created": world.clock.now,
            "currency": currency,
            "description": None,
            "destination": f"ba_double_{account or 'platform'}",
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": {},
            "method": "standard",
            "original_payout": None,
            "reconciliation_status": "completed" if moves else "not_applicable",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": None,
            "status": "in_transit" if moves else "pending",
            "trace_id": None,
            "type": "bank_account",
            **shown,
        },
        account=account,
        transactions=moves,
    )
    moved = ledger.book(world, "payout", -amount, payout, currency=currency, account=account)
    payout["balance_transaction"] = moved["id"]
    if moves:
        moves.append(moved["id"])
    emit(world, "payout.created", payout)
    return payout


def arrive(world: World, payout: Thing) -> None:
    """The bank has it."""
    change(world, payout, "payout.paid", status="paid")
    if payout["automatic"]:
        emit(world, "payout.reconciliation_completed", payout)


def fail(world: World, payout: Thing, code: str) -> None:
    """The bank sent it back: the money is on the balance again."""
    moved = ledger.book(
        world,
        "payout_failure",
        payout["amount"],
        payout,
        currency=payout["currency"],
        account=world.account_of(payout),
        at_once=True,
    )
    change(
        world,
        payout,
        "payout.failed",
        status="failed",
        failure_code=code,
        failure_message="The bank account could not be paid.",
        failure_balance_transaction=moved["id"],
    )


@route("post", "/v1/payouts")
def create_payout(world: World, call: Call) -> Thing:
    params = call.params
    if params["amount"] < 1:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    ledger.require(world, params["amount"], params["currency"], account=call.account)
    shown: Thing = {name: params[name] for name in ("description", "method", "statement_descriptor") if name in params}
    shown["metadata"] = merged({}, params.get("metadata"))
    return _make(world, params["amount"], params["currency"], call.account, [], **shown)


@route("get", "/v1/payouts")
def list_payouts(world: World, call: Call) -> Thing:
    return page(world.each("payout", account=call.account), call, "status", "destination")


@route("get", "/v1/payouts/{payout}")
def retrieve_payout(world: World, call: Call) -> Thing:
    return world.find("payout", call.ids["payout"], account=call.account)


@route("post", "/v1/payouts/{payout}/cancel")
def cancel_payout(world: World, call: Call) -> Thing:
    payout = world.find("payout", call.ids["payout"], account=call.account)
    if payout["status"] != "pending":
        raise wrong_state("payout", payout, "cancel")
    ledger.book(
        world,
        "payout_cancel",
        payout["amount"],
        payout,
        currency=payout["currency"],
        account=call.account,
        at_once=True,
    )
    change(world, payout, "payout.canceled", status="canceled")
    return payout
