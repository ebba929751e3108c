"""Where lots went, on the wire."""

from __future__ import annotations

from marshmallow import fields

from shop.api import Schema
from shop.fields import Instant, PublicId, Quantity


class NoQuery(Schema):
    """Takes no parameters."""


class RecipientSchema(Schema):
    """A quantity of a lot that went to somebody for an order."""

    lot_id = PublicId(required=True)
    lot_code = fields.String(required=True)
    order_id = PublicId(required=True)
    order_number = fields.String(required=True)
    shipment_number = fields.String(required=True)
    shipped_at = Instant(required=True)
    consignee_id = PublicId(required=True)
    consignee = fields.String(required=True)
    division = fields.String(required=True)
    address = fields.String(required=True)
    contact = fields.String(required=True)
    phone = fields.String(required=True)
    quantity = Quantity(required=True)
    accepted = Quantity(required=True)
    rejected = Quantity(required=True)
    returned = Quantity(required=True, metadata={"description": "Accepted first, and come back later"})
    out = Quantity(required=True, metadata={"description": "With the consignee or on its way: what did not come back"})


class LotRecalledSchema(Schema):
    """That a lot is called back."""

    reason = fields.String(required=True)
    recalled_at = Instant(required=True)
    recall_id = fields.UUID(required=True, metadata={"description": "Lots that were called back together share it"})


class LotInAnswerSchema(Schema):
    """A lot of which the answer tells where it went: the one asked for first, then those made of it."""

    id = PublicId(attribute="public_id", required=True)
    code = fields.String(required=True)
    recalled = fields.Nested(LotRecalledSchema, required=True, allow_none=True)


class RecipientSumSchema(Schema):
    """Quantities in one unit."""

    quantity = Quantity(required=True)
    accepted = Quantity(required=True)
    rejected = Quantity(required=True)
    returned = Quantity(required=True)
    out = Quantity(required=True)


class RecipientTotalsSchema(Schema):
    """Over all pages."""

    orders = fields.Integer(required=True)
    consignees = fields.Integer(required=True)
    sums = fields.List(fields.Nested(RecipientSumSchema), required=True)


class RecipientListSchema(Schema):
    """A page of recipients, with the lots and totals of the whole answer."""

    items = fields.List(fields.Nested(RecipientSchema), required=True)
    next = fields.String(required=True, allow_none=True)
    lots = fields.List(fields.Nested(LotInAnswerSchema), required=True)
    totals = fields.Nested(RecipientTotalsSchema, required=True)
