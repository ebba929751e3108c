"""A producer's or buyer's own exceptions over the API."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from orders.reconciliation import own_queries
from orders.reconciliation.exception_queries import STATES
from orders.reconciliation.own_queries import OwnException
from shop import clock
from shop import fields as own
from shop.api import Blueprint, Schema
from shop.auth import Actor, requires
from shop.paging import Page, PageQuery

bp = Blueprint(
    "own_exceptions", __name__, url_prefix="/api/v1/own-exceptions",
    description="What the platform looks into of one's own orders and money",
)  # fmt: skip


class OwnExceptionSchema(Schema):
    """Money of one's own orders that the platform looks into, in plain words."""

    id = own.PublicId(required=True)
    what = fields.String(required=True)
    amount = own.Money(
        required=True, attribute="amount_fen", min_fen=None, metadata={"description": "As the account moved."}
    )
    occurred_on = own.Day(required=True)
    opened_at = own.Instant(required=True)
    age_days = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATES))
    end = fields.String(required=True, metadata={"description": "How it ended; empty while it waits."})
    decided_at = own.Instant(required=True, allow_none=True)
    order = own.PublicId(required=True, allow_none=True)
    number = fields.String(required=True, allow_none=True)


class OwnExceptionPage(Schema):
    """A page of them, newest first."""

    items = fields.List(fields.Nested(OwnExceptionSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class OwnExceptionQuery(PageQuery):
    """Those that wait, or those that ended."""

    closed = fields.Boolean(load_default=False)


@bp.route("")
@requires("payments:read")
@bp.arguments(OwnExceptionQuery, location="query")
@bp.response(200, OwnExceptionPage)
def list_own_exceptions(query: dict[str, Any], actor: Actor) -> Page[OwnException]:
    """List what the platform looks into of the caller's own orders and money."""
    return own_queries.list_own(actor, clock.today(), **query)
