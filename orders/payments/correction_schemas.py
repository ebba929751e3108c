"""The shape of corrections of receipts on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from orders.payments.correction_facts import RightFacts
from orders.payments.correction_models import CORRECTION_STATUSES
from orders.payments.corrections import CorrectionFacts
from orders.payments.models import CLEARINGS
from orders.payments.schemas import NAME, SERIAL, ShareSchema
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.paging import PageQuery


class RightFactsSchema(Schema):
    """What the bank's receipt really says, and its orders, of one buyer."""

    bank_serial = fields.String(required=True, validate=SERIAL)
    payer_name = fields.String(required=True, validate=NAME)
    payer_account = fields.String(load_default="", validate=validate.Length(max=64))
    remark = fields.String(load_default="", validate=validate.Length(max=500))
    amount = own.Money(required=True, min_fen=1, attribute="amount_fen")
    value_on = own.Day(required=True)
    allocations = fields.List(fields.Nested(ShareSchema), load_default=list, validate=validate.Length(max=100))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> RightFacts:
        """Return the facts."""
        return RightFacts(**data)


class ProposeReceiptCorrectionSchema(Schema):
    """Why a confirmed receipt is wrong, and what is right."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))
    evidence_file = own.PublicId(required=True, metadata={"description": "The paper that shows it."})
    right = fields.Nested(
        RightFactsSchema, load_default=None, allow_none=True,
        metadata={"description": "Left out where nothing came, or where its bank line is to be matched anew."},
    )  # fmt: skip

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> CorrectionFacts:
        """Return the facts."""
        return CorrectionFacts(**data)


class RightOrderSchema(Schema):
    """An order that what is right pays."""

    order = own.PublicId(required=True)
    number = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")


class RightSchema(Schema):
    """What is right, as it was proposed."""

    bank_serial = fields.String(required=True)
    payer_name = fields.String(required=True)
    payer_account = fields.String(required=True)
    remark = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    value_on = own.Day(required=True)


class ReceiptCorrectionSchema(Schema):
    """A correction of a confirmed receipt."""

    id = own.PublicId(required=True)
    payment = own.PublicId(required=True)
    bank_serial = fields.String(required=True)
    payee_name = fields.String(required=True, attribute="payee")
    buyer_name = fields.String(required=True, attribute="buyer")
    clearing = fields.String(required=True, validate=validate.OneOf(CLEARINGS))
    amount = own.Money(required=True, attribute="amount_fen")
    reason = fields.String(required=True)
    evidence_file = own.PublicId(required=True)
    right = fields.Nested(RightSchema, required=True, allow_none=True)
    orders = fields.List(fields.Nested(RightOrderSchema), required=True)
    paid_out = own.Money(
        required=True, attribute="paid_out_fen",
        metadata={"description": "What the producer was paid, or is being paid, of the receipt's orders: too much is netted."},
    )  # fmt: skip
    status = fields.String(required=True, validate=validate.OneOf(CORRECTION_STATUSES))
    proposed_at = own.Instant(required=True)
    decided_at = own.Instant(required=True, allow_none=True)
    refusal = fields.String(required=True)
    replacement = own.PublicId(required=True, allow_none=True)


class ReceiptCorrectionPage(Schema):
    """A page of corrections."""

    items = fields.List(fields.Nested(ReceiptCorrectionSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class ReceiptCorrectionQuery(PageQuery):
    """Which corrections."""

    statuses = Several(fields.String(validate=validate.OneOf(CORRECTION_STATUSES)), data_key="status", load_default=())
