"""The shapes of shipments and acceptances on the wire."""

from __future__ import annotations

from decimal import Decimal

from marshmallow import fields, validate

from orders.fulfilment.accepting import PAPER_KINDS
from orders.purchase.schemas import text_field
from shop.api import Schema
from shop.fields import Day, Instant, PublicId, Quantity
from shop.money import Measure

_NONE = Measure(Decimal(0))


class ItemToShipSchema(Schema):
    """A quantity of a line, from the lots named or else first expired first out."""

    line_id = PublicId(required=True)
    quantity = Quantity(required=True)
    lot_ids = fields.List(PublicId(), load_default=list, validate=validate.Length(max=50))


class NewShipmentSchema(Schema):
    """What leaves together."""

    items = fields.List(fields.Nested(ItemToShipSchema), required=True, validate=validate.Length(1, 200))
    carrier = text_field(100, load_default="")
    tracking_ref = text_field(100, load_default="")
    note = text_field(500, load_default="")
    place = PublicId(load_default=None, allow_none=True, metadata={"description": "Where it leaves: one of `/places`"})


class ShipmentItemSchema(Schema):
    """A quantity of a lot for a line, and what was decided of it."""

    id = PublicId()
    line_id = PublicId()
    position = fields.Integer()
    title = fields.String()
    pack_spec = fields.String()
    lot_id = PublicId()
    lot_code = fields.String()
    produced_on = Day()
    expires_on = Day(allow_none=True)
    quantity = Quantity()
    accepted = Quantity()
    rejected = Quantity(metadata={"description": "Not kept: rejected, or accepted and come back later"})
    returned = Quantity(metadata={"description": "Of `rejected`: accepted first and come back later"})
    recall_reason = fields.String(
        allow_none=True, metadata={"description": "Why the lot is called back; null: it is not"}
    )


class ShipmentSchema(Schema):
    """A shipment with its items."""

    id = PublicId()
    number = fields.String()
    order_id = PublicId()
    order_number = fields.String()
    carrier = fields.String()
    tracking_ref = fields.String()
    note = fields.String()
    shipped_at = Instant()
    shipped_by = fields.String(metadata={"description": "Told to the seller's side; else empty."})
    items = fields.List(fields.Nested(ShipmentItemSchema))


class ShipmentListSchema(Schema):
    """All shipments of an order."""

    items = fields.List(fields.Nested(ShipmentSchema))


class AcceptanceDecisionSchema(Schema):
    """What of a shipped item is accepted and rejected; the rest stays open."""

    shipment_item_id = PublicId(required=True)
    accepted = Quantity(load_default=_NONE, above_zero=False)
    rejected = Quantity(load_default=_NONE, above_zero=False)
    reason = text_field(500, load_default="", metadata={"description": "Required where something is rejected."})
    accept_recalled = fields.Boolean(
        load_default=False, metadata={"description": "Accept though the lot is called back: must be said."}
    )


class DeliveryPaperSchema(Schema):
    """A paper of the delivery, stored before."""

    kind = fields.String(required=True, validate=validate.OneOf(PAPER_KINDS))
    file_id = PublicId(required=True)
    name = fields.String(dump_only=True)


class NewAcceptanceSchema(Schema):
    """A decision about delivered goods; a canteen's has a second person."""

    items = fields.List(fields.Nested(AcceptanceDecisionSchema), required=True, validate=validate.Length(1, 200))
    witness_id = PublicId(
        load_default=None,
        allow_none=True,
        metadata={"description": "Another member: an `id` of the order's witnesses."},
    )
    witness_name = text_field(
        100, load_default="",
        metadata={"description": "Instead of `witness_id`: a name; a canteen's must be one other member's."},
    )  # fmt: skip
    also_present = text_field(200, load_default="", metadata={"description": "Who else was there."})
    note = text_field(500, load_default="")
    files = fields.List(fields.Nested(DeliveryPaperSchema), load_default=list, validate=validate.Length(max=50))


class WitnessSchema(Schema):
    """A member who can be the second person of an acceptance."""

    id = PublicId()
    name = fields.String()


class WitnessListSchema(Schema):
    """The institution's other members."""

    items = fields.List(fields.Nested(WitnessSchema))


class AcceptedItemSchema(Schema):
    """What was accepted and rejected of a shipped item."""

    shipment_item_id = PublicId()
    title = fields.String()
    lot_code = fields.String()
    accepted = Quantity()
    rejected = Quantity()
    reason = fields.String()


class AcceptanceSchema(Schema):
    """An acceptance with its items and papers."""

    id = PublicId()
    number = fields.String()
    accepted_at = Instant()
    accepted_by = fields.String(metadata={"description": "Told to the buyer's own people; else empty."})
    witness_name = fields.String(metadata={"description": "As `accepted_by`."})
    witness_is_member = fields.Boolean()
    witnessed_at = Instant(
        allow_none=True, metadata={"description": "When the second person confirmed it by its own sign-in"}
    )
    is_mine_to_witness = fields.Boolean(metadata={"description": "It waits for the caller to do so"})
    also_present = fields.String(metadata={"description": "As `accepted_by`."})
    note = fields.String()
    items = fields.List(fields.Nested(AcceptedItemSchema))
    files = fields.List(fields.Nested(DeliveryPaperSchema))


class AcceptanceListSchema(Schema):
    """All acceptances of an order."""

    items = fields.List(fields.Nested(AcceptanceSchema))
