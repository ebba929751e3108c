"""Recalls on the wire."""

from __future__ import annotations

from decimal import Decimal

from marshmallow import fields, validate

from catalog.lots.models import RECALL_LEVELS
from shop.api import Schema
from shop.fields import Day, Instant, PublicId, Quantity
from shop.money import Measure

_NONE = Measure(Decimal(0))
_REASON = validate.Length(1, 500)


class RecallTermsSchema(Schema):
    """How grave a recall is and by when its goods must be back."""

    level = fields.String(
        required=True, validate=validate.OneOf(RECALL_LEVELS),
        metadata={"description": "`one`: grave harm to health, to begin within 24 hours of knowing; `two`: harm, 48; `three`: wrong labels, 72"},
    )  # fmt: skip
    known_at = Instant(load_default=None, allow_none=True, metadata={"description": "When it was known; left out: now"})
    due_on = Day(
        load_default=None, allow_none=True,
        metadata={"description": "Last day on which the goods may be back; left out: 14, 28 or 42 days by level"},
    )  # fmt: skip


class OpenRecallSchema(RecallTermsSchema):
    """Lots to call back, with all that was made of them."""

    lots = fields.List(PublicId(), required=True, validate=validate.Length(1, 50))
    reason = fields.String(required=True, validate=_REASON)


class LiftRecallSchema(Schema):
    """Why a recall is lifted."""

    reason = fields.String(required=True, validate=_REASON)


class RecallSchema(Schema):
    """A recall, and how far it has come with the consignees that the reader sees."""

    id = PublicId(required=True)
    level = fields.String(required=True, allow_none=True, metadata={"description": "null: nobody said one"})
    reason = fields.String(required=True)
    known_at = Instant(required=True, allow_none=True)
    begin_by = Instant(required=True, allow_none=True)
    due_on = Day(required=True, allow_none=True)
    recalled_at = Instant(required=True)
    by = fields.String(required=True, allow_none=True)
    lifted_at = Instant(required=True, allow_none=True)
    lift_reason = fields.String(required=True, allow_none=True)
    lot_id = PublicId(required=True, metadata={"description": "The lot that was named"})
    lot_code = fields.String(required=True, attribute="code")
    product = fields.String(required=True)
    producer = fields.String(required=True)
    lots = fields.Integer(required=True, metadata={"description": "Lots that it reaches"})
    consignees = fields.Integer(required=True, attribute="sums.consignees")
    orders = fields.Integer(required=True, attribute="sums.orders")
    told = fields.Integer(required=True, attribute="sums.told", metadata={"description": "Consignees that were told"})
    answered = fields.Integer(required=True, attribute="sums.answered")
    version = fields.Integer(required=True)


class RecallListSchema(Schema):
    """A page of recalls."""

    items = fields.List(fields.Nested(RecallSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class RecalledConsignmentSchema(Schema):
    """A quantity of a recalled lot that left for an order, and what its consignee says of it."""

    id = PublicId(required=True)
    consignee = fields.String(required=True)
    division = fields.String(required=True)
    order_id = PublicId(required=True)
    order_number = fields.String(required=True)
    lot_id = PublicId(required=True)
    lot_code = fields.String(required=True)
    product = fields.String(required=True)
    shipped_at = Instant(required=True)
    quantity = Quantity(required=True)
    out = Quantity(required=True, metadata={"description": "What was not sent back when it was accepted"})
    told_at = Instant(required=True, allow_none=True)
    on_hand = Quantity(required=True, allow_none=True, attribute="set_aside")
    sold_on = Quantity(required=True, allow_none=True, attribute="used")
    returned = Quantity(required=True, allow_none=True)
    destroyed = Quantity(required=True, allow_none=True)
    came_back = Quantity(required=True, metadata={"description": "As the producer received it, after it was accepted"})
    open = Quantity(required=True, metadata={"description": "What nobody has accounted for"})
    note = fields.String(required=True, allow_none=True)
    replied_at = Instant(required=True, allow_none=True)


class RecalledConsignmentListSchema(Schema):
    """A page of consignments, in the order in which they left."""

    items = fields.List(fields.Nested(RecalledConsignmentSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class RecallAccountSchema(Schema):
    """What became of one consignment; together at most what its consignee has."""

    consignment = PublicId(required=True)
    on_hand = Quantity(load_default=_NONE, above_zero=False, metadata={"description": "Kept apart and not used"})
    sold_on = Quantity(load_default=_NONE, above_zero=False, metadata={"description": "Eaten, used or sold on before"})
    returned = Quantity(load_default=_NONE, above_zero=False)
    destroyed = Quantity(load_default=_NONE, above_zero=False)


class RecallAnswerSchema(Schema):
    """What became of recalled goods; of each consignment the last answer counts."""

    items = fields.List(fields.Nested(RecallAccountSchema), required=True, validate=validate.Length(1, 1000))
    note = fields.String(load_default="", validate=validate.Length(max=500))
