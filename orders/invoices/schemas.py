"""The shape of invoices on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from catalog.products.models import TAX_RATES
from orders.invoices.flags import LABELS
from orders.invoices.services import InvoiceFacts, InvoiceShare
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.paging import PageQuery

KINDS, STATUSES = ("blue", "red"), ("recorded", "checked", "refused")


class InvoiceShareSchema(Schema):
    """How much of an invoice is for an order; negative for a red one."""

    order = own.PublicId(required=True)
    amount = own.Money(required=True, min_fen=None)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> InvoiceShare:
        """Return the share."""
        return InvoiceShare(order=data["order"], amount_fen=data["amount"])


class RecordInvoiceSchema(Schema):
    """What is printed on an invoice, and the orders that it is for."""

    code = fields.String(
        load_default="",
        validate=validate.Length(max=20),
        metadata={"description": "Empty for 数电票 (20-digit number); 10 or 12 digits otherwise."},
    )
    number = fields.String(
        required=True, validate=validate.Length(min=1, max=40), metadata={"example": "26622000000012345678"}
    )
    kind = fields.String(load_default="blue", validate=validate.OneOf(KINDS))
    red_of = own.PublicId(
        load_default=None, allow_none=True, metadata={"description": "The blue invoice of a red one."}
    )
    buyer_header = fields.String(required=True, validate=validate.Length(min=1, max=200))
    buyer_tax_no = fields.String(load_default="", validate=validate.Length(max=30))
    amount = own.Money(required=True, min_fen=None, metadata={"description": "Tax included; negative for a red one."})
    tax = own.Money(required=True, min_fen=None)
    tax_rate = fields.String(
        required=True,
        validate=validate.OneOf(TAX_RATES),
        metadata={"description": "`exempt` is 免税, which is not 0 %."},
    )
    issued_on = own.Day(required=True)
    file = own.PublicId(load_default=None, allow_none=True, metadata={"description": "OFD, PDF or XML."})
    orders = fields.List(fields.Nested(InvoiceShareSchema), required=True, validate=validate.Length(min=1, max=100))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> InvoiceFacts:
        """Return the facts."""
        return InvoiceFacts(amount_fen=data.pop("amount"), tax_fen=data.pop("tax"), **data)


class CheckInvoiceSchema(Schema):
    """Whether a person has looked at a header or tax number that is not the organisation's."""

    despite_flags = fields.Boolean(load_default=False)


class RefuseInvoiceSchema(Schema):
    """Why not."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class InvoicedOrderSchema(Schema):
    """An order of an invoice: its share, what other invoices were checked for, and what was accepted."""

    id = own.PublicId(required=True)
    number = fields.String(required=True)
    amount = own.Money(required=True, attribute="share_fen")
    checked = own.Money(required=True, attribute="checked_fen")
    accepted = own.Money(required=True, attribute="earned_fen")


class InvoiceSchema(Schema):
    """An invoice, with what is wrong with it at first sight."""

    id = own.PublicId(required=True)
    code = fields.String(required=True)
    number = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    red_of = own.PublicId(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    seller_name = fields.String(required=True, attribute="seller")
    buyer_name = fields.String(required=True, attribute="buyer")
    buyer_header = fields.String(required=True)
    buyer_tax_no = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    tax = own.Money(required=True, attribute="tax_fen")
    tax_rate = fields.String(required=True, validate=validate.OneOf(TAX_RATES))
    issued_on = own.Day(required=True)
    recorded_at = own.Instant(required=True)
    checked_at = own.Instant(required=True, allow_none=True)
    reason = fields.String(required=True)
    file = own.PublicId(required=True, allow_none=True)
    orders = fields.List(fields.Nested(InvoicedOrderSchema), required=True)
    flags = fields.List(fields.String(validate=validate.OneOf(tuple(LABELS))), required=True)


class InvoiceQuery(PageQuery):
    """Which invoices."""

    statuses = Several(fields.String(validate=validate.OneOf(STATUSES)), data_key="status", load_default=())


class InvoicePage(Schema):
    """A page of invoices."""

    items = fields.List(fields.Nested(InvoiceSchema), required=True)
    next = fields.String(required=True, allow_none=True)
