"""Claims, electronic receipts and supervised accounts, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.banking import accounts, claim_queries, claims, slips
from orders.banking.accounts import SupervisedFacts
from orders.banking.claim_queries import ClaimRow
from orders.banking.claims import ClaimFacts
from orders.banking.desk_schemas import (
    AttachedList,
    AttachOneSchema,
    AttachSchema,
    ClaimPage,
    ClaimQuery,
    ClaimSchema,
    ConfirmClaimSchema,
    EndSchema,
    EnterAccountSchema,
    MakeClaimSchema,
    SlipList,
    SupervisedList,
    SupervisedQuery,
    SupervisedSchema,
)
from orders.banking.models import SupervisedAccount
from orders.payments import access, receipt_queries
from orders.payments.receipt_queries import PaymentRow
from orders.payments.schemas import PaymentSchema, ReasonSchema
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page

bp = Blueprint("banking_desk", __name__, url_prefix="/api/v1", description="Claims of transfers, supervised accounts")


@bp.route("/transfer-claims")
@requires("payments:read")
@bp.arguments(ClaimQuery, location="query")
@bp.response(200, ClaimPage)
def list_claims(query: dict[str, Any], actor: Actor) -> Page[ClaimRow]:
    """List the claims that the caller's side made or is asked about, newest first."""
    return claim_queries.list_claims(actor, clock.today(), **query)


@bp.route("/transfer-claims", methods=["POST"])
@requires("payments:read")
@idempotent
@bp.arguments(MakeClaimSchema)
@bp.response(201, ClaimSchema)
def claim_transfer(body: ClaimFacts, actor: Actor) -> ClaimRow:
    """Say that a transfer is for orders: the buyer who announces payments, or the payee's people who record them."""
    actor.require("payments:announce" if actor.organisation_kind == "institution" else "payments:record")
    with transaction():
        made = claims.claim(body, actor, clock.now())
        return claim_queries.get_claim(made.id, actor, clock.today())


@bp.route("/transfer-claims/<uuid:claim_id>")
@requires("payments:read")
@bp.response(200, ClaimSchema)
def get_claim(claim_id: UUID, actor: Actor) -> ClaimRow:
    """Return a claim."""
    return _claim(claim_id, actor)


@bp.route("/transfer-claims/<uuid:claim_id>/confirm", methods=["POST"])
@requires("payments:confirm")
@idempotent
@bp.arguments(ConfirmClaimSchema)
@bp.response(200, ClaimSchema)
def confirm_claim(body: dict[str, Any], claim_id: UUID, actor: Actor) -> ClaimRow:
    """Confirm a claim: its orders are paid, and who paid is remembered."""
    with transaction():
        claims.confirm(claim_id, actor, clock.now(), body["line"])
        return _claim(claim_id, actor)


@bp.route("/transfer-claims/<uuid:claim_id>/refuse", methods=["POST"])
@requires("payments:confirm")
@idempotent
@bp.arguments(ReasonSchema)
@bp.response(200, ClaimSchema)
def refuse_claim(body: dict[str, Any], claim_id: UUID, actor: Actor) -> ClaimRow:
    """Refuse a claim with a reason."""
    with transaction():
        claims.refuse(claim_id, body["reason"], actor, clock.now())
        return _claim(claim_id, actor)


@bp.route("/transfer-claims/<uuid:claim_id>/withdraw", methods=["POST"])
@requires("payments:read")
@idempotent
@bp.response(200, ClaimSchema)
def withdraw_claim(claim_id: UUID, actor: Actor) -> ClaimRow:
    """Take a claim back, by whose side made it, as long as nobody decided it."""
    actor.require("payments:announce" if actor.organisation_kind == "institution" else "payments:record")
    with transaction():
        claims.withdraw(claim_id, actor, clock.now())
        return _claim(claim_id, actor)


@bp.route("/payment-slips", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(AttachSchema)
@bp.response(200, AttachedList)
def attach_slips(body: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Put electronic receipts to payments by the serials in their names, and tell which found none."""
    with transaction():
        return {"items": slips.attach_all(body["files"], actor, clock.now())}


@bp.route("/payments/<uuid:payment_id>/slips")
@requires("payments:read")
@bp.response(200, SlipList)
def list_slips(payment_id: UUID, actor: Actor) -> dict[str, Any]:
    """List a payment's electronic receipts."""
    payment = access.get_payment(payment_id, actor, clock.today())
    return {"items": slips.slips_of([payment.id]).get(payment.id, [])}


@bp.route("/payments/<uuid:payment_id>/slips", methods=["POST"])
@requires("payments:record")
@idempotent
@bp.arguments(AttachOneSchema)
@bp.response(200, PaymentSchema)
def attach_slip(body: dict[str, Any], payment_id: UUID, actor: Actor) -> PaymentRow:
    """Put an electronic receipt to a payment."""
    with transaction():
        slips.attach(payment_id, body["file"], actor, clock.now())
        return receipt_queries.get_payment(payment_id, actor, clock.today())


@bp.route("/supervised-accounts")
@requires("banking:manage")
@bp.arguments(SupervisedQuery, location="query")
@bp.response(200, SupervisedList)
def list_supervised(query: dict[str, Any], actor: Actor) -> dict[str, Any]:  # noqa: ARG001  the operator sees all
    """List supervised accounts and sub-accounts, the main ones first."""
    page, total = accounts.list_supervised(**query)
    items = [_supervised(row.account, row.producer_id) for row in page.items]
    return {"items": items, "next": page.next, "total": total}


@bp.route("/supervised-accounts", methods=["POST"])
@requires("banking:manage")
@idempotent
@bp.arguments(EnterAccountSchema)
@bp.response(201, SupervisedSchema)
def enter_supervised(body: SupervisedFacts, actor: Actor) -> dict[str, Any]:
    """Enter a supervised account; another person confirms it before it is used."""
    with transaction():
        return _supervised(accounts.enter(body, actor, clock.now()), body.producer)


@bp.route("/supervised-accounts/<uuid:supervised_account_id>/confirm", methods=["POST"])
@requires("banking:manage")
@idempotent
@bp.response(204)
def confirm_supervised(supervised_account_id: UUID, actor: Actor) -> None:
    """Confirm an account that another person entered."""
    with transaction():
        accounts.decide(supervised_account_id, "confirmed", actor, clock.now())


@bp.route("/supervised-accounts/<uuid:supervised_account_id>/refuse", methods=["POST"])
@requires("banking:manage")
@idempotent
@bp.response(204)
def refuse_supervised(supervised_account_id: UUID, actor: Actor) -> None:
    """Refuse an account that another person entered."""
    with transaction():
        accounts.decide(supervised_account_id, "refused", actor, clock.now())


@bp.route("/supervised-accounts/<uuid:supervised_account_id>/end", methods=["POST"])
@requires("banking:manage")
@idempotent
@bp.arguments(EndSchema)
@bp.response(204)
def end_supervised(body: dict[str, Any], supervised_account_id: UUID, actor: Actor) -> None:
    """Let an account end on a day."""
    with transaction():
        accounts.end(supervised_account_id, body["last_on"], actor)


def _supervised(one: SupervisedAccount, producer: UUID | None) -> dict[str, Any]:
    return {
        "id": one.public_id, "number": one.number, "holder": one.holder, "bank": one.bank, "producer": producer,
        "valid_from": one.valid_from, "valid_to": one.valid_to, "status": one.status,
    }  # fmt: skip


def _claim(claim_id: UUID, actor: Actor) -> ClaimRow:
    return claim_queries.get_claim(claims.get_claim(claim_id, actor, clock.today()).id, actor, clock.today())
