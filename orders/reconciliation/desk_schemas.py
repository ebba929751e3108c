"""Shapes of the desk."""

from __future__ import annotations

from marshmallow import fields, validate

from orders.reconciliation.desk_queries import RAILS
from shop import fields as own
from shop.api import Schema
from shop.paging import PageQuery


class ReconciliationQuery(Schema):
    """Which month."""

    month = fields.String(
        load_default=None,
        validate=validate.Regexp(r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$"),
        metadata={"example": "2026-07"},
    )


class ReconciliationDaySchema(Schema):
    """A day of a rail."""

    day = own.Day(required=True)
    theirs = own.Money(required=True, attribute="theirs_fen", min_fen=None)
    ours = own.Money(required=True, attribute="ours_fen", min_fen=None)
    difference = own.Money(required=True, attribute="difference_fen", min_fen=None)
    waiting = fields.Integer(required=True, metadata={"description": "Exceptions that wait."})
    their_balance = own.Money(required=True, allow_none=True, attribute="their_balance_fen", min_fen=None)
    our_balance = own.Money(required=True, attribute="our_balance_fen", min_fen=None)


class ReconciliationMonthSchema(Schema):
    """A month of a rail: the days on which something moved."""

    rail = fields.String(required=True, validate=validate.OneOf(RAILS))
    first_on = own.Day(required=True, data_key="from")
    last_on = own.Day(required=True, data_key="to")
    theirs = own.Money(required=True, attribute="theirs_fen", min_fen=None)
    ours = own.Money(required=True, attribute="ours_fen", min_fen=None)
    difference = own.Money(required=True, attribute="difference_fen", min_fen=None)
    waiting = fields.Integer(required=True)
    days = fields.List(fields.Nested(ReconciliationDaySchema), required=True)


class ReconciliationLineSchema(Schema):
    """A line of one side."""

    name = fields.String(required=True)
    what = fields.String(required=True)
    amount = own.Money(required=True, attribute="fen", min_fen=None)


class ReconciliationThingSchema(Schema):
    """What lines of both sides are about."""

    name = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("equal", "differs", "missing_here", "missing_there")))
    theirs_sum = own.Money(required=True, attribute="theirs_fen", min_fen=None)
    ours_sum = own.Money(required=True, attribute="ours_fen", min_fen=None)
    difference = own.Money(required=True, attribute="difference_fen", min_fen=None)
    theirs = fields.List(fields.Nested(ReconciliationLineSchema), required=True)
    ours = fields.List(fields.Nested(ReconciliationLineSchema), required=True)


class ReconciliationDayQuery(PageQuery):
    """Which day."""

    on = own.Day(required=True)


class ReconciliationThingPage(Schema):
    """A page of a day's things: those that differ first."""

    items = fields.List(fields.Nested(ReconciliationThingSchema), required=True)
    next = fields.String(required=True, allow_none=True)
