"""The shape of the parts of a transfer that pays for several buyers."""

from __future__ import annotations

from marshmallow import fields, validate

from orders.payments.models import RECEIPT_STATUSES
from shop import fields as own
from shop.api import Schema


class PaymentPartSchema(Schema):
    """What of the same transfer is another buyer's."""

    id = own.PublicId(required=True)
    buyer_name = fields.String(required=True, attribute="buyer")
    amount = own.Money(required=True, attribute="amount_fen")
    status = fields.String(required=True, validate=validate.OneOf(RECEIPT_STATUSES))
