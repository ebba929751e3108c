"""Confirming and ending orders, and contracts, over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import current_app

from orders.contracts import amendments, services
from orders.contracts.answers import ContractAnswer, contract_answer
from orders.contracts.schemas import ConfirmOrderSchema, ContractSchema, PublicContractSchema
from orders.contracts.services import PublicContract
from orders.purchase.answers import OrderAnswer, order_answer
from orders.purchase.changes import Confirmation
from orders.purchase.schemas import OrderReasonSchema, OrderSchema
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, public, requires
from shop.db import transaction
from shop.idempotency import idempotent

bp = Blueprint("contracts", __name__, url_prefix="/api/v1", description="Confirming orders, and contracts")


def sign_within() -> timedelta:
    """Return how long each side has to sign a contract."""
    return timedelta(days=current_app.config["SIGN_WITHIN_DAYS"])


def accept_within_days() -> int:
    """Return the days from leaving within which a new contract lets the buyer accept or reject."""
    return int(current_app.config["ACCEPT_WITHIN_DAYS"])


@bp.route("/orders/<uuid:order_id>/confirm", methods=["POST"])
@requires("orders:confirm")
@idempotent
@bp.arguments(ConfirmOrderSchema)
@bp.response(200, OrderSchema)
def confirm_order(body: dict[str, Any], actor: Actor, order_id: UUID) -> OrderAnswer:
    """Confirm price, freight and date; the contract is offered on these terms."""
    prices = {price["line_id"]: price["price"] for price in body["prices"]}
    confirmation = Confirmation(body["freight"], body["promised_on"], prices)
    offer = services.Offer(
        confirmation, payment_days=body["payment_days"], sign=body["sign"], sign_within=sign_within(),
        accept_within_days=accept_within_days(),
    )  # fmt: skip
    with transaction():
        return order_answer(services.confirm_order(order_id, offer, actor=actor, at=clock.now()).id)


@bp.route("/orders/<uuid:order_id>/decline", methods=["POST"])
@requires("orders:confirm")
@idempotent
@bp.arguments(OrderReasonSchema)
@bp.response(200, OrderSchema)
def decline_order(body: dict[str, Any], actor: Actor, order_id: UUID) -> OrderAnswer:
    """Decline an order with a reason; its stock is free again."""
    return _end(order_id, "decline", body, actor)


@bp.route("/orders/<uuid:order_id>/cancel", methods=["POST"])
@requires("orders:cancel")
@idempotent
@bp.arguments(OrderReasonSchema)
@bp.response(200, OrderSchema)
def cancel_order(body: dict[str, Any], actor: Actor, order_id: UUID) -> OrderAnswer:
    """Cancel an order before anything is shipped, for either side, with a reason."""
    return _end(order_id, "cancel", body, actor)


@bp.route("/orders/<uuid:order_id>/close-short", methods=["POST"])
@requires("orders:cancel")
@idempotent
@bp.arguments(OrderReasonSchema)
@bp.response(200, OrderSchema)
def close_order_short(body: dict[str, Any], actor: Actor, order_id: UUID) -> OrderAnswer:
    """Give up the rest of a part-shipped order, with a reason."""
    return _end(order_id, "close_short", body, actor)


def _end(order_id: UUID, event: str, body: dict[str, Any], actor: Actor) -> OrderAnswer:
    with transaction():
        order = services.end_order(order_id, event, actor=actor, at=clock.now(), why=body["why"])
        return order_answer(order.id)


@bp.route("/contracts/<uuid:contract_id>")
@requires("signed_in")
@bp.response(200, ContractSchema)
def show_contract(actor: Actor, contract_id: UUID) -> ContractAnswer:
    """Show a contract to those who may see its order."""
    return contract_answer(services.get_contract(contract_id, actor, clock.now()), actor)


@bp.route("/contracts/<uuid:contract_id>/sign", methods=["POST"])
@requires("contracts:sign")
@idempotent
@bp.response(200, ContractSchema)
def sign_contract(actor: Actor, contract_id: UUID) -> ContractAnswer:
    """Sign for one's side: the producer first, then the buyer."""
    with transaction():
        signed = services.sign_contract(contract_id, actor=actor, at=clock.now(), sign_within=sign_within())
        return contract_answer(signed, actor)


@bp.route("/contracts/<uuid:contract_id>/decline", methods=["POST"])
@requires("contracts:sign")
@idempotent
@bp.arguments(OrderReasonSchema)
@bp.response(200, ContractSchema)
def decline_contract(body: dict[str, Any], actor: Actor, contract_id: UUID) -> ContractAnswer:
    """Decline to sign, with a reason; the order is cancelled with it."""
    with transaction():
        return contract_answer(
            services.decline_contract(contract_id, actor=actor, at=clock.now(), why=body["why"]), actor
        )


@bp.route("/contracts/<uuid:contract_id>/amendments", methods=["POST"])
@requires("contracts:sign")
@idempotent
@bp.response(201, ContractSchema)
def offer_amendment(actor: Actor, contract_id: UUID) -> ContractAnswer:
    """Offer, for the producer, that the buyer pays to the account registered now instead of the contract's."""
    with transaction():
        amendments.offer(contract_id, actor, clock.now())
        return contract_answer(services.get_contract(contract_id, actor, clock.now()), actor)


@bp.route("/contracts/<uuid:contract_id>/amendments/agree", methods=["POST"])
@requires("contracts:sign")
@idempotent
@bp.response(200, ContractSchema)
def agree_amendment(actor: Actor, contract_id: UUID) -> ContractAnswer:
    """Agree, for the buyer, to pay to the account that is offered."""
    return _answer(contract_id, "agree", actor)


@bp.route("/contracts/<uuid:contract_id>/amendments/decline", methods=["POST"])
@requires("contracts:sign")
@idempotent
@bp.response(200, ContractSchema)
def decline_amendment(actor: Actor, contract_id: UUID) -> ContractAnswer:
    """Decline, for the buyer, the account that is offered: the contract's stays."""
    return _answer(contract_id, "decline", actor)


def _answer(contract_id: UUID, answer: str, actor: Actor) -> ContractAnswer:
    with transaction():
        amendments.decide(contract_id, answer, actor, clock.now())
        return contract_answer(services.get_contract(contract_id, actor, clock.now()), actor)


@bp.route("/verify-contract/<string:code>")
@public
@bp.response(200, PublicContractSchema)
def verify_contract(code: str) -> PublicContract:
    """Check a printed contract by its verification code."""
    return services.verify_contract(code)
