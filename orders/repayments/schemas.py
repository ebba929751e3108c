"""The shape of debts and repayments."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from orders.payments.schemas import SERIAL
from orders.repayments.models import REPAYMENT_STATES
from orders.repayments.services import RepaymentFacts
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.paging import PageQuery


class PayToSchema(Schema):
    """The supervised account to which a debt is paid back."""

    holder = fields.String(required=True)
    bank = fields.String(required=True)
    number = fields.String(required=True)


class DebtSchema(Schema):
    """What a producer owes after it was paid too much, and how it pays that back."""

    producer_id = own.PublicId(required=True, attribute="id")
    producer_name = fields.String(required=True, attribute="name")
    owed = own.Money(required=True, attribute="owed_fen")
    reference_code = fields.String(
        required=True,
        attribute="code",
        metadata={"description": "For the transfer's remark.", "example": "HK23456789A"},
    )
    account = fields.Nested(PayToSchema, required=True, allow_none=True)


class DebtList(Schema):
    """What is owed, the most first."""

    items = fields.List(fields.Nested(DebtSchema), required=True)


class RepaymentSchema(Schema):
    """A producer's transfer of what it owes."""

    id = own.PublicId(required=True)
    producer_id = own.PublicId(required=True)
    producer_name = fields.String(required=True, attribute="producer")
    amount = own.Money(required=True, attribute="amount_fen")
    bank_serial = fields.String(required=True)
    payer_name = fields.String(required=True)
    value_on = own.Day(required=True)
    status = fields.String(required=True, validate=validate.OneOf(REPAYMENT_STATES))
    has_line = fields.Boolean(required=True, metadata={"description": "Whether a statement's line stands behind it."})
    recorded_at = own.Instant(required=True)
    decided_at = own.Instant(required=True, allow_none=True)
    refusal = fields.String(required=True)


class RepaymentPage(Schema):
    """A page of repayments, newest first."""

    items = fields.List(fields.Nested(RepaymentSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class RepaymentQuery(PageQuery):
    """Which repayments."""

    statuses = Several(fields.String(validate=validate.OneOf(REPAYMENT_STATES)), data_key="status", load_default=())


class RecordRepaymentSchema(Schema):
    """What the bank's slip says."""

    producer = own.PublicId(required=True)
    amount_fen = own.Money(required=True, data_key="amount", min_fen=1)
    bank_serial = fields.String(required=True, validate=SERIAL)
    value_on = own.Day(required=True)
    payer_name = fields.String(load_default="", validate=validate.Length(max=200))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> RepaymentFacts:
        """Return it as a value."""
        return RepaymentFacts(**data)
