"""Connected accounts of version 2, as recipients of transfers, and the links by which they are onboarded."""

from __future__ import annotations

import copy
from typing import Any

from tests.stripe_double import thin
from tests.stripe_double.errors import Refusal, invalid
from tests.stripe_double.metadata import merged
from tests.stripe_double.routes import Call, route
from tests.stripe_double.world import Thing, World, moment

#: Shown only when asked for with ``include``.
INCLUDABLE = ("configuration", "defaults", "future_requirements", "identity", "requirements")
#: What an account owes before it may be paid.
FIRST_DUE = ("identity.business_details.registered_name", "configuration.recipient.default_outbound_destination")
STATUS_CHANGED = "v2.core.account[configuration.recipient].capability_status_updated"
LINK_SECONDS = 300


def status_of(account: Thing) -> str:
    """The status of the capability that transfers need: ``unrequested`` if nobody asked for it."""
    recipient = account["configuration"]["recipient"] or {}
    transfers = recipient.get("capabilities", {}).get("stripe_balance", {}).get("stripe_transfers")
    return transfers["status"] if transfers else "unrequested"


def set_status(world: World, account: Thing, status: str, code: str = "requirements_past_due") -> None:
    """Stripe has made up its mind about the account."""
    _require_recipient(account)
    why = {"code": code, "resolution": "contact_stripe" if status == "rejected" else "provide_info"}
    balance = account["configuration"]["recipient"]["capabilities"]["stripe_balance"]
    for name in balance:
        balance[name] = {"status": status, "status_details": [] if status == "active" else [why]}
    for name in balance:
        thin.emit(world, STATUS_CHANGED, account, {"updated_capability": f"stripe_balance.{name}"})


def set_due(world: World, account: Thing, descriptions: tuple[str, ...]) -> None:
    """Say what the account must still hand in."""
    account["requirements"] = _requirements(descriptions)
    thin.emit(world, "v2.core.account[requirements].updated", account)


def _require_recipient(account: Thing) -> None:
    if status_of(account) == "unrequested":
        message = f"Nobody requested stripe_transfers for {account['id']}."
        raise LookupError(message)


def _requirements(descriptions: tuple[str, ...]) -> Thing:
    deadline = {"status": "currently_due", "time": None}
    return {
        "alternatives": [],
        "entries": [_entry(one) for one in descriptions],
        "summary": {"minimum_deadline": deadline if descriptions else None},
    }


def _entry(description: str) -> Thing:
    capability = {
        "capability": "stripe_balance.stripe_transfers",
        "configuration": "recipient",
        "deadline": {"status": "currently_due"},
    }
    return {
        "awaiting_action_from": "user",
        "description": description,
        "errors": [],
        "impact": {"restricts_capabilities": [capability]},
        "minimum_deadline": {"status": "currently_due"},
        "reference": None,
        "requested_reasons": [{"code": "routine_onboarding"}],
    }


def _configure(world: World, account: Thing, params: dict[str, Any]) -> None:
    """Request capabilities; each starts restricted until what is due is handed in."""
    for name, wanted in params.get("configuration", {}).items():
        if name != "recipient":
            raise invalid("This double plays recipients only.", f"configuration.{name}")
        kept = account["configuration"]["recipient"] or {"applied": True, "capabilities": {"stripe_balance": {}}}
        asked = (wanted or {}).get("capabilities", {}).get("stripe_balance", {}).get("stripe_transfers", {})
        balance = kept["capabilities"]["stripe_balance"]
        if asked.get("requested") and not balance:
            why = [{"code": "requirements_past_due", "resolution": "provide_info"}]
            balance.update(
                {one: {"status": "restricted", "status_details": why} for one in ("payouts", "stripe_transfers")}
            )
            account["requirements"] = _requirements(FIRST_DUE)
        account["configuration"]["recipient"] = kept
        account["applied_configurations"] = ["recipient"]


def _shown(account: Thing, include: list[str] | None) -> Thing:
    """The account with only those large members that were asked for."""
    wanted = set(include or ())
    shown = copy.deepcopy(account)
    for name in INCLUDABLE:
        if name != "configuration" and name not in wanted:
            shown[name] = None
    if "configuration.recipient" not in wanted:
        shown["configuration"] = None
    return shown


@route("post", "/v2/core/accounts")
def create_account(world: World, call: Call) -> Thing:
    params = call.params
    account: Thing = {
        "id": world.new_id("acct", 16),
        "object": "v2.core.account",
        "applied_configurations": [],
        "closed": False,
        "configuration": {"customer": None, "merchant": None, "recipient": None},
        "contact_email": params.get("contact_email"),
        "contact_phone": params.get("contact_phone"),
        "created": moment(world.clock.now),
        "dashboard": params.get("dashboard"),
        "defaults": params.get("defaults", {"currency": None, "locales": None}),
        "display_name": params.get("display_name"),
        "future_requirements": _requirements(()),
        "identity": params.get("identity", {"country": None, "entity_type": None}),
        "livemode": False,
        "metadata": merged({}, params.get("metadata")),
        "requirements": _requirements(()),
    }
    _configure(world, account, params)
    world.add(account)
    thin.emit(world, "v2.core.account.created", account)
    return _shown(account, params.get("include"))


@route("get", "/v2/core/accounts")
def list_accounts(world: World, call: Call) -> Thing:
    closed = call.params.get("closed", False)
    found = [_shown(one, None) for one in world.each("v2.core.account") if one["closed"] == closed]
    return thin.page(found, call)


@route("get", "/v2/core/accounts/{id}")
def retrieve_account(world: World, call: Call) -> Thing:
    return _shown(world.find("v2.core.account", call.ids["id"]), call.params.get("include"))


@route("post", "/v2/core/accounts/{id}")
def update_account(world: World, call: Call) -> Thing:
    account = world.find("v2.core.account", call.ids["id"])
    names = ("contact_email", "contact_phone", "dashboard", "display_name")
    account.update({name: call.params[name] for name in names if name in call.params})
    for name in ("identity", "defaults"):
        account[name] = {**account[name], **call.params.get(name, {})}
    account["metadata"] = merged(account["metadata"], call.params.get("metadata"))
    _configure(world, account, call.params)
    thin.emit(world, "v2.core.account.updated", account)
    return _shown(account, call.params.get("include"))


@route("post", "/v2/core/accounts/{id}/close")
def close_account(world: World, call: Call) -> Thing:
    account = world.find("v2.core.account", call.ids["id"])
    if account["closed"]:
        raise Refusal("The account is already closed.", code="account_closed")
    account["closed"] = True
    thin.emit(world, "v2.core.account.closed", account)
    return _shown(account, None)


@route("post", "/v2/core/account_links")
def create_link(world: World, call: Call) -> Thing:
    """A link that works once and not for long; the double's own page stands behind it."""
    account = world.find("v2.core.account", call.params["account"], param="account")
    secret, now = world.text(16), world.clock.now
    use = call.params["use_case"]
    if use["type"] not in use:
        raise invalid(
            f"Missing required param: use_case.{use['type']}.", f"use_case.{use['type']}", "parameter_missing"
        )
    options = {"collection_options": None, "return_url": None, **use[use["type"]]}
    links = world.side[account["id"]].setdefault("links", {})
    links[secret] = {"expires": now + LINK_SECONDS, **options}
    return {
        "object": "v2.core.account_link",
        "account": account["id"],
        "created": moment(now),
        "expires_at": moment(now + LINK_SECONDS),
        "livemode": False,
        "url": f"{world.base_url}/onboard/{account['id']}/{secret}",
        "use_case": {"type": use["type"], use["type"]: options},
    }


def follow_link(world: World, account: Thing, secret: str) -> tuple[bool, str | None]:
    """Use a link up: whether it still worked, and where the account's owner is sent."""
    link = world.side[account["id"]].get("links", {}).pop(secret, None)
    if link is None:
        return False, None
    if link["expires"] <= world.clock.now:
        return False, link["refresh_url"]
    return True, link["return_url"]
