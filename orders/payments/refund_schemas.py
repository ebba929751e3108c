"""Shapes of refunds."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from orders.payments.models import CLEARINGS, REFUND_CAUSES, REFUND_STATUSES
from orders.payments.refund_paths import Allowance
from orders.payments.refunds import TransferBack
from orders.payments.schemas import BANK_CLEARINGS, SERIAL
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.paging import PageQuery


class AllowanceSchema(Schema):
    """How much of a refund is for a line whose goods were accepted."""

    line = own.PublicId(required=True)
    amount_fen = own.Money(required=True, data_key="amount", min_fen=1)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Allowance:
        """Return the allowance."""
        return Allowance(**data)


class RequestRefundSchema(Schema):
    """How much is asked back, and why; with lines it is for accepted goods, and is no longer owed once confirmed."""

    amount = own.Money(required=True, min_fen=1)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))
    lines = fields.List(fields.Nested(AllowanceSchema), load_default=(), validate=validate.Length(max=200))


class RecordRefundSchema(Schema):
    """What the bank's slip of a refund says."""

    bank_serial = fields.String(required=True, validate=SERIAL)
    value_on = own.Day(required=True)
    clearing = fields.String(load_default="direct", validate=validate.OneOf(BANK_CLEARINGS))
    evidence_file = own.PublicId(load_default=None, allow_none=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> TransferBack:
        """Return the slip."""
        return TransferBack(**data)


class RefundSchema(Schema):
    """Money back."""

    id = own.PublicId(required=True)
    order = own.PublicId(required=True)
    number = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    reason = fields.String(required=True)
    cause = fields.String(required=True, validate=validate.OneOf(REFUND_CAUSES))
    status = fields.String(required=True, validate=validate.OneOf(REFUND_STATUSES))
    clearing = fields.String(required=True, allow_none=True, validate=validate.OneOf(CLEARINGS))
    bank_serial = fields.String(required=True, allow_none=True)
    value_on = own.Day(required=True, allow_none=True)
    requested_at = own.Instant(required=True)
    recorded_at = own.Instant(required=True, allow_none=True)
    decided_at = own.Instant(required=True, allow_none=True)
    refusal = fields.String(required=True)
    failure = fields.String(required=True)
    payer_name = fields.String(
        required=True, metadata={"description": "Who had paid it by bank: to there it goes back."}
    )
    payer_account = fields.String(required=True)
    group = own.PublicId(
        required=True, allow_none=True,
        metadata={"description": "The first refund of a request that goes back several ways; list them by it."},
    )  # fmt: skip
    group_count = fields.Integer(required=True)
    group_amount = own.Money(required=True, attribute="group_fen", metadata={"description": "The request's sum."})
    evidence_file = own.PublicId(required=True, allow_none=True)


class RefundQuery(PageQuery):
    """Which refunds."""

    statuses = Several(fields.String(validate=validate.OneOf(REFUND_STATUSES)), data_key="status", load_default=())
    group = own.PublicId(load_default=None)


class RefundPage(Schema):
    """A page of refunds."""

    items = fields.List(fields.Nested(RefundSchema), required=True)
    next = fields.String(required=True, allow_none=True)
