"""The shape of receipts, refunds, announcements and an order's money on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from orders.payments.announcements import AnnouncementFacts
from orders.payments.models import CLEARINGS, RECEIPT_STATUSES
from orders.payments.receipts import ReceiptFacts, Share
from orders.payments.transfer_schemas import PaymentPartSchema
from orders.purchase.due import PAYMENT_STATES
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.i18n import lazy
from shop.paging import PageQuery

#: Ways that people record; what the card provider takes and sends back is never typed.
BANK_CLEARINGS = ("direct", "supervised")
NAME = validate.Length(min=1, max=200)
SERIAL = validate.Regexp(r"^\S(.{0,62}\S)?$", error=lazy("1–64 个字符。"))


class AnnounceSchema(Schema):
    """Who will pay how much, and when."""

    payer_name = fields.String(required=True, validate=NAME, metadata={"example": "天津市和平区财政局"})
    payer_account = fields.String(load_default="", validate=validate.Length(max=64))
    amount = own.Money(required=True, min_fen=1)
    planned_on = own.Day(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> AnnouncementFacts:
        """Return the facts."""
        return AnnouncementFacts(amount_fen=data.pop("amount"), **data)


class AnnouncementSchema(Schema):
    """An announced transfer."""

    id = own.PublicId(required=True)
    order = own.PublicId(required=True)
    number = fields.String(required=True)
    reference_code = fields.String(required=True, metadata={"description": "Belongs into the remark of the transfer."})
    payer_name = fields.String(required=True)
    payer_account = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    planned_on = own.Day(required=True)
    announced_at = own.Instant(required=True)
    withdrawn_at = own.Instant(required=True, allow_none=True)
    warnings = fields.List(
        fields.String(), required=True, metadata={"description": "What may hinder it; told once, when it is announced."}
    )


class ShareSchema(Schema):
    """How much of a receipt is for an order."""

    order = own.PublicId(required=True)
    amount = own.Money(required=True, min_fen=1)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Share:
        """Return the share."""
        return Share(order=data["order"], amount_fen=data["amount"])


class RecordPaymentSchema(Schema):
    """What a bank's receipt says, and the orders that it is for."""

    bank_serial = fields.String(required=True, validate=SERIAL, metadata={"example": "2026071500012345"})
    payer_name = fields.String(required=True, validate=NAME)
    payer_account = fields.String(load_default="", validate=validate.Length(max=64))
    remark = fields.String(load_default="", validate=validate.Length(max=500))
    amount = own.Money(required=True, min_fen=1)
    value_on = own.Day(required=True, metadata={"description": "The bank's value day; not in the future."})
    clearing = fields.String(load_default="direct", validate=validate.OneOf(BANK_CLEARINGS))
    payee = own.PublicId(
        load_default=None, allow_none=True, metadata={"description": "The producer; else the caller's, or the orders'."}
    )
    buyer = own.PublicId(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Whose receipt without allocations it is, or, where its orders are of several buyers, whose the rest is."
        },
    )
    evidence_file = own.PublicId(load_default=None, allow_none=True)
    allocations = fields.List(fields.Nested(ShareSchema), load_default=list, validate=validate.Length(max=100))
    is_certain = fields.Boolean(
        load_default=False,
        metadata={
            "description": "It came to the producer's account, though an order of it is to be paid to the supervised one."
        },
    )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ReceiptFacts:
        """Return the facts."""
        return ReceiptFacts(amount_fen=data.pop("amount"), **data)


class AllocateSchema(Schema):
    """Orders that get what is left of a receipt."""

    allocations = fields.List(fields.Nested(ShareSchema), required=True, validate=validate.Length(min=1, max=100))
    is_certain = fields.Boolean(
        load_default=False,
        metadata={
            "description": "The money did come to the producer, though an order is to be paid to the supervised account."
        },
    )


class ReasonSchema(Schema):
    """Why not."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class AmountSchema(Schema):
    """So much."""

    amount = own.Money(required=True, min_fen=1)


class AllocationSchema(Schema):
    """How much of a receipt is for an order."""

    order = own.PublicId(required=True)
    number = fields.String(required=True)
    amount = own.Money(required=True, attribute="amount_fen")


class SuggestionSchema(Schema):
    """An order whose reference code is in the remark."""

    order = own.PublicId(required=True)
    number = fields.String(required=True)
    reference_code = fields.String(required=True)
    buyer = fields.String(required=True)
    unpaid = own.Money(required=True, attribute="unpaid_fen")


class PaymentSchema(Schema):
    """A receipt of money."""

    id = own.PublicId(required=True)
    rail = fields.String(required=True, validate=validate.OneOf(("bank", "stripe")))
    clearing = fields.String(required=True, validate=validate.OneOf(CLEARINGS))
    status = fields.String(required=True, validate=validate.OneOf(RECEIPT_STATUSES))
    bank_serial = fields.String(required=True)
    payer_name = fields.String(required=True)
    payer_account = fields.String(required=True)
    remark = fields.String(required=True)
    payee = own.PublicId(required=True, attribute="payee_id")
    payee_name = fields.String(required=True, attribute="payee")
    buyer_name = fields.String(required=True, allow_none=True, attribute="buyer")
    amount = own.Money(required=True, attribute="amount_fen")
    left = own.Money(required=True, attribute="left_fen", metadata={"description": "Not allocated to an order."})
    value_on = own.Day(required=True)
    recorded_at = own.Instant(required=True)
    decided_at = own.Instant(required=True, allow_none=True)
    reason = fields.String(required=True)
    evidence_file = own.PublicId(required=True, allow_none=True)
    allocations = fields.List(fields.Nested(AllocationSchema), required=True)
    suggestions = fields.List(fields.Nested(SuggestionSchema), required=True)
    wrong_payee = fields.Boolean(
        required=True, metadata={"description": "It came to another account than its orders' clearing mode names."}
    )
    transfer = own.Money(
        required=True, allow_none=True, attribute="transfer_fen",
        metadata={"description": "What the bank's transfer brought in all, where it was for several buyers; null for a buyer."},
    )  # fmt: skip
    parts = fields.List(
        fields.Nested(PaymentPartSchema), required=True,
        metadata={"description": "What of that transfer is other buyers'; empty for a buyer."},
    )  # fmt: skip


class PaymentQuery(PageQuery):
    """Which receipts."""

    statuses = Several(fields.String(validate=validate.OneOf(RECEIPT_STATUSES)), data_key="status", load_default=())


class PayeeSchema(Schema):
    """The account that a transfer goes to."""

    holder = fields.String(required=True)
    bank = fields.String(required=True)
    number = fields.String(required=True)
    clearing = fields.String(required=True, validate=validate.OneOf(BANK_CLEARINGS))
    contract = fields.String(
        required=True, metadata={"description": "The contract that names the account; empty before there is one."}
    )
    amendment = fields.Integer(required=True, metadata={"description": "The amendment that changed it; 0 for none."})
    agreed_on = own.Day(required=True, allow_none=True)
    registered_tail = fields.String(
        required=True,
        metadata={"description": "Last digits of another account that the producer has registered since; else empty."},
    )


class DuePartSchema(Schema):
    """What of an order falls due on a day."""

    due_on = own.Day(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    open = own.Money(required=True, attribute="open_fen", metadata={"description": "No money covers it yet."})


class OrderMoneySchema(Schema):
    """All about an order's money."""

    state = fields.String(required=True, validate=validate.OneOf(PAYMENT_STATES))
    total = own.Money(required=True, attribute="total_fen")
    goods_payable = own.Money(required=True, attribute="goods_payable_fen")
    freight = own.Money(required=True, attribute="freight_fen")
    due = own.Money(required=True, attribute="due_fen")
    accepted = own.Money(required=True, attribute="accepted_fen")
    received = own.Money(required=True, attribute="received_fen")
    refunded = own.Money(required=True, attribute="refunded_fen")
    refunding = own.Money(required=True, attribute="refunding_fen")
    held = own.Money(required=True, attribute="held_fen")
    unpaid = own.Money(required=True, attribute="unpaid_fen")
    credit = own.Money(required=True, attribute="credit_fen")
    counted = own.Money(required=True, attribute="counted_fen")
    invoiced = own.Money(required=True, attribute="invoiced_fen")
    pay_due_on = own.Day(required=True, allow_none=True)
    days_left = fields.Integer(required=True, allow_none=True)
    overdue = own.Money(required=True, attribute="overdue_fen")
    late_interest = own.Money(
        required=True, attribute="late_interest_fen", metadata={"description": "0.05 % a day; shown, never booked."}
    )
    parts = fields.List(fields.Nested(DuePartSchema), required=True)
    reference_code = fields.String(required=True)
    payee = fields.Nested(PayeeSchema, required=True, allow_none=True)


class CreditSchema(Schema):
    """What a buyer has at a producer beyond what it owes there."""

    buyer = own.PublicId(required=True, attribute="buyer_id")
    buyer_name = fields.String(required=True, attribute="buyer")
    payee = own.PublicId(required=True, attribute="payee_id")
    payee_name = fields.String(required=True, attribute="payee")
    unallocated = own.Money(required=True, attribute="unallocated_fen")
    overpaid = own.Money(required=True, attribute="overpaid_fen")
    credit = own.Money(required=True, attribute="credit_fen")


class CreditListSchema(Schema):
    """The credit of the caller with each other party."""

    items = fields.List(fields.Nested(CreditSchema), required=True)


class DueSchema(Schema):
    """An order that waits for money."""

    id = own.PublicId(required=True)
    number = fields.String(required=True)
    reference_code = fields.String(required=True)
    buyer_name = fields.String(required=True, attribute="buyer")
    payee_name = fields.String(required=True, attribute="payee")
    payment_mode = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(PAYMENT_STATES))
    due = own.Money(required=True, attribute="due_fen")
    unpaid = own.Money(required=True, attribute="unpaid_fen")
    pay_due_on = own.Day(required=True, allow_none=True)
    days_left = fields.Integer(required=True, allow_none=True)
    overdue = own.Money(required=True, attribute="overdue_fen")
    late_interest = own.Money(required=True, attribute="late_interest_fen")


class PaymentPage(Schema):
    """A page of receipts."""

    items = fields.List(fields.Nested(PaymentSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class AnnouncementPage(Schema):
    """A page of announced transfers."""

    items = fields.List(fields.Nested(AnnouncementSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class DuePage(Schema):
    """A page of orders that wait for money."""

    items = fields.List(fields.Nested(DueSchema), required=True)
    next = fields.String(required=True, allow_none=True)
