"""Balance transactions: every movement of money of the platform and of each connected account."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.stripe_double.errors import Refusal, invalid
from tests.stripe_double.lists import page, within
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import DAY, Thing, World

#: What a report calls each kind where it is not called by its type.
REPORTED = {"adjustment": "dispute", "stripe_fee": "fee", "payment": "charge", "payment_refund": "refund"}


def _details(fee: int, currency: str) -> list[Thing]:
    """What the fee of a movement is made of."""
    one = {"amount": fee, "application": None, "currency": currency, "description": "Stripe processing fees"}
    return [{**one, "type": "stripe_fee"}] if fee else []


def book(
    world: World,
    type_: str,
    amount: int,
    source: Thing | None,
    *,
    currency: str,
    account: str | None = None,
    fee: int = 0,
    at_once: bool = False,
    available_on: int | None = None,
    **shown: Any,
) -> Thing:
    """Move ``amount`` (less is negative) on the account's balance; the money can be used from ``available_on``."""
    now = world.clock.now
    later = now if at_once or amount < 0 else now + world.behaviour.settlement_days * DAY
    return world.add(
        {
            "id": world.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": available_on or later,
            "balance_type": "payments",
            "created": now,
            "currency": currency,
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": _details(fee, currency),
            "net": amount - fee,
            "reporting_category": REPORTED.get(type_, type_),
            "source": source["id"] if source else None,
            "status": "pending",
            "type": type_,
            **shown,
        },
        account=account,
    )


def settle(world: World, amount: int, currency: str) -> tuple[int, str, float | None]:
    """What an amount of the charge's currency is in the currency of the balance."""
    if currency not in world.behaviour.settles:
        return amount, currency, None
    other, rate = world.behaviour.settles[currency]
    return int((amount * Decimal(rate)).to_integral_value(ROUND_HALF_UP)), other, float(rate)


def _each(world: World, account: str | None) -> list[Thing]:
    """The account's movements, their status brought up to the clock."""
    found = list(world.each("balance_transaction", account=account))
    for one in found:
        one["status"] = "available" if one["available_on"] <= world.clock.now else "pending"
    return found


def total(world: World, currency: str, *, account: str | None = None, status: str | None = None) -> int:
    """The balance in one currency; of one status, or both."""
    found = [one for one in _each(world, account) if one["currency"] == currency]
    return sum(one["net"] for one in found if status in (None, one["status"]))


def require(world: World, amount: int, currency: str, *, account: str | None = None) -> None:
    """Refuse what the account's usable money does not cover."""
    if total(world, currency, account=account, status="available") < amount:
        raise Refusal(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your available"
            " balance by creating Charges using the 4000000000000077 test card.",
            code="balance_insufficient",
        )


@route("get", "/v1/balance")
def retrieve_balance(world: World, call: Call) -> Thing:
    found = _each(world, call.account)
    currencies = sorted({one["currency"] for one in found}) or [world.behaviour.currencies[0]]

    def sums(status: str) -> list[Thing]:
        amounts = {name: total(world, name, account=call.account, status=status) for name in currencies}
        return [
            {"amount": amount, "currency": name, "source_types": {"card": amount}} for name, amount in amounts.items()
        ]

    reserved = [{"amount": 0, "currency": name} for name in currencies]
    return {
        "object": "balance",
        "available": sums("available"),
        "connect_reserved": reserved,
        "livemode": False,
        "pending": sums("pending"),
    }


@route("get", "/v1/balance_transactions")
def list_transactions(world: World, call: Call) -> Thing:
    found = _each(world, call.account)
    if "payout" in call.params:
        payout = world.find("payout", call.params["payout"], param="payout", account=call.account)
        if not payout["automatic"]:
            raise invalid(
                "Balance transaction history can only be filtered on automatic payouts, not manual.", "payout"
            )
        found = [one for one in found if one["id"] in world.side[payout["id"]]["transactions"]]
    if "available_on" in call.params:
        found = [one for one in found if within(one["available_on"], call.params["available_on"])]
    return page(found, call, "type", "source", "currency")


@route("get", "/v1/balance_transactions/{id}")
def retrieve_transaction(world: World, call: Call) -> Thing:
    _each(world, call.account)
    return world.find("balance_transaction", call.ids["id"], account=call.account)
