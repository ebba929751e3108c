"""The shape of corrections on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from shop.api import Schema
from shop.corrections.models import STATUSES
from shop.corrections.services import MAX_REASON
from shop.fields import CreditCode, Day, DivisionCode, Instant, PublicId
from shop.identity.codes import MAX_NAME
from shop.identity.models import INSTITUTION_TYPES
from shop.paging import PageQuery


class ProposeCorrectionSchema(Schema):
    """What an organisation is to be, why, and the file that shows it; what is left out stays."""

    name = fields.String(validate=validate.Length(1, MAX_NAME))
    credit_code = CreditCode()
    division_code = DivisionCode()
    institution_type = fields.String(
        validate=validate.OneOf(INSTITUTION_TYPES),
        metadata={"description": "Of institutions: later orders are direct purchases or helped sales by it"},
    )
    reason = fields.String(required=True, validate=validate.Length(1, MAX_REASON))
    file = PublicId(required=True, metadata={"description": "Of a file stored before"})


class RefuseCorrectionSchema(Schema):
    """Why a correction is refused or taken back."""

    reason = fields.String(required=True, validate=validate.Length(1, MAX_REASON))


class ChangeSchema(Schema):
    """One field, before and after."""

    field = fields.String()
    before = fields.String(allow_none=True)
    after = fields.String(allow_none=True)


class CorrectionSchema(Schema):
    """A correction of an organisation."""

    id = PublicId(attribute="public_id")
    organisation_id = PublicId()
    organisation = fields.String()
    changes = fields.List(fields.Nested(ChangeSchema))
    reason = fields.String()
    file = PublicId(attribute="file_id")
    status = fields.String(validate=validate.OneOf(STATUSES))
    proposed_by = fields.String()
    proposed_at = Instant()
    decided_by = fields.String(allow_none=True)
    decided_at = Instant(allow_none=True)
    since = Day(allow_none=True, metadata={"description": "The first day on which it is so"})
    decision_reason = fields.String()


class CorrectionListSchema(Schema):
    """A page of corrections."""

    items = fields.List(fields.Nested(CorrectionSchema))
    next = fields.String(allow_none=True)


class CorrectionQuery(PageQuery):
    """Filters of the list of corrections."""

    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))
    organisation = PublicId(load_default=None)
