"""The audit trail on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from shop.api import Schema
from shop.fields import Instant, PublicId
from shop.paging import PageQuery
from shop.trail.queries import TrailFilter


class TrailQuery(PageQuery):
    """Which entries to list."""

    action = fields.String(
        validate=validate.Length(1, 100), metadata={"description": "`payments` or `payments.receipt_recorded`"}
    )
    subject_type = fields.String(validate=validate.Length(1, 50), metadata={"example": "order"})
    subject = PublicId(metadata={"description": "Needs `subject_type`."})
    organisation = PublicId()
    user = PublicId()
    since = Instant()
    until = Instant(metadata={"description": "Not included."})

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        paging = {"limit": data.pop("limit"), "cursor": data.pop("cursor")}
        return {"wanted": TrailFilter(**data), **paging}


class TrailEntrySchema(Schema):
    """One act."""

    at = Instant(required=True)
    action = fields.String(required=True, metadata={"example": "payments.receipt_recorded"})
    user_id = PublicId(required=True, allow_none=True)
    user_name = fields.String(required=True, allow_none=True)
    organisation_id = PublicId(required=True, allow_none=True)
    organisation_name = fields.String(required=True, allow_none=True)
    subject_type = fields.String(required=True)
    subject_id = PublicId(required=True, allow_none=True)
    changes = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"description": "A field to what it was and is: `[before, after]`."},
    )
    request_id = fields.String(required=True)


class TrailListSchema(Schema):
    """A page of the trail."""

    items = fields.List(fields.Nested(TrailEntrySchema), required=True)
    next = fields.String(required=True, allow_none=True)
