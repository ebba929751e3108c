"""The shape of an order's whole page on the wire."""

from __future__ import annotations

from marshmallow import fields

from orders.contracts.schemas import ContractSchema
from orders.fulfilment.schemas import AcceptanceSchema, ShipmentSchema
from orders.purchase.schemas import OrderSchema
from shop.api import Schema
from shop.fields import Day, Instant, Money, PublicId


class OrderInvoiceSchema(Schema):
    """An invoice of the order and the part of it that is for the order."""

    id = PublicId()
    code = fields.String()
    number = fields.String()
    kind = fields.String()
    status = fields.String()
    amount = Money(attribute="amount_fen")
    share = Money(attribute="share_fen")
    issued_on = Day()


class OrderPaymentSchema(Schema):
    """A receipt and the part of it that is for the order."""

    id = PublicId()
    payer_name = fields.String()
    clearing = fields.String()
    status = fields.String()
    amount = Money(attribute="amount_fen")
    share = Money(attribute="share_fen")
    value_on = Day()


class OrderRefundSchema(Schema):
    """A refund of the order."""

    id = PublicId()
    amount = Money(attribute="amount_fen")
    reason = fields.String()
    status = fields.String()
    value_on = Day(allow_none=True)
    requested_at = Instant()


class OrderAnnouncementSchema(Schema):
    """A transfer that the buyer announced."""

    id = PublicId()
    payer_name = fields.String()
    amount = Money(attribute="amount_fen")
    planned_on = Day()
    announced_at = Instant()


class HappeningSchema(Schema):
    """One thing that happened."""

    at = Instant()
    machine = fields.String()
    event = fields.String()
    to = fields.String()
    what = fields.String()
    who = fields.String()
    why = fields.String()


class PossibleMoveSchema(Schema):
    """A move that the caller can make now."""

    machine = fields.String()
    event = fields.String()
    to = fields.String()


class NextStepSchema(Schema):
    """What comes next; ``side`` is empty when nothing is left to do."""

    code = fields.String()
    what = fields.String()
    side = fields.String()
    until = Day(allow_none=True)


class OrderPageSchema(OrderSchema):
    """An order with all that belongs to it, and what the caller can do now."""

    contract = fields.Nested(ContractSchema, allow_none=True)
    shipments = fields.List(fields.Nested(ShipmentSchema))
    acceptances = fields.List(fields.Nested(AcceptanceSchema))
    invoices = fields.List(fields.Nested(OrderInvoiceSchema))
    payments = fields.List(fields.Nested(OrderPaymentSchema))
    refunds = fields.List(fields.Nested(OrderRefundSchema))
    announcements = fields.List(fields.Nested(OrderAnnouncementSchema))
    timeline = fields.List(fields.Nested(HappeningSchema))
    possible = fields.List(fields.Nested(PossibleMoveSchema))
    next_step = fields.Nested(NextStepSchema)


class CountedReceiptSchema(Schema):
    """A posting of what counts, and where its receipt is."""

    amount = Money(attribute="amount_fen", min_fen=None, required=True)
    business_on = Day(required=True)
    recorded_at = Instant(required=True)
    index = fields.Integer(required=True, metadata={"description": "The leaf's place in the log `counted`, from 0"})
    address = fields.String(required=True, metadata={"description": "Where the receipt is downloaded"})


class CountedReceiptListSchema(Schema):
    """What counted for a line, in the order of posting; empty if nothing did yet."""

    items = fields.List(fields.Nested(CountedReceiptSchema), required=True)
