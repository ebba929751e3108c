"""Lots and movements on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from catalog.lots.models import LOT_STATUSES
from shop.api import Schema
from shop.fields import Day, Instant, PublicId, Quantity
from shop.filters import Several
from shop.paging import PageQuery

_CODE = validate.Regexp(r"^\S(.{0,38}\S)?\Z")


class LotQuery(PageQuery):
    """Which lots."""

    sku = PublicId(load_default=None)
    statuses = Several(fields.String(validate=validate.OneOf(LOT_STATUSES)), data_key="status", load_default=())
    is_expiring = fields.Boolean(load_default=False, metadata={"description": "Open and expiring within 30 days"})


class NewLotSchema(Schema):
    """A batch to put in stock."""

    sku = PublicId(required=True)
    code = fields.String(required=True, validate=_CODE, metadata={"example": "20260701-A"})
    quantity = Quantity(required=True)
    produced_on = Day(required=True)
    expires_on = Day(load_default=None, allow_none=True)
    origin_note = fields.String(load_default="", validate=validate.Length(max=500))


class AdjustLotSchema(Schema):
    """A correction after a count."""

    direction = fields.String(required=True, validate=validate.OneOf(("up", "down")))
    quantity = Quantity(required=True)
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class WriteOffSchema(Schema):
    """Why a lot is destroyed."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


class LotSchema(Schema):
    """A batch of a pack."""

    id = PublicId(required=True, attribute="lot.public_id")
    sku_id = PublicId(required=True)
    pack_spec = fields.String(required=True)
    product_id = PublicId(required=True)
    product_name = fields.String(required=True)
    code = fields.String(required=True, attribute="lot.code")
    on_hand = Quantity(required=True)
    produced_on = Day(required=True, attribute="lot.produced_on")
    expires_on = Day(required=True, allow_none=True, attribute="lot.expires_on")
    status = fields.String(required=True, attribute="lot.status")
    origin_note = fields.String(required=True, attribute="lot.origin_note")
    batch_id = PublicId(
        required=True,
        allow_none=True,
        metadata={"description": "What it was packed from; null: its origin was not recorded"},
    )


class LotListSchema(Schema):
    """A page of lots."""

    items = fields.List(fields.Nested(LotSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class MovementSchema(Schema):
    """What moved a lot; the quantity is signed: out is negative."""

    id = PublicId(required=True, attribute="public_id")
    kind = fields.String(required=True)
    quantity = fields.Decimal(required=True, places=3, as_string=True)
    ref = fields.String(required=True)
    at = Instant(required=True)


class MovementListSchema(Schema):
    """What moved a lot."""

    items = fields.List(fields.Nested(MovementSchema), required=True)
    next = fields.String(required=True, allow_none=True)
