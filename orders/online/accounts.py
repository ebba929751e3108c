"""Producers' accounts at the provider: opened by the producer, then as far as the provider lets them receive money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from orders.online import calls, events, gateway_connect, snapshots
from orders.online.applying import APPLIED, FETCH, NOTHING_NEW, UNKNOWN
from orders.online.calls import Call, Handler, handles, metadata_of
from orders.online.errors import ProviderRefused
from orders.online.gateway_connect import AccountRequest
from orders.online.intent_calls import Seen
from orders.online.models import ConnectedAccount
from shop import audit, clock
from shop.auth import Actor
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Forbidden, NotFound
from shop.i18n import _

#: The provider's words for an account that will not receive transfers, whatever is told it.
_NEVER = frozenset({"rejected", "unsupported"})


class AccountExists(Conflict):
    """The organisation has opened its account at the card provider already."""

    code = "account-exists"


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """Where the receiving company is registered, and whom the provider writes to."""

    country: str
    email: str


def find_account(organisation_id: int) -> ConnectedAccount | None:
    """Return an organisation's account, if it has opened one."""
    return db.session.scalars(
        select(ConnectedAccount).where(ConnectedAccount.organisation_id == organisation_id)
    ).one_or_none()


def get_account(actor: Actor) -> ConnectedAccount:
    """Return the account of the actor's organisation.

    :raises NotFound: if it has none.
    """
    found = find_account(actor.organisation_id)
    if found is None:
        raise NotFound(_("贵单位还没有开通在线收款。"))
    return found


def open_account(facts: NewAccount, actor: Actor, at: datetime) -> ConnectedAccount:
    """Open the account of a producer; one that the provider refused to open is tried again.

    :raises Forbidden: for an organisation that sells nothing.
    :raises AccountExists: if it is open, or being opened.
    """
    if actor.organisation_kind not in ("producer", "agent"):
        raise Forbidden(_("只有供应商可以开通在线收款。"))
    account = db.session.scalars(
        select(ConnectedAccount)
        .where(ConnectedAccount.organisation_id == actor.organisation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    exists = AccountExists(_("贵单位已开通或正在开通在线收款。"))
    if account is None:
        account = ConnectedAccount(
            organisation_id=actor.organisation_id, status="creating", created_by=actor.user_id, created_at=at,
            requirements=[],
        )  # fmt: skip
        with refusing(uq_connected_accounts_organisation_id=exists):
            db.session.add(account)
    elif account.account_ref or not account.failure:
        raise exists
    account.failure = ""
    params = {"name": actor.organisation_name, "country": facts.country, "email": facts.email}
    params["subject"] = str(account.public_id)
    calls.enqueue("create_account", account, params, attempt=calls.last_attempt("create_account", account.id) + 1)
    audit.record(actor, "online.account_opened", "connected_account", account.id)
    return account


def apply_account(told: snapshots.Account, *, asked_at: datetime) -> str:
    """Take in how an account stands; only answers tell, and an older one does not replace a later one."""
    account = db.session.scalars(
        select(ConnectedAccount)
        .where(ConnectedAccount.account_ref == told.ref)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if account is None:
        return UNKNOWN
    if account.checked_at is not None and asked_at < account.checked_at:
        return NOTHING_NEW
    was = (account.status, account.requirements)
    account.status, account.requirements, account.checked_at = _status(account, told), list(told.requirements), asked_at
    return NOTHING_NEW if was == (account.status, account.requirements) else APPLIED


def _status(account: ConnectedAccount, told: snapshots.Account) -> str:
    if told.transfers == "active" and not told.is_closed:
        return "active"
    has_worked = account.status in ("active", "restricted")
    return "restricted" if has_worked or told.is_closed or told.transfers in _NEVER else "onboarding"


def on_account_event(related: Mapping[str, Any], _at: datetime) -> str:
    """Ask for an account of which a thin event says only that something has changed."""
    query = select(ConnectedAccount).where(ConnectedAccount.account_ref == related.get("id")).with_for_update()
    account = db.session.scalars(query).one_or_none()
    if account is None:
        return UNKNOWN
    ask_account(account)
    return FETCH


def ask_account(account: ConnectedAccount) -> int:
    """Write down that an account is to be looked at; returns the call."""
    return calls.enqueue_again("fetch_account", account, {"ref": account.account_ref})


def opening(account: ConnectedAccount) -> int | None:
    """Return the call that opens an account, while it waits."""
    return next((call.id for call in calls.open_calls("create_account", account.id)), None)


def _create(call: Call) -> Seen:
    params, asked_at = call.params, clock.real_now()
    request = AccountRequest(
        name=params["name"], email=params["email"], country=params["country"],
        metadata=metadata_of(call, params["subject"]),
    )  # fmt: skip
    return Seen(gateway_connect.create_account(request, call.key), asked_at)


def _store(call: Call, seen: Seen, _at: datetime) -> str:
    account = db.session.get_one(ConnectedAccount, call.subject_id, with_for_update=True)
    account.account_ref = seen.told.ref
    db.session.flush()  # it is found by that name
    apply_account(seen.told, asked_at=seen.asked_at)
    return str(seen.told.ref)


def _refuse(call: Call, refusal: ProviderRefused, _at: datetime) -> None:
    account = db.session.get_one(ConnectedAccount, call.subject_id, with_for_update=True)
    account.failure = refusal.detail


def _fetch(call: Call) -> Seen:
    asked_at = clock.real_now()
    return Seen(gateway_connect.fetch_account(call.params["ref"]), asked_at)


def _store_fetched(_call: Call, seen: Seen, _at: datetime) -> str:
    apply_account(seen.told, asked_at=seen.asked_at)
    return str(seen.told.ref)


def _not_there(_call: Call, _refusal: ProviderRefused, _at: datetime) -> None:
    """Change nothing: the call shows why it could not be looked at."""


handles("create_account", Handler(make=_create, store=_store, refuse=_refuse))
handles("fetch_account", Handler(make=_fetch, store=_store_fetched, refuse=_not_there))
events.applies("v2.core.account", on_account_event)
