"""Notices on the wire."""

from __future__ import annotations

from marshmallow import fields

from shop.api import Schema
from shop.fields import Instant, PublicId
from shop.paging import PageQuery


class NoticeQuery(PageQuery):
    """Which notices to list."""

    unread = fields.Boolean(load_default=False, metadata={"description": "Only those not read."})


class NoticeSchema(Schema):
    """Something to know or do."""

    id = PublicId(required=True, attribute="public_id")
    kind = fields.String(required=True, metadata={"example": "order_placed"})
    text = fields.String(required=True, metadata={"description": "The sentence in the caller's language."})
    link = fields.String(required=True, metadata={"description": "Where to act; empty if nowhere."})
    created_at = Instant(required=True)
    read_at = Instant(required=True, allow_none=True)


class NoticeListSchema(Schema):
    """A page of notices."""

    items = fields.List(fields.Nested(NoticeSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class UnreadSchema(Schema):
    """How many were marked."""

    marked = fields.Integer(required=True)
