"""The shape of refunds in files for the bank."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from orders.payments.schemas import SERIAL
from orders.refunding.gathering import MOST
from orders.refunding.models import TRANSFER_STATES
from orders.refunding.transfers import RefundPaid
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.paging import PageQuery


class WaitingRefundSchema(Schema):
    """A refund that waits to leave the supervised account; one without the payer's account cannot go in a file."""

    id = own.PublicId(required=True)
    is_credit = fields.Boolean(required=True)
    number = fields.String(
        required=True, metadata={"description": "The order's number; of credit the receipt's serial number."}
    )
    buyer_name = fields.String(required=True, attribute="buyer")
    producer_name = fields.String(required=True, attribute="payee")
    amount = own.Money(required=True, attribute="amount_fen")
    reason = fields.String(required=True)
    requested_at = own.Instant(required=True)
    failure = fields.String(required=True, metadata={"description": "Why the bank did not make it, last."})
    payer_name = fields.String(required=True)
    payer_account = fields.String(required=True)


class WaitingRefundList(Schema):
    """What waits, the oldest first."""

    items = fields.List(fields.Nested(WaitingRefundSchema), required=True)


class GatherSchema(Schema):
    """Refunds, of orders and of credit, that go in one file: all or none."""

    refunds = fields.List(own.PublicId(), required=True, validate=validate.Length(1, MOST))


class RefundRunSchema(Schema):
    """A batch of refunds."""

    id = own.PublicId(required=True)
    on = own.Day(required=True)
    started_at = own.Instant(required=True)
    transfers = fields.Integer(required=True)
    amount = own.Money(required=True, attribute="amount_fen")
    waiting = fields.Integer(required=True)
    released = fields.Integer(required=True)
    sent = fields.Integer(required=True)
    file_id = own.PublicId(required=True, allow_none=True, attribute="file")
    file_sha256 = fields.String(required=True, allow_none=True, attribute="sha256")


class RefundRunPage(Schema):
    """A page of batches."""

    items = fields.List(fields.Nested(RefundRunSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class RefundTransferSchema(Schema):
    """One transfer of a file, back to who had paid."""

    id = own.PublicId(required=True)
    number = fields.String(required=True)
    run_id = own.PublicId(required=True, attribute="run")
    refund_id = own.PublicId(required=True, allow_none=True, attribute="refund")
    credit_refund_id = own.PublicId(required=True, allow_none=True, attribute="credit_refund")
    about = fields.String(
        required=True, metadata={"description": "The order's number; of credit the receipt's serial number."}
    )
    producer_name = fields.String(required=True, attribute="producer")
    amount = own.Money(required=True, attribute="amount_fen")
    status = fields.String(required=True, validate=validate.OneOf(TRANSFER_STATES))
    account_holder = fields.String(required=True)
    account_number = fields.String(required=True)
    bank_serial = fields.String(required=True, allow_none=True)
    value_on = own.Day(required=True, allow_none=True)
    prepared_at = own.Instant(required=True)
    released_at = own.Instant(required=True, allow_none=True)
    failure = fields.String(required=True)


class RefundTransferPage(Schema):
    """A page of transfers."""

    items = fields.List(fields.Nested(RefundTransferSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class RefundTransferList(Schema):
    """Transfers that were moved."""

    items = fields.List(fields.Nested(RefundTransferSchema), required=True)


class RefundTransferQuery(PageQuery):
    """Which transfers."""

    statuses = Several(fields.String(validate=validate.OneOf(TRANSFER_STATES)), data_key="status", load_default=())
    run = own.PublicId(load_default=None)


class TransfersSchema(Schema):
    """Transfers to move together: all or none."""

    transfers = fields.List(own.PublicId(), required=True, validate=validate.Length(1, MOST))


class RefundPaidSchema(Schema):
    """What the bank says of a transfer that it has made."""

    transfer = own.PublicId(required=True)
    bank_serial = fields.String(required=True, validate=SERIAL)
    value_on = own.Day(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> RefundPaid:
        """Return it as a value."""
        return RefundPaid(**data)


class RefundsPaidSchema(Schema):
    """What the bank has made: all or none."""

    transfers = fields.List(fields.Nested(RefundPaidSchema), required=True, validate=validate.Length(1, MOST))
