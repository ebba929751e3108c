"""Levels of approval on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from orders.purchase.approval_levels import LevelDraft
from orders.purchase.approval_models import MOST_LEVELS
from shop.api import Schema
from shop.fields import Day, Instant, Money, PublicId


class ApprovalPersonSchema(Schema):
    """A member who decides at a level."""

    id = PublicId()
    name = fields.String()
    can_approve = fields.Boolean(metadata={"description": "Today; false once the role or membership has ended"})


class ApprovalLevelSchema(Schema):
    """A level: asked for sums above its own, after those before it."""

    level = fields.Integer()
    name = fields.String()
    above = Money(attribute="above_fen")
    people = fields.List(
        fields.Nested(ApprovalPersonSchema), metadata={"description": "None: everybody who approves procurements"}
    )


class ApprovalLevelsSchema(Schema):
    """An institution's levels from a day to a day."""

    id = PublicId()
    valid_from = Day(data_key="from")
    valid_to = Day(data_key="to", allow_none=True)
    levels = fields.List(fields.Nested(ApprovalLevelSchema))


class ApprovalLevelsListSchema(Schema):
    """All levels that were set, the newest first."""

    items = fields.List(fields.Nested(ApprovalLevelsSchema))


class NewLevelSchema(Schema):
    """A level to set."""

    name = fields.String(required=True, validate=validate.Length(1, 40), metadata={"example": "部门负责人"})
    above = Money(load_default=0, metadata={"description": "Sums above it go through this level; zero at the first"})
    people = fields.List(PublicId(), load_default=list, validate=validate.Length(max=50))

    @post_load
    def build(self, data: dict[str, Any], **_kwargs: Any) -> LevelDraft:
        """Build the values that services take."""
        return LevelDraft(data["name"], data["above"], tuple(dict.fromkeys(data["people"])))


class SetLevelsSchema(Schema):
    """Levels from a day on; an empty list: one approval, as without levels."""

    valid_from = Day(data_key="from", required=True, metadata={"description": "Today or later"})
    levels = fields.List(fields.Nested(NewLevelSchema), required=True, validate=validate.Length(max=MOST_LEVELS))


class ApprovalStepSchema(Schema):
    """A level of a waiting procurement, and who passed it or may decide."""

    level = fields.Integer()
    name = fields.String()
    above = Money(attribute="above_fen")
    state = fields.String(validate=validate.OneOf(("passed", "pending", "waiting")))
    people = fields.List(fields.String())
    by = fields.String()
    at = Instant(allow_none=True)
    total = Money(attribute="sum_fen", allow_none=True)
