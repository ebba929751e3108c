"""The shapes of contracts on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from orders.contracts.models import AMENDMENT_STATUSES
from orders.purchase.due import GOODS_FIRST_DAYS, GOODS_FIRST_MOST_DAYS
from shop.api import Schema
from shop.fields import Day, Instant, Money, PublicId


class ConfirmedPriceSchema(Schema):
    """A unit price that differs from the ordered one."""

    line_id = PublicId(required=True)
    price = Money(required=True, min_fen=1)


class ConfirmOrderSchema(Schema):
    """What a producer confirms; a changed price is an offer that the buyer accepts by signing."""

    freight = Money(load_default=0)
    promised_on = Day(required=True)
    prices = fields.List(fields.Nested(ConfirmedPriceSchema), load_default=list, validate=validate.Length(max=200))
    payment_days = fields.Integer(
        load_default=GOODS_FIRST_DAYS,
        validate=validate.Range(1, GOODS_FIRST_MOST_DAYS),
        metadata={"description": "Days to pay goods-first after acceptance."},
    )
    sign = fields.Boolean(load_default=False, metadata={"description": "Sign for the producer in the same call."})


class AmendmentSchema(Schema):
    """Another account than the contract's: offered by the producer, agreed to or declined by the buyer."""

    id = PublicId()
    position = fields.Integer()
    status = fields.String(validate=validate.OneOf(AMENDMENT_STATUSES))
    terms = fields.Dict(metadata={"description": "Contract, day, and the account before and after."})
    terms_sha256 = fields.String(metadata={"description": "SHA-256 of the terms in RFC 8785 form."})
    offered_at = Instant()
    decided_at = Instant(allow_none=True)


class PriceChangeSchema(Schema):
    """A line whose unit price is another than ordered."""

    line_id = PublicId()
    before = Money(attribute="before_fen")
    now = Money(attribute="now_fen")


class DifferencesSchema(Schema):
    """What the producer's confirmation changed against the order as placed and the sum approved."""

    prices = fields.List(fields.Nested(PriceChangeSchema))
    freight = Money(attribute="freight_fen")
    ordered = Money(attribute="ordered_fen", metadata={"description": "The goods when they were ordered."})
    total = Money(attribute="total_fen", metadata={"description": "The contract's sum."})
    approved = Money(
        attribute="approved_fen", allow_none=True,
        metadata={"description": "Approved for the goods of the whole procurement; null: nothing had to be."},
    )  # fmt: skip
    above_approved = Money(attribute="above_approved_fen")


class ContractSchema(Schema):
    """A contract with its frozen terms and their hash."""

    id = PublicId()
    number = fields.String()
    order_id = PublicId()
    order_number = fields.String()
    status = fields.String()
    terms = fields.Dict(
        metadata={
            "description": "All that is printed: parties, lines, freight, dates, payee, payment. Authorities read the last"
            " digits of a bank account; the hash is that of the whole terms."
        }
    )
    terms_sha256 = fields.String(metadata={"description": "SHA-256 of the terms in RFC 8785 form."})
    verification_code = fields.String()
    offered_at = Instant()
    sign_by = Instant(allow_none=True, metadata={"description": "The side whose turn it is signs before this."})
    producer_signed_at = Instant(allow_none=True)
    buyer_signed_at = Instant(allow_none=True)
    amendments = fields.List(fields.Nested(AmendmentSchema))
    differences = fields.Nested(DifferencesSchema, allow_none=True)


class ContractAmountSchema(Schema):
    """An amount as the terms hold it."""

    amount = fields.String()
    currency = fields.String()


class PublicContractSchema(Schema):
    """What anyone with the code may know of a contract."""

    number = fields.String()
    status = fields.String()
    buyer_name = fields.String()
    buyer_credit_code = fields.String(allow_none=True)
    producer_name = fields.String()
    producer_credit_code = fields.String(allow_none=True)
    total = fields.Nested(ContractAmountSchema)
    made_on = Day()
    promised_on = Day(allow_none=True)
    producer_signed_at = Instant(allow_none=True)
    buyer_signed_at = Instant(allow_none=True)
    terms_sha256 = fields.String()
    is_intact = fields.Boolean(metadata={"description": "The stored terms still have this hash."})
