"""The shape of payouts that came back."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from orders.settlement.returns import ReturnFacts
from shop import fields as own
from shop.api import Schema


class RecordReturnSchema(Schema):
    """What the bank says of money that came back."""

    returned_on = own.Day(required=True)
    bank_serial = fields.String(required=True, validate=validate.Length(1, 64))
    reason = fields.String(required=True, validate=validate.Length(1, 500))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ReturnFacts:
        """Return it as a value."""
        return ReturnFacts(**data)


class ConfirmReturnSchema(Schema):
    """Whether the account is right all the same."""

    same_account = fields.Boolean(
        load_default=False,
        metadata={"description": "The next run may pay to it again; else the producer changes it first."},
    )
