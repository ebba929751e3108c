"""The outbox on the wire."""

from __future__ import annotations

from marshmallow import fields

from shop.api import Schema
from shop.fields import Instant, PublicId


class OutboxStateSchema(Schema):
    """How the outbox stands."""

    open = fields.Integer(required=True, metadata={"description": "Deliveries not yet done."})
    dead = fields.Integer(required=True, metadata={"description": "Deliveries that failed ten times."})
    oldest_open_at = Instant(required=True, allow_none=True)


class DeadLetterSchema(Schema):
    """A delivery that failed ten times."""

    event_id = PublicId(required=True)
    subscriber = fields.String(required=True)
    topic = fields.String(required=True, metadata={"example": "orders.order_placed"})
    occurred_at = Instant(required=True)
    dead_at = Instant(required=True)
    last_error = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True)


class DeadLetterListSchema(Schema):
    """A page of dead letters."""

    items = fields.List(fields.Nested(DeadLetterSchema), required=True)
    next = fields.String(required=True, allow_none=True)
