"""The shapes of returns on the wire."""

from __future__ import annotations

from decimal import Decimal

from marshmallow import fields, validate

from orders.purchase.schemas import text_field
from orders.returns.models import RETURN_STATUSES
from shop.api import Schema
from shop.fields import Instant, PublicId, Quantity
from shop.filters import Several
from shop.money import Measure
from shop.paging import PageQuery

_NONE = Measure(Decimal(0))


class ItemToReturnSchema(Schema):
    """So much of a shipped item goes back."""

    item_id = PublicId(required=True, metadata={"description": "Of the order's shipments: `items[].id`"})
    quantity = Quantity(required=True)


class NewGoodsReturnSchema(Schema):
    """What goes back together, and why."""

    items = fields.List(fields.Nested(ItemToReturnSchema), required=True, validate=validate.Length(1, 200))
    reason = text_field(500, required=True)


class SentBackSchema(Schema):
    """By whom the goods travel."""

    carrier = text_field(100, load_default="")
    tracking_ref = text_field(100, load_default="")


class CameBackSchema(Schema):
    """What came of an item of a return, by what becomes of it."""

    item_id = PublicId(required=True, metadata={"description": "Of the return: `items[].id`"})
    to_lot = Quantity(
        load_default=_NONE,
        above_zero=False,
        metadata={"description": "Back into its lot; no stock where that is called back or closed"},
    )
    apart = Quantity(load_default=_NONE, above_zero=False, metadata={"description": "Into a lot of its own"})
    destroyed = Quantity(load_default=_NONE, above_zero=False)
    apart_code = text_field(40, load_default="", metadata={"description": "Code of that lot; empty makes one"})


class ReceivedSchema(Schema):
    """What came back."""

    items = fields.List(fields.Nested(CameBackSchema), required=True, validate=validate.Length(1, 200))
    note = text_field(500, load_default="")


class GoodsReturnItemSchema(Schema):
    """So much of a shipped item, and what became of it."""

    id = PublicId()
    shipment_item_id = PublicId()
    title = fields.String()
    lot_id = PublicId()
    lot_code = fields.String()
    quantity = Quantity()
    to_lot = Quantity()
    apart = Quantity()
    destroyed = Quantity()
    apart_lot_id = PublicId(allow_none=True)
    apart_lot_code = fields.String(allow_none=True)


class GoodsReturnSchema(Schema):
    """Accepted goods that are to go back, or have."""

    id = PublicId()
    number = fields.String()
    order_id = PublicId()
    order_number = fields.String()
    buyer = fields.String()
    producer = fields.String()
    status = fields.String(validate=validate.OneOf(RETURN_STATUSES))
    reason = fields.String()
    is_recall = fields.Boolean(metadata={"description": "All of it was called back: nobody had to agree"})
    opened_at = Instant()
    carrier = fields.String()
    tracking_ref = fields.String()
    sent_at = Instant(allow_none=True)
    received_at = Instant(allow_none=True)
    note = fields.String()
    items = fields.List(fields.Nested(GoodsReturnItemSchema))


class GoodsReturnPage(Schema):
    """A page of returns."""

    items = fields.List(fields.Nested(GoodsReturnSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class GoodsReturnQuery(PageQuery):
    """Which returns."""

    statuses = Several(fields.String(validate=validate.OneOf(RETURN_STATUSES)), data_key="status", load_default=())
