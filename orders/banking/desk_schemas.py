"""The shape of claims, electronic receipts and supervised accounts on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from orders.banking.accounts import SupervisedFacts
from orders.banking.claims import ClaimFacts
from orders.banking.models import CLAIM_STATUSES, ENTRY_STATUSES
from orders.banking.schemas import CandidateSchema
from orders.payments.schemas import ShareSchema
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.paging import PageQuery

_NAME = validate.Length(min=1, max=200)


class MakeClaimSchema(Schema):
    """A transfer and the orders that it is for."""

    allocations = fields.List(fields.Nested(ShareSchema), required=True, validate=validate.Length(min=1, max=100))
    amount = own.Money(required=True, min_fen=1)
    paid_on = own.Day(required=True)
    payer_name = fields.String(required=True, validate=_NAME)
    bank_serial = fields.String(load_default="", validate=validate.Length(max=64))
    note = fields.String(load_default="", validate=validate.Length(max=500))
    file = own.PublicId(required=True, metadata={"description": "The voucher of the transfer."})
    line = own.PublicId(load_default=None, allow_none=True, metadata={"description": "Known to the payee's people."})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ClaimFacts:
        """Return the facts."""
        return ClaimFacts(shares=data.pop("allocations"), amount_fen=data.pop("amount"), **data)


class ConfirmClaimSchema(Schema):
    """The line of a claim, if it was not found by itself."""

    line = own.PublicId(load_default=None, allow_none=True)


class ClaimSchema(Schema):
    """A claim of a transfer."""

    id = own.PublicId(required=True)
    status = fields.String(required=True, validate=validate.OneOf(CLAIM_STATUSES))
    buyer = fields.String(required=True)
    payee = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    paid_on = own.Day(required=True)
    payer_name = fields.String(required=True)
    bank_serial = fields.String(required=True)
    note = fields.String(required=True)
    file = own.PublicId(required=True, allow_none=True)
    has_line = fields.Boolean(required=True)
    claimed_at = own.Instant(required=True)
    reason = fields.String(required=True)
    orders = fields.List(fields.Nested(CandidateSchema), required=True)


class ClaimQuery(PageQuery):
    """Which claims."""

    statuses = Several(fields.String(validate=validate.OneOf(CLAIM_STATUSES)), data_key="status", load_default=list)


class ClaimPage(Schema):
    """A page of claims."""

    items = fields.List(fields.Nested(ClaimSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class AttachSchema(Schema):
    """Electronic receipts to be put to payments by the serials in their names."""

    files = fields.List(own.PublicId(), required=True, validate=validate.Length(min=1, max=50))


class AttachedSchema(Schema):
    """A file and the payment, payout or refund that it was put to."""

    file = own.PublicId(required=True)
    name = fields.String(required=True)
    payment = own.PublicId(required=True, allow_none=True)
    payout = own.PublicId(required=True, allow_none=True)
    refund = own.PublicId(required=True, allow_none=True)
    credit_refund = own.PublicId(required=True, allow_none=True)


class SlipSchema(Schema):
    """An electronic receipt."""

    file = own.PublicId(required=True, attribute="public_id")
    name = fields.String(required=True)


class SlipList(Schema):
    """The electronic receipts of a payment."""

    items = fields.List(fields.Nested(SlipSchema), required=True)


class AttachedList(Schema):
    """What became of each file."""

    items = fields.List(fields.Nested(AttachedSchema), required=True)


class AttachOneSchema(Schema):
    """An electronic receipt of a payment."""

    file = own.PublicId(required=True)


class EnterAccountSchema(Schema):
    """A supervised account, or a producer's sub-account in it."""

    number = fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9A-Za-z][0-9A-Za-z -]{4,38}[0-9A-Za-z]$"),
        metadata={"example": "1200 0161 8400 5250"},
    )
    holder = fields.String(required=True, validate=_NAME)
    bank = fields.String(required=True, validate=_NAME)
    producer = own.PublicId(load_default=None, allow_none=True)
    valid_from = own.Day(required=True)
    valid_to = own.Day(load_default=None, allow_none=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> SupervisedFacts:
        """Return the facts."""
        return SupervisedFacts(**data)


class SupervisedSchema(Schema):
    """A supervised account."""

    id = own.PublicId(required=True)
    number = fields.String(required=True)
    holder = fields.String(required=True)
    bank = fields.String(required=True)
    producer = own.PublicId(required=True, allow_none=True)
    valid_from = own.Day(required=True)
    valid_to = own.Day(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(ENTRY_STATUSES))


class SupervisedQuery(PageQuery):
    """Which supervised accounts."""

    status = fields.String(load_default=None, validate=validate.OneOf(ENTRY_STATUSES))
    q = fields.String(
        load_default="", validate=validate.Length(max=100),
        metadata={"description": "A part of the number, the holder's or the producer's name."},
    )  # fmt: skip


class SupervisedList(Schema):
    """A page of them, and how many there are in all."""

    items = fields.List(fields.Nested(SupervisedSchema), required=True)
    next = fields.String(required=True, allow_none=True)
    total = fields.Integer(required=True)


class EndSchema(Schema):
    """The last day."""

    last_on = own.Day(required=True)
