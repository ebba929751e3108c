"""The way to Stripe: the only importer of its library. Every call is outside transactions; we repeat ourselves, it does not.

What is called is in this file and its two neighbours: ``gateway_connect`` (accounts, transfers) and
``gateway_listing`` (what there is). Values go in and frozen values come out (:mod:`orders.online.snapshots`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import stripe

from orders.online import snapshots
from orders.online.configuration import card_settings
from orders.online.errors import NoCardPayment, ProviderAway, ProviderRefused
from shop.db import require_no_transaction
from shop.i18n import _

#: The version of the API that this code speaks: that of the library it was written against.
API_VERSION = "2026-10-28.endive"
#: Seconds to connect, and to wait for an answer.
TIMEOUT_S = (5.0, 30.0)
#: Seconds that a signed event may be old, by real time.
TOLERANCE_S = 300
CURRENCY = "cny"
_BUSY, _CONFLICT, _UNKNOWN, _BROKEN = 429, 409, 401, 500


class BadSignature(Exception):
    """The body was not signed with any of the secrets, or too long ago, or is no event."""


@dataclass(frozen=True, kw_only=True)
class PaymentRequest:
    """What a buyer is asked for; the same values go into every mode of payment."""

    amount_fen: int
    #: The procurement's number: names the charge's group for transfers.
    group: str
    description: str
    metadata: Mapping[str, str]
    #: Where the provider's page sends the payer back to.
    return_url: str = ""
    cancel_url: str = ""
    email: str = ""
    buyer_name: str = ""
    days_until_due: int = 30


@lru_cache(maxsize=4)
def _client(secret_key: str, api_base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": api_base},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
    )


def client() -> stripe.StripeClient:
    """Return the client of this application's settings.

    :raises NoCardPayment: if there is no key.
    """
    settings = card_settings()
    if not settings.secret_key:
        raise NoCardPayment(_("本平台未开通在线支付，请使用对公转账。"))
    return _client(settings.secret_key, settings.api_base)


@contextmanager
def speaking() -> Iterator[stripe.StripeClient]:
    """Give the client for one call, and turn what it raises into ours.

    :raises ProviderAway: if a repeat may help.
    :raises ProviderRefused: if it will not.
    """
    require_no_transaction()
    try:
        yield client()
    except stripe.StripeError as error:
        raise _ours(error) from error


def _ours(error: stripe.StripeError) -> ProviderAway | ProviderRefused:
    words, status = error.user_message or "", error.http_status or 0
    # A wrong key of ours is put right by the operator; until then nothing that waits may be given up.
    if isinstance(error, stripe.APIConnectionError) or status in {_BUSY, _CONFLICT, _UNKNOWN}:
        return ProviderAway(words)
    if status >= _BROKEN or not status:
        is_kept = (error.headers or {}).get("Idempotent-Replayed") == "true"
        return ProviderAway(words, may_be_done=True, is_kept=is_kept)
    return ProviderRefused(words, error.code or "")


def create_intent(request: PaymentRequest, key: str) -> snapshots.Intent:
    """Ask for a payment on our own page; the ways to pay are those that the account and the currency allow."""
    with speaking() as api:
        made = api.v1.payment_intents.create(
            {
                "amount": request.amount_fen,
                "currency": CURRENCY,
                "description": request.description,
                "transfer_group": request.group,
                "metadata": dict(request.metadata),
                "automatic_payment_methods": {"enabled": True},
            },
            {"idempotency_key": key},
        )
    return snapshots.read_intent(made.to_dict())


def create_session(request: PaymentRequest, key: str) -> snapshots.Session:
    """Ask for a payment on the provider's page."""
    with speaking() as api:
        made = api.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": CURRENCY,
                            "unit_amount": request.amount_fen,
                            "product_data": {"name": request.description},
                        },
                    }
                ],
                "success_url": request.return_url,
                "cancel_url": request.cancel_url,
                "client_reference_id": request.group,
                "metadata": dict(request.metadata),
                "payment_intent_data": {
                    "description": request.description,
                    "transfer_group": request.group,
                    "metadata": dict(request.metadata),
                },
            },
            {"idempotency_key": key},
        )
    return snapshots.read_session(made.to_dict())


def create_invoice(request: PaymentRequest, key: str) -> snapshots.Invoice:
    """Ask for a payment by the provider's invoice with net terms; each step has a key of its own made of ``key``."""
    metadata = dict(request.metadata)
    with speaking() as api:
        customer = api.v1.customers.create(
            {"name": request.buyer_name, "metadata": metadata, **({"email": request.email} if request.email else {})},
            {"idempotency_key": f"{key}-customer"},
        )
        invoice = api.v1.invoices.create(
            {
                "customer": customer.id,
                "currency": CURRENCY,
                "collection_method": "send_invoice",
                "days_until_due": request.days_until_due,
                "auto_advance": False,
                "description": request.description,
                "metadata": metadata,
                "pending_invoice_items_behavior": "exclude",
            },
            {"idempotency_key": f"{key}-invoice"},
        )
        api.v1.invoice_items.create(
            {
                "customer": customer.id,
                "invoice": invoice.id,
                "amount": request.amount_fen,
                "currency": CURRENCY,
                "description": request.description,
            },
            {"idempotency_key": f"{key}-item"},
        )
        made = api.v1.invoices.finalize_invoice(invoice.id, {}, {"idempotency_key": f"{key}-finalize"})
        payments = api.v1.invoice_payments.list({"invoice": invoice.id})
    return snapshots.read_invoice({**made.to_dict(), "payments": payments.to_dict()})


def fetch_intent(ref: str) -> snapshots.Intent:
    """Return a payment as it is now, with its charge."""
    with speaking() as api:
        found = api.v1.payment_intents.retrieve(ref, {"expand": ["latest_charge"]})
    return snapshots.read_intent(found.to_dict())


def fetch_charge(ref: str) -> snapshots.Charge:
    """Return a charge as it is now."""
    with speaking() as api:
        found = api.v1.charges.retrieve(ref)
    return snapshots.read_charge(found.to_dict())


def fetch_session(ref: str) -> snapshots.Session:
    """Return a visit to the provider's page as it is now."""
    with speaking() as api:
        found = api.v1.checkout.sessions.retrieve(ref)
    return snapshots.read_session(found.to_dict())


def fetch_invoice(ref: str) -> snapshots.Invoice:
    """Return an invoice of the provider's as it is now, with its payments."""
    with speaking() as api:
        found = api.v1.invoices.retrieve(ref)
        payments = api.v1.invoice_payments.list({"invoice": ref})
    return snapshots.read_invoice({**found.to_dict(), "payments": payments.to_dict()})


def fetch_refund(ref: str) -> snapshots.Refund:
    """Return a refund as it is now."""
    with speaking() as api:
        found = api.v1.refunds.retrieve(ref)
    return snapshots.read_refund(found.to_dict())


def fetch_dispute(ref: str) -> snapshots.Dispute:
    """Return a dispute as it is now."""
    with speaking() as api:
        found = api.v1.disputes.retrieve(ref)
    return snapshots.read_dispute(found.to_dict())


def cancel_intent(ref: str, key: str) -> snapshots.Intent:
    """Give a payment up; refused if it has succeeded or is under way."""
    with speaking() as api:
        left = api.v1.payment_intents.cancel(ref, {}, {"idempotency_key": key})
    return snapshots.read_intent(left.to_dict())


def expire_session(ref: str, key: str) -> snapshots.Session:
    """Close a visit to the provider's page; refused if it has ended."""
    with speaking() as api:
        left = api.v1.checkout.sessions.expire(ref, {}, {"idempotency_key": key})
    return snapshots.read_session(left.to_dict())


def void_invoice(ref: str, key: str) -> snapshots.Invoice:
    """Take an invoice of the provider's back; refused if it was paid."""
    with speaking() as api:
        left = api.v1.invoices.void_invoice(ref, {}, {"idempotency_key": key})
    return snapshots.read_invoice(left.to_dict())


def create_refund(charge_ref: str, amount_fen: int, metadata: Mapping[str, str], key: str) -> snapshots.Refund:
    """Send so much of a charge back."""
    with speaking() as api:
        made = api.v1.refunds.create(
            {"charge": charge_ref, "amount": amount_fen, "metadata": dict(metadata)}, {"idempotency_key": key}
        )
    return snapshots.read_refund(made.to_dict())


def submit_evidence(dispute_ref: str, words: str, key: str) -> snapshots.Dispute:
    """Tell the payer's bank what speaks for the charge; it is submitted at once."""
    with speaking() as api:
        left = api.v1.disputes.update(
            dispute_ref, {"evidence": {"uncategorized_text": words}, "submit": True}, {"idempotency_key": key}
        )
    return snapshots.read_dispute(left.to_dict())


def read_event(body: bytes, signature: str, secrets: tuple[str, ...]) -> dict[str, Any]:
    """Return the event in a signed body, of either version; any of the secrets will do.

    :raises BadSignature: if none of them fits, it was signed too long ago, or it is no event.
    """
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(body.decode(), signature, secret, TOLERANCE_S)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        try:
            found = json.loads(body)
        except ValueError as error:
            raise BadSignature from error
        if isinstance(found, dict) and isinstance(found.get("id"), str) and isinstance(found.get("type"), str):
            return found
    raise BadSignature
