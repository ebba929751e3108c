"""Shapes of refunds of credit."""

from __future__ import annotations

from marshmallow import fields, validate

from orders.payments.credit_models import CREDIT_REFUND_STATUSES
from orders.payments.models import CLEARINGS
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.paging import PageQuery


class RequestCreditRefundSchema(Schema):
    """How much of what a receipt has left is asked back, and why."""

    amount = own.Money(required=True, min_fen=1)
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class CreditRefundSchema(Schema):
    """Credit back to who had paid it."""

    id = own.PublicId(required=True)
    payment = own.PublicId(required=True)
    payer_name = fields.String(required=True)
    payer_account = fields.String(required=True)
    buyer = fields.String(required=True)
    payee = fields.String(required=True)
    clearing = fields.String(required=True, validate=validate.OneOf(CLEARINGS))
    amount = own.Money(required=True, attribute="amount_fen")
    reason = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(CREDIT_REFUND_STATUSES))
    bank_serial = fields.String(required=True, allow_none=True)
    value_on = own.Day(required=True, allow_none=True)
    requested_at = own.Instant(required=True)
    recorded_at = own.Instant(required=True, allow_none=True)
    decided_at = own.Instant(required=True, allow_none=True)
    refusal = fields.String(required=True)
    evidence_file = own.PublicId(required=True, allow_none=True)


class CreditRefundQuery(PageQuery):
    """Which refunds of credit."""

    statuses = Several(
        fields.String(validate=validate.OneOf(CREDIT_REFUND_STATUSES)), data_key="status", load_default=()
    )


class CreditRefundPage(Schema):
    """A page of refunds of credit."""

    items = fields.List(fields.Nested(CreditRefundSchema), required=True)
    next = fields.String(required=True, allow_none=True)
