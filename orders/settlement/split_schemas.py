"""The shape of splits of the main supervised account over the API."""

from __future__ import annotations

from marshmallow import fields, validate

from orders.settlement.split_models import SPLIT_STATES
from shop import fields as own
from shop.api import Schema

_MOST = 500


class WaitingSplitSchema(Schema):
    """A producer's money on the main account that belongs on its sub-account."""

    producer_id = own.PublicId(required=True)
    producer_name = fields.String(required=True, attribute="producer")
    payer_number = fields.String(required=True, metadata={"description": "The main account that has the money."})
    account_number = fields.String(required=True, metadata={"description": "The producer's sub-account."})
    amount = own.Money(required=True, attribute="amount_fen")
    receipts = fields.Integer(required=True)


class WaitingSplitListSchema(Schema):
    """What a split prepared now would move."""

    items = fields.List(fields.Nested(WaitingSplitSchema), required=True)


class BankSplitSchema(Schema):
    """What of the main account is a producer's and goes to its sub-account."""

    id = own.PublicId(required=True)
    number = fields.String(required=True, metadata={"description": "The reference on both accounts' statements."})
    producer_id = own.PublicId(required=True)
    producer_name = fields.String(required=True, attribute="producer")
    payer_number = fields.String(required=True)
    account_number = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    status = fields.String(required=True, validate=validate.OneOf(SPLIT_STATES))
    prepared_at = own.Instant(required=True)
    released_at = own.Instant(required=True, allow_none=True)
    left_on = own.Day(required=True, allow_none=True)
    arrived_on = own.Day(required=True, allow_none=True)
    returned_on = own.Day(required=True, allow_none=True)
    failure = fields.String(required=True)


class SplitRunSchema(Schema):
    """A run of splits out of the main account; sums leave out what was given up or came back."""

    id = own.PublicId(required=True)
    on = own.Day(required=True)
    started_at = own.Instant(required=True)
    splits = fields.Integer(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    waiting = fields.Integer(required=True)
    done = fields.Integer(required=True)
    file_id = own.PublicId(required=True, allow_none=True, attribute="file")
    file_sha256 = fields.String(required=True, allow_none=True, attribute="sha256")
    items = fields.List(fields.Nested(BankSplitSchema), required=True, metadata={"description": "Empty in lists."})


class SplitRunPage(Schema):
    """A page of runs."""

    items = fields.List(fields.Nested(SplitRunSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class PrepareSplitSchema(Schema):
    """Whose money is split."""

    producers = fields.List(
        own.PublicId(), load_default=[], validate=validate.Length(0, _MOST),
        metadata={"description": "All that have money on the main account and a sub-account, if empty."},
    )  # fmt: skip
