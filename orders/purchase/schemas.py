"""The shapes of baskets, procurements and orders on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from orders.ledger.models import FUND_SOURCES
from orders.purchase.approval_schemas import ApprovalStepSchema
from orders.purchase.listing import APPROVALS, STAGES
from orders.purchase.models import PAYMENT_MODES
from orders.purchase.pricing import Wanted
from orders.purchase.procurements import HEAD_COLUMNS, ProcurementHead
from shop.api import Schema
from shop.fields import Day, Instant, Money, PublicId, Quantity
from shop.filters import Several
from shop.paging import PageQuery

ORDER_STATES = (
    "awaiting_confirmation", "confirmed", "part_shipped", "shipped", "declined", "lapsed", "cancelled", "closed_short",
)  # fmt: skip


def text_field(most: int, **kwargs: Any) -> fields.String:
    """Return a field of plain text of at most ``most`` characters."""
    return fields.String(validate=validate.Length(max=most), **kwargs)


class PartySchema(Schema):
    """A thing by its identifier and name."""

    id = PublicId()
    name = fields.String()


class WantedSchema(Schema):
    """A wanted quantity of a listing."""

    listing_id = PublicId(required=True)
    quantity = Quantity(required=True)


class BasketQuantitySchema(Schema):
    """A quantity to put in the basket."""

    quantity = Quantity(required=True)


class LineProblemSchema(Schema):
    """Why a line cannot be ordered now."""

    code = fields.String()
    field = fields.String()
    detail = fields.String()


class PricedLineSchema(Schema):
    """A wanted line at today's price; ``problems`` is empty if it can be ordered."""

    listing_id = PublicId(attribute="wanted.listing_id")
    quantity = fields.Method("show_quantity")
    title = fields.String(attribute="offer.title")
    pack_spec = fields.String(attribute="offer.pack_spec")
    producer = fields.Method("show_producer")
    county_code = fields.String(attribute="offer.county_code")
    county_name = fields.String(attribute="offer.county_name")
    unit_price = Money(attribute="unit_price_fen")
    amount = Money(attribute="amount_fen")
    problems = fields.List(fields.Nested(LineProblemSchema))

    def show_quantity(self, line: Any) -> dict[str, str]:
        """Return the quantity with the listing's unit."""
        return {"value": f"{line.wanted.quantity:.3f}", "unit": line.offer.unit if line.offer else ""}

    def show_producer(self, line: Any) -> dict[str, str] | None:
        """Return who offers it."""
        offer = line.offer
        return {"id": str(offer.producer_public_id), "name": offer.producer_name} if offer else None


class BasketSchema(Schema):
    """A basket; ``total`` sums the lines that can be ordered."""

    lines = fields.List(fields.Nested(PricedLineSchema))
    total = Money(attribute="total_fen")
    is_orderable = fields.Boolean()


class ProcurementFieldsSchema(Schema):
    """What a procurement says beside its lines."""

    unit_id = PublicId(allow_none=True, metadata={"description": "Budget unit; required of public buyers to place."})
    fund_source = fields.String(allow_none=True, validate=validate.OneOf(FUND_SOURCES))
    payment_mode = fields.String(validate=validate.OneOf(PAYMENT_MODES))
    title = text_field(200)
    note = text_field(1000)
    consignee = text_field(100)
    consignee_phone = text_field(40)
    delivery_address = text_field(300)
    deliver_by = Day(allow_none=True)


class NewProcurementSchema(ProcurementFieldsSchema):
    """A procurement: lines, or what is in the basket; kept as a draft unless submitted or placed in the same call."""

    lines = fields.List(fields.Nested(WantedSchema), validate=validate.Length(1, 200))
    from_basket = fields.Boolean(load_default=False)
    submit = fields.Boolean(load_default=False, metadata={"description": "Submit it for approval at once."})
    place = fields.Boolean(load_default=False, metadata={"description": "Place it at once, where nobody approves."})


class EditProcurementSchema(ProcurementFieldsSchema):
    """What of a procurement changes; ``lines`` replaces all of them."""

    lines = fields.List(fields.Nested(WantedSchema), validate=validate.Length(1, 200))


class WantedLinesSchema(Schema):
    """All lines anew."""

    lines = fields.List(fields.Nested(WantedSchema), required=True, validate=validate.Length(1, 200))


class OrderReasonSchema(Schema):
    """Why something is done."""

    why = text_field(500, load_default="")


class ApproveProcurementSchema(OrderReasonSchema):
    """An approval, and of which sum."""

    total = Money(
        load_default=None, allow_none=True,
        metadata={"description": "The sum that was seen; another sum today is refused."},
    )  # fmt: skip
    version = fields.Integer(
        load_default=None, allow_none=True, strict=True,
        metadata={"description": "The version that was seen, as in its ETag; one edited since is refused."},
    )  # fmt: skip


class OrderLineSchema(Schema):
    """A line with every fact frozen at placing, and what became of it."""

    id = PublicId()
    position = fields.Integer()
    listing_id = PublicId()
    title = fields.String()
    pack_spec = fields.String()
    tax_rate = fields.String()
    quantity = Quantity()
    unit_price = Money(attribute="unit_price_fen")
    amount = Money(attribute="amount_fen")
    county_code = fields.String()
    county_name = fields.String()
    eligibility_scheme = fields.String(allow_none=True)
    eligibility_number = fields.String(allow_none=True)
    certificates = fields.List(fields.Dict())
    mode = fields.String()
    helper_name = fields.String()
    partner_level = fields.String()
    counts = fields.Boolean()
    not_counted_reason = fields.String()
    rule_version = fields.Integer()
    shipped = Quantity()
    accepted = Quantity()
    rejected = Quantity(metadata={"description": "Not kept: rejected, or accepted and come back later"})
    returned = Quantity(metadata={"description": "Of `rejected`: accepted first and come back later"})
    cancelled = Quantity()
    accepted_amount = Money(attribute="accepted_fen")
    paid_amount = Money(attribute="paid_fen")
    counted_amount = Money(attribute="counted_fen")


class OrderHeadSchema(Schema):
    """An order without its lines, as lists show it."""

    id = PublicId()
    number = fields.String()
    procurement_id = PublicId()
    procurement_number = fields.String()
    status = fields.String(validate=validate.OneOf(ORDER_STATES))
    payment_mode = fields.String()
    payment_state = fields.String()
    buyer = fields.Nested(PartySchema)
    producer = fields.Nested(PartySchema)
    unit = fields.Nested(PartySchema, allow_none=True)
    fund_source = fields.String(allow_none=True)
    goods = Money(attribute="goods_fen")
    freight = Money(attribute="freight_fen")
    total = Money(attribute="total_fen")
    due = Money(attribute="due_fen")
    received = Money(attribute="received_fen")
    refunded = Money(attribute="refunded_fen")
    unpaid = Money(attribute="unpaid_fen")
    reference_code = fields.String()
    placed_at = Instant()
    confirm_by = Instant()
    confirmed_at = Instant(allow_none=True)
    promised_on = Day(allow_none=True)
    first_shipped_at = Instant(allow_none=True)
    accepted_at = Instant(allow_none=True)
    pay_due_on = Day(allow_none=True)


class OrderSchema(OrderHeadSchema):
    """An order with its lines."""

    lines = fields.List(fields.Nested(OrderLineSchema))


class OrderListSchema(Schema):
    """A page of orders."""

    items = fields.List(fields.Nested(OrderHeadSchema))
    next = fields.String(allow_none=True)


class OrderQuery(PageQuery):
    """Which orders to list; newest first."""

    status = Several(fields.String(validate=validate.OneOf(ORDER_STATES)), load_default=())
    number = text_field(40, load_default=None, metadata={"description": "Beginning of the number, or reference code"})
    placed_from, placed_to = Day(load_default=None), Day(load_default=None)
    party = text_field(40, load_default="", metadata={"description": "Part of the buyer's or producer's name"})
    waits_for = fields.String(load_default="", validate=validate.OneOf(STAGES))


class ProcurementHeadSchema(Schema):
    """A procurement as lists show it."""

    id = PublicId()
    number = fields.String()
    title = fields.String()
    status = fields.String()
    approval = fields.String()
    payment_mode = fields.String()
    created_at = Instant()
    placed_at = Instant(allow_none=True)


class ProcurementRowSchema(ProcurementHeadSchema):
    """A procurement in a list, from its row."""

    id = PublicId(attribute="public_id")


class ProcurementSchema(ProcurementHeadSchema):
    """A procurement: ``lines`` at today's prices until it is placed, ``orders`` afterwards."""

    unit = fields.Nested(PartySchema, allow_none=True)
    fund_source = fields.String(allow_none=True)
    note = fields.String()
    consignee = fields.String()
    consignee_phone = fields.String()
    delivery_address = fields.String()
    deliver_by = Day(allow_none=True)
    created_by = fields.String()
    total = Money(attribute="total_fen")
    approved_total = Money(
        attribute="approved_fen", allow_none=True,
        metadata={"description": "What was approved: the most that may be placed; freight is not in it."},
    )  # fmt: skip
    is_above_approved = fields.Boolean(metadata={"description": "Dearer today than approved: submit it again."})
    lines = fields.List(fields.Nested(PricedLineSchema))
    orders = fields.List(fields.Nested(OrderSchema))
    possible = fields.List(fields.String(), metadata={"description": "What the caller can do with it now."})
    needs_approval = fields.Boolean()
    approval_steps = fields.List(fields.Nested(ApprovalStepSchema))


class ProcurementListSchema(Schema):
    """A page of procurements."""

    items = fields.List(fields.Nested(ProcurementRowSchema))
    next = fields.String(allow_none=True)


class ProcurementQuery(PageQuery):
    """Which procurements to list; newest first."""

    status = Several(
        fields.String(validate=validate.OneOf(("draft", "submitted", "placed", "completed", "cancelled"))),
        load_default=(),
    )
    created_from, created_to = Day(load_default=None), Day(load_default=None)
    party = text_field(40, load_default="", metadata={"description": "Part of a producer's name"})
    approval = Several(fields.String(validate=validate.OneOf(APPROVALS)), load_default=())


def wanted_of(body: dict[str, Any]) -> list[Wanted]:
    """Return the lines of a request."""
    return [Wanted(x["listing_id"], x["quantity"].value, x["quantity"].unit) for x in body.get("lines") or ()]


def head_of(body: dict[str, Any]) -> ProcurementHead:
    """Return the head of a new procurement."""
    return ProcurementHead(**{name: body[name] for name in ("unit_id", *HEAD_COLUMNS) if name in body})
