"""Webhooks on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from shop.api import Schema
from shop.fields import Instant, PublicId
from shop.paging import PageQuery
from shop.webhooks.addresses import MAX_URL
from shop.webhooks.queries import STATES
from shop.webhooks.services import EndpointChange

_URL = {"description": "https, a public host", "example": "https://erp.example.com/duikou"}
_TOPICS = {"description": "Names of /api/v1/webhooks/topics, or `*` for all", "example": ["orders.order_placed"]}


def _url(**options: Any) -> fields.String:
    return fields.String(validate=validate.Length(1, MAX_URL), metadata=_URL, **options)


def _topics(**options: Any) -> fields.List[Any]:
    topic = fields.String(validate=validate.Length(1, 100))
    return fields.List(topic, validate=validate.Length(1, 100), metadata=_TOPICS, **options)


class CreateEndpointSchema(Schema):
    """A new endpoint."""

    url = _url(required=True)
    topics = _topics(required=True)


class ChangeEndpointSchema(Schema):
    """What is to be different; members left out stay."""

    url = _url()
    topics = _topics()
    is_enabled = fields.Boolean(truthy={True}, falsy={False})

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> EndpointChange:
        return EndpointChange(**data)


class EndpointSchema(Schema):
    """An endpoint; its secret is shown only when it is made."""

    id = PublicId(required=True, attribute="public_id")
    url = fields.String(required=True)
    topics = fields.List(fields.String(), required=True)
    is_enabled = fields.Function(lambda row: row.disabled_at is None, required=True, metadata={"type": "boolean"})
    disabled_reason = fields.String(
        required=True, metadata={"description": "`gone` or `silent` if it was switched off by itself, else empty"}
    )
    created_at = Instant(required=True)
    version = fields.Integer(required=True)


class EndpointWithSecretSchema(EndpointSchema):
    """An endpoint with its new secret, shown this once."""

    secret = fields.String(required=True, metadata={"example": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})


class EndpointListSchema(Schema):
    """A page of endpoints."""

    items = fields.List(fields.Nested(EndpointSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class TopicSchema(Schema):
    """Something that can be heard of."""

    topic = fields.String(required=True)
    description = fields.String(required=True)


class TopicListSchema(Schema):
    """All topics; there is one page."""

    items = fields.List(fields.Nested(TopicSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class DeliveryQuery(PageQuery):
    """Which deliveries to list."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class DeliverySchema(Schema):
    """One event for one endpoint, with its last answer."""

    id = PublicId(required=True)
    event_id = PublicId(required=True)
    topic = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    tries = fields.Integer(required=True)
    created_at = Instant(required=True)
    next_try_at = Instant(required=True, allow_none=True)
    done_at = Instant(required=True, allow_none=True)
    last_status = fields.Integer(required=True, allow_none=True)
    last_error = fields.String(required=True, allow_none=True)
    last_took_ms = fields.Integer(required=True, allow_none=True)


class DeliveryListSchema(Schema):
    """A page of deliveries."""

    items = fields.List(fields.Nested(DeliverySchema), required=True)
    next = fields.String(required=True, allow_none=True)
