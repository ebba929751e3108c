"""Closing days of treasuries over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from orders.banking.closing import services
from orders.banking.closing.models import TreasuryClosingDay
from shop import clock
from shop import fields as own
from shop.api import Blueprint, Schema
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent

bp = Blueprint(
    "closing_days",
    __name__,
    url_prefix="/api/v1/treasury-closing-days",
    description="When treasuries stop paying in a year",
)


class DayQuery(Schema):
    """Which year's."""

    year = fields.Integer(load_default=None, validate=validate.Range(2000, 2199))


class EnterDaySchema(Schema):
    """The last day on which a finance authority's treasury pays in that day's year."""

    division_code = fields.String(
        required=True, validate=validate.Regexp(r"^[0-9]{6}$"), metadata={"example": "120101"}
    )
    last_on = own.Day(required=True)


class ChangeDaySchema(Schema):
    """Another day of the same year."""

    last_on = own.Day(required=True)


class DaySchema(Schema):
    """A closing day."""

    id = own.PublicId(required=True, attribute="public_id")
    division_code = fields.String(required=True)
    year = fields.Integer(required=True)
    last_on = own.Day(required=True)


class DayList(Schema):
    """Closing days."""

    items = fields.List(fields.Nested(DaySchema), required=True)


@bp.route("")
@requires("signed_in")
@bp.arguments(DayQuery, location="query")
@bp.response(200, DayList)
def list_days(query: dict[str, Any], actor: Actor) -> dict[str, Any]:  # noqa: ARG001  everybody may know
    """List closing days, of a year or all."""
    return {"items": [day for day, _name in services.list_days(query["year"])]}


@bp.route("", methods=["POST"])
@requires("banking:manage")
@idempotent
@bp.arguments(EnterDaySchema)
@bp.response(201, DaySchema)
def enter_day(body: dict[str, Any], actor: Actor) -> TreasuryClosingDay:
    """Enter a finance authority's closing day of a year."""
    with transaction():
        return services.add(body["division_code"], body["last_on"], actor, clock.now())


@bp.route("/<uuid:closing_day_id>/change", methods=["POST"])
@requires("banking:manage")
@idempotent
@bp.arguments(ChangeDaySchema)
@bp.response(200, DaySchema)
def change_day(body: dict[str, Any], closing_day_id: UUID, actor: Actor) -> TreasuryClosingDay:
    """Move a closing day within its year."""
    with transaction():
        return services.change(closing_day_id, body["last_on"], actor, clock.now())


@bp.route("/<uuid:closing_day_id>/remove", methods=["POST"])
@requires("banking:manage")
@idempotent
@bp.response(204)
def remove_day(closing_day_id: UUID, actor: Actor) -> None:
    """Take a closing day away that was entered by mistake."""
    with transaction():
        services.remove(closing_day_id, actor)
