"""Payments by card, disputes and producers' accounts over the API."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from orders.online import (
    accounts,
    calls,
    configuration,
    dispute_calls,
    gateway_connect,
    intents,
    paying,
    performing,
    queries,
)
from orders.online.accounts import NewAccount
from orders.online.errors import ProviderAway, ProviderRefused
from orders.online.intents import Wish
from orders.online.models import ConnectedAccount
from orders.online.queries import DisputeRow, IntentRow
from orders.online.schemas import (
    AccountLinkSchema,
    AccountSchema,
    DisputeEvidenceSchema,
    DisputePage,
    DisputeQuery,
    DisputeSchema,
    OpenAccountSchema,
    PaymentIntentPage,
    PaymentIntentSchema,
    PaySchema,
)
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.errors import NotFound
from shop.i18n import _
from shop.idempotency import idempotent
from shop.paging import Page, PageQuery

bp = Blueprint("card_payments", __name__, url_prefix="/api/v1", description="Payment by card, disputes, accounts")


def then_performed(view: Callable[..., Response]) -> Callable[..., Response]:
    """Make the calls that the committed view asked for, and answer with the payment as it is after them.

    Stands outside :func:`idempotent`, whose transaction no network may be used in; a replayed answer is brought up to date.
    """

    @wraps(view)
    def performed(*args: Any, **kwargs: Any) -> Response:
        answer = view(*args, **kwargs)
        asked = UUID(answer.get_json()["id"])
        with transaction():
            key = intents.get_intent(asked, kwargs["actor"]).procurement_id
        paying.finish(key)
        with transaction():
            row = queries.get_intent_row(paying.newest(key) or asked)
        if row.status == "failed":
            raise ProviderRefused(row.failure)
        if row.id == asked and _is_wanted_otherwise(row, kwargs):
            raise ProviderAway(_("暂时连不上支付服务商，已记下您的操作，恢复后会自动办理。"))
        answer.set_data(jsonify(PaymentIntentSchema().dump(row)).get_data())
        return answer

    return performed


def _is_wanted_otherwise(row: IntentRow, asked: dict[str, Any]) -> bool:
    return bool(asked.get("procurement_id")) and row.status == "open" and calls.is_pending("cancel_intent", row.id)


@bp.route("/procurements/<uuid:procurement_id>/pay", methods=["POST"])
@requires("payments:pay")
@then_performed
@idempotent
@bp.arguments(PaySchema)
@bp.response(201, PaymentIntentSchema)
def pay(body: Wish, procurement_id: UUID, actor: Actor) -> IntentRow:
    """Ask for a payment by card of what the procurement's orders owe; the same wish again is the same payment."""
    paying.require_on()
    with transaction():
        intent = intents.ask(procurement_id, body, actor, clock.now())
        return queries.get_intent_row(intent.public_id)


@bp.route("/procurements/<uuid:procurement_id>/payment-intents")
@requires("payments:read")
@bp.arguments(PageQuery, location="query")
@bp.response(200, PaymentIntentPage)
def list_intents(query: dict[str, Any], procurement_id: UUID, actor: Actor) -> Page[IntentRow]:
    """List the payments by card of a procurement, the latest first."""
    procurement = intents.get_procurement(procurement_id, actor)
    return queries.list_intents(actor.organisation_id, procurement_id=procurement.id, **query)


@bp.route("/payment-intents/<uuid:intent_id>")
@requires("payments:read")
@bp.response(200, PaymentIntentSchema)
def get_intent(intent_id: UUID, actor: Actor) -> IntentRow:
    """Return a payment by card."""
    return queries.get_intent_row(intents.get_intent(intent_id, actor).public_id)


@bp.route("/payment-intents/<uuid:intent_id>/cancel", methods=["POST"])
@requires("payments:pay")
@then_performed
@idempotent
@bp.response(200, PaymentIntentSchema)
def cancel_intent(intent_id: UUID, actor: Actor) -> IntentRow:
    """Give a payment by card up, if it has not been made."""
    with transaction():
        intent = intents.cancel(intent_id, actor, clock.now())
        return queries.get_intent_row(intent.public_id)


@bp.route("/disputes")
@requires("provider:manage")
@bp.arguments(DisputeQuery, location="query")
@bp.response(200, DisputePage)
def list_disputes(query: dict[str, Any], actor: Actor) -> Page[DisputeRow]:
    """List disputes, the latest first (operator only)."""
    if actor.organisation_kind != "operator":
        raise NotFound(_("没有这项付款争议。"))
    return queries.list_disputes(**query)


@bp.route("/disputes/<uuid:dispute_id>")
@requires("provider:manage")
@bp.response(200, DisputeSchema)
def get_dispute(dispute_id: UUID, actor: Actor) -> DisputeRow:
    """Return a dispute (operator only)."""
    return queries.get_dispute_row(dispute_calls.get_dispute(dispute_id, actor))


@bp.route("/disputes/<uuid:dispute_id>/evidence", methods=["POST"])
@requires("disputes:answer")
@idempotent
@bp.arguments(DisputeEvidenceSchema)
@bp.response(200, DisputeSchema)
def submit_evidence(body: dict[str, Any], dispute_id: UUID, actor: Actor) -> DisputeRow:
    """Hand in what speaks for the charge, once; it leaves within seconds (operator only)."""
    with transaction():
        return queries.get_dispute_row(dispute_calls.submit(dispute_id, body["words"], actor, clock.now()))


@bp.route("/card-account")
@requires("accounts:connect")
@bp.response(200, AccountSchema)
@bp.alt_response(404, description="None has been opened")
def get_account(actor: Actor) -> ConnectedAccount:
    """Return the own organisation's account at the card provider."""
    return accounts.get_account(actor)


@bp.route("/card-account", methods=["POST"])
@requires("accounts:connect")
@idempotent
@bp.arguments(OpenAccountSchema)
@bp.response(201, AccountSchema)
def open_account(body: NewAccount, actor: Actor) -> ConnectedAccount:
    """Open the own organisation's account at the card provider; it is there within seconds."""
    paying.require_on()
    with transaction():
        return accounts.open_account(body, actor, clock.now())


@bp.route("/card-account/link", methods=["POST"])
@requires("accounts:connect")
@bp.response(200, AccountLinkSchema)
def link_account(actor: Actor) -> dict[str, str]:
    """Return the address at which the producer tells the provider about itself; a new one each time."""
    with transaction():
        ref = accounts.get_account(actor).account_ref
    if ref is None:
        raise ProviderAway(_("账户正在开通，请稍后再试。"))
    page = configuration.address("/producer/card-account")
    return {"url": gateway_connect.make_account_link(ref, return_url=f"{page}/return", refresh_url=f"{page}/go")}


@bp.route("/card-account/refresh", methods=["POST"])
@requires("accounts:connect")
@bp.response(200, AccountSchema)
def refresh_account(actor: Actor) -> ConnectedAccount:
    """Look at the account at the provider now, and return it."""
    with transaction():
        account = accounts.get_account(actor)
        call = accounts.ask_account(account) if account.account_ref else None
    if call is not None:
        performing.perform(call)
    with transaction():
        return accounts.get_account(actor)
