"""The shape of payments by card, disputes and accounts on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from orders.online.accounts import NewAccount
from orders.online.intents import Wish
from orders.online.models import ACCOUNT_STATES, DISPUTE_STATES, INTENT_MODES, INTENT_STATES
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.paging import PageQuery


class PaySchema(Schema):
    """How to pay: on our page, on the provider's, or by its invoice; and how much of what is owed."""

    mode = fields.String(required=True, validate=validate.OneOf(INTENT_MODES))
    amount_fen = own.Money(data_key="amount", load_default=None, allow_none=True, min_fen=1)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Wish:
        """Return the wish."""
        return Wish(**data)


class IntentShareSchema(Schema):
    """How much of a payment is for an order."""

    order = own.PublicId(required=True)
    number = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")


class PaymentIntentSchema(Schema):
    """A payment by card: what it is for, and what is needed to make it while it is open."""

    id = own.PublicId(required=True)
    procurement = own.PublicId(required=True)
    number = fields.String(required=True, metadata={"description": "The procurement's number."})
    mode = fields.String(required=True, validate=validate.OneOf(INTENT_MODES))
    status = fields.String(required=True, validate=validate.OneOf(INTENT_STATES))
    amount = own.Money(required=True, attribute="amount_fen")
    client_secret = fields.String(
        required=True, allow_none=True, metadata={"description": "For Stripe's script, while the payment is open."}
    )
    publishable_key = fields.String(required=True, allow_none=True)
    hosted_url = fields.String(required=True, allow_none=True, metadata={"description": "The provider's own page."})
    failure = fields.String(required=True)
    created_at = own.Instant(required=True)
    closed_at = own.Instant(required=True, allow_none=True)
    shares = fields.List(fields.Nested(IntentShareSchema), required=True)


class PaymentIntentPage(Schema):
    """A page of payments by card."""

    items = fields.List(fields.Nested(PaymentIntentSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class DisputeSchema(Schema):
    """A payer's objection at its bank."""

    id = own.PublicId(required=True)
    reference = fields.String(required=True)
    charge = fields.String(required=True)
    procurement = fields.String(required=True, metadata={"description": "The procurement's number."})
    amount = own.Money(required=True, attribute="amount_fen")
    held = own.Money(required=True, attribute="held_fen")
    reason = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(DISPUTE_STATES))
    opened_at = own.Instant(required=True)
    evidence_due_at = own.Instant(required=True, allow_none=True)
    closed_at = own.Instant(required=True, allow_none=True)
    evidence = fields.String(required=True)
    submitted_at = own.Instant(required=True, allow_none=True)


class DisputeQuery(PageQuery):
    """Which disputes."""

    statuses = Several(fields.String(validate=validate.OneOf(DISPUTE_STATES)), data_key="status", load_default=())


class DisputePage(Schema):
    """A page of disputes."""

    items = fields.List(fields.Nested(DisputeSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class DisputeEvidenceSchema(Schema):
    """What speaks for the charge; it is handed in at once and only once."""

    words = fields.String(required=True, validate=validate.Length(min=1, max=20000))


class OpenAccountSchema(Schema):
    """Where the receiving company is registered, and whom the provider writes to."""

    country = fields.String(
        required=True,
        validate=validate.Regexp(r"^[a-z]{2}$"),
        metadata={"example": "hk", "description": "ISO 3166-1, small letters."},
    )
    email = fields.Email(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> NewAccount:
        """Return the facts."""
        return NewAccount(**data)


class AccountSchema(Schema):
    """A producer's account at the card provider."""

    status = fields.String(required=True, validate=validate.OneOf(ACCOUNT_STATES))
    requirements = fields.List(fields.String(), required=True)
    failure = fields.String(required=True)
    created_at = own.Instant(required=True)
    checked_at = own.Instant(required=True, allow_none=True)


class AccountLinkSchema(Schema):
    """Where the producer tells the provider about itself; works once, for minutes."""

    url = fields.String(required=True)
