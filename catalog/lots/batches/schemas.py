"""Places, batches and acts on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marshmallow import fields, validate

from catalog.lots.batches.models import ACT_KINDS, BIRTHS, PLACE_KINDS, PLACE_TIERS
from shop.api import Schema
from shop.fields import Day, DivisionCode, Instant, PublicId, Quantity
from shop.money import Measure
from shop.paging import PageQuery

_NAME = validate.Length(1, 60)
_WORDS = validate.Length(max=200)
_CODE = fields.String(
    load_default="", validate=validate.Length(max=40), metadata={"description": "Left out: made here"}
)
_NONE = Measure(Decimal(0))
_SHOWN: dict[str, Any] = {
    "required": True,
    "allow_none": True,
    "as_string": True,
    "metadata": {"type": "string", "example": "36.561234"},
}
_DEGREES: dict[str, Any] = {
    "as_string": True,
    "load_default": None,
    "allow_none": True,
    "metadata": {"type": "string", "example": "36.561234", "description": "Degrees"},
}


class NewPlaceSchema(Schema):
    """A place to add."""

    producer = PublicId(load_default=None, allow_none=True, metadata={"description": "Needed of agents with several"})
    kind = fields.String(required=True, validate=validate.OneOf(PLACE_KINDS))
    name = fields.String(
        required=True, validate=_NAME, metadata={"example": "三号地块", "description": "No names of persons"}
    )
    county_code = DivisionCode(load_default=None, allow_none=True, metadata={"description": "Left out: the producer's"})
    township = fields.String(load_default="", validate=validate.Length(max=60))
    village = fields.String(load_default="", validate=validate.Length(max=60))
    tier = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(PLACE_TIERS),
        metadata={"description": "Of collection points"},
    )
    latitude = fields.Decimal(**_DEGREES)
    longitude = fields.Decimal(**_DEGREES)
    gln = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"^[0-9]{13}\Z"),
        metadata={"example": "6901234567892"},
    )
    is_shared = fields.Boolean(load_default=False, metadata={"description": "Other producers of the county may use it"})
    is_public = fields.Boolean(
        load_default=True, metadata={"description": "Its name and township may stand on the pages of labels"}
    )
    used_since = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"description": "What was done there earlier is not recorded there; left out: five years ago"},
    )


class PlaceSchema(Schema):
    """A place."""

    id = PublicId(required=True, attribute="public_id")
    kind = fields.String(required=True)
    tier = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    county_code = DivisionCode(required=True)
    township = fields.String(required=True)
    village = fields.String(required=True)
    latitude = fields.Decimal(**_SHOWN)
    longitude = fields.Decimal(**_SHOWN)
    gln = fields.String(required=True, allow_none=True)
    is_shared = fields.Boolean(required=True)
    is_public = fields.Boolean(required=True)
    valid_from = Day(required=True)
    valid_to = Day(required=True, allow_none=True)


class PlaceListSchema(Schema):
    """A page of places."""

    items = fields.List(fields.Nested(PlaceSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class BatchQuery(PageQuery):
    """Which batches."""

    product = PublicId(load_default=None)
    has_goods = fields.Boolean(load_default=False, metadata={"description": "Open ones with something left"})


class _WhenSchema(Schema):
    occurred_at = Instant(load_default=None, allow_none=True, metadata={"description": "Left out: now"})


class _WhereSchema(_WhenSchema):
    place = PublicId(load_default=None, allow_none=True)


class NewBatchSchema(_WhenSchema):
    """A harvest, a slaughter or a purchase."""

    product = PublicId(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(BIRTHS))
    quantity = Quantity(required=True, unit="kg")
    place = PublicId(required=True)
    code = _CODE
    variety = fields.String(load_default="", validate=_WORDS)
    heads = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 10**6))
    note = fields.String(load_default="", validate=_WORDS, metadata={"description": "No names of persons"})


class InputSchema(Schema):
    """What is taken of a batch."""

    batch = PublicId(required=True)
    quantity = Quantity(required=True, unit="kg")


_INPUTS: dict[str, Any] = {"required": True, "validate": validate.Length(1, 20)}


class ProcessingSchema(_WhereSchema):
    """Batches that become a batch of a product; what does not come out is the loss."""

    inputs = fields.List(fields.Nested(InputSchema), **_INPUTS)
    product = PublicId(required=True)
    quantity = Quantity(required=True, unit="kg", metadata={"description": "What came out"})
    yield_bound = fields.Decimal(
        required=True,
        as_string=True,
        metadata={
            "type": "string",
            "example": "0.2500",
            "description": "The largest part of the mass that may come out, as declared",
        },
    )
    added = fields.String(load_default="", validate=_WORDS, metadata={"description": "Water, salt, sugar and the like"})
    added_quantity = Quantity(load_default=_NONE, unit="kg", above_zero=False)
    method = fields.String(load_default="", validate=_WORDS)
    code = _CODE


class PartSchema(Schema):
    """A part of a batch."""

    code = _CODE
    quantity = Quantity(required=True, unit="kg")


class SplitSchema(_WhereSchema):
    """Parts to take off a batch."""

    parts = fields.List(fields.Nested(PartSchema), **_INPUTS)


class MixSchema(_WhereSchema):
    """Batches of one product to mix."""

    inputs = fields.List(fields.Nested(InputSchema), **_INPUTS)
    code = _CODE


class PackingSchema(_WhereSchema):
    """Packs made out of a batch."""

    sku = PublicId(required=True)
    code = fields.String(
        required=True, validate=validate.Regexp(r"^\S(.{0,38}\S)?\Z"), metadata={"example": "20260701-A"}
    )
    quantity = Quantity(required=True, metadata={"description": "Packs, in the SKU's unit"})
    expires_on = Day(load_default=None, allow_none=True)
    loss = Quantity(load_default=_NONE, unit="kg", above_zero=False)
    net_weight_g = fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(1, 10**6),
        metadata={"description": "Of a pack whose net weight is not known yet"},
    )  # fmt: skip


class UnpackingSchema(_WhereSchema):
    """Packs of a lot to open."""

    quantity = Quantity(required=True, metadata={"description": "Packs, in the SKU's unit"})
    loss = Quantity(load_default=_NONE, unit="kg", above_zero=False)
    code = _CODE


class DiscardSchema(_WhereSchema):
    """What was lost of a batch, and why."""

    quantity = Quantity(required=True, unit="kg")
    reason = fields.String(required=True, validate=validate.Length(1, 200))


class BatchSchema(Schema):
    """A batch."""

    id = PublicId(required=True, attribute="batch.public_id")
    code = fields.String(required=True, attribute="batch.code")
    product_id = PublicId(required=True)
    product_name = fields.String(required=True)
    on_hand = Quantity(required=True, unit="kg", attribute="batch.on_hand_kg")
    status = fields.String(required=True, attribute="batch.status")
    variety = fields.String(required=True, attribute="batch.variety")
    kind = fields.String(required=True, attribute="act.kind", validate=validate.OneOf(ACT_KINDS))
    act_id = PublicId(required=True, attribute="act.public_id")
    occurred_at = Instant(required=True, attribute="act.occurred_at")
    place = fields.Nested(PlaceSchema, required=True, allow_none=True)


class BatchListSchema(Schema):
    """A page of batches."""

    items = fields.List(fields.Nested(BatchSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class MovedSchema(Schema):
    """What an act moved; below zero where it was taken."""

    batch_id = PublicId(required=True, allow_none=True)
    lot_id = PublicId(required=True, allow_none=True)
    code = fields.String(required=True)
    product_name = fields.String(required=True)
    quantity = Quantity(required=True)


class ActSchema(Schema):
    """Something that was done."""

    id = PublicId(required=True, attribute="act.public_id")
    kind = fields.String(required=True, attribute="act.kind")
    occurred_at = Instant(required=True, attribute="act.occurred_at")
    recorded_at = Instant(required=True, attribute="act.recorded_at")
    place = fields.Nested(PlaceSchema, required=True, allow_none=True)
    moved = fields.List(fields.Nested(MovedSchema), required=True)
    added = Quantity(required=True, unit="kg", attribute="act.added_kg")
    loss = Quantity(required=True, unit="kg", attribute="act.loss_kg")
    is_undone = fields.Boolean(required=True)


class ActListSchema(Schema):
    """A page of what was done, the last first."""

    items = fields.List(fields.Nested(ActSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class BalanceSchema(Schema):
    """Kilograms that came in and where they are; the difference is zero."""

    came_in = Quantity(required=True, unit="kg")
    added = Quantity(required=True, unit="kg")
    in_batches = Quantity(required=True, unit="kg")
    in_lots = Quantity(required=True, unit="kg")
    shipped = Quantity(required=True, unit="kg")
    used = Quantity(required=True, unit="kg")
    lost = Quantity(required=True, unit="kg")
    difference = Quantity(required=True, unit="kg")
