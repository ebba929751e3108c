"""What officials ask for over the API, and what they are told."""

from __future__ import annotations

from marshmallow import fields, validate

from admin.official import people
from admin.official.expiring import KINDS, WITHIN
from orders.ledger.models import MEASURES
from orders.ledger.schemas import AsOfSchema, FilterSchema, TotalsLabelSchema
from shop import fields as own
from shop.api import Schema
from shop.filters import Several
from shop.paging import PageQuery

_CODE = validate.Regexp(r"\A[1-9][0-9]{5}\Z")


class StandingSchema(Schema):
    """One row of a split of the total: its part, and the same days of the year before."""

    label = fields.Nested(TotalsLabelSchema)
    amount = own.Money(attribute="amount_fen", min_fen=None)
    share_bp = fields.Integer(metadata={"description": "Part of the total in hundredths of a percent"})
    before = own.Money(attribute="before_fen", min_fen=None)


class MonthSchema(Schema):
    """A month of the last day's year beside the same month of the year before."""

    month = fields.Integer()
    amount = own.Money(attribute="amount_fen", min_fen=None)
    before = own.Money(attribute="before_fen", min_fen=None)


class PeopleSchema(Schema):
    """How many were helped in a year, each counted once per county: at least, and at most."""

    year = fields.Integer()
    basis = fields.String(validate=validate.OneOf(tuple(people.BASES)))
    households_from, households_to = fields.Integer(), fields.Integer()
    persons_from, persons_to = fields.Integer(), fields.Integer()
    reports = fields.Integer()


class MeasuresSchema(Schema):
    """The total of every measure over the same days and filters."""

    contracted = own.Money(min_fen=None)
    ordered = own.Money(min_fen=None)
    accepted = own.Money(min_fen=None)
    paid = own.Money(min_fen=None)
    counted = own.Money(min_fen=None)


assert set(MEASURES) == set(MeasuresSchema().fields)  # noqa: S101  a measure without a field would be left out in silence


class OverviewSchema(Schema):
    """How the caller's scope stands: everything that the first screen of officials shows."""

    measure = fields.String()
    from_on = own.Day(data_key="from")
    to_on = own.Day(data_key="to")
    filters = fields.Dict(keys=fields.String(), values=fields.String())
    as_of = fields.Nested(AsOfSchema)
    rule_version = fields.Integer(allow_none=True)
    total = own.Money(attribute="total_fen", min_fen=None)
    control_total = fields.String()
    before = own.Money(attribute="before_fen", min_fen=None, metadata={"description": "The same days a year before"})
    change_bp = fields.Integer(
        allow_none=True, metadata={"description": "In hundredths of a percent; null: nothing before"}
    )
    measures = fields.Nested(MeasuresSchema)
    months = fields.List(fields.Nested(MonthSchema))
    counties = fields.List(
        fields.Nested(StandingSchema),
        metadata={"description": "The first ten; all: `GET /totals?by=county&sort=-amount` with this `as_of`"},
    )
    county_count = fields.Integer()
    partners = fields.List(fields.Nested(StandingSchema))
    channels = fields.List(fields.Nested(StandingSchema))
    modes = fields.List(fields.Nested(StandingSchema))
    people = fields.List(fields.Nested(PeopleSchema))


class PeopleQuery(FilterSchema, PageQuery):
    """Which reports of people helped: years of the days, counties, producers; other filters are about money."""

    basis = fields.String(load_default="", validate=validate.OneOf(("", *people.BASES)))


class PeopleReportSchema(Schema):
    """What one producer, or one filing of a seller without a report of its own, says."""

    year = fields.Integer()
    basis, way = fields.String(), fields.String(validate=validate.OneOf(tuple(people.WAYS)))
    households = fields.Integer(allow_none=True)
    persons = fields.Integer()
    county_code, county, producer = fields.String(), fields.String(), fields.String()
    filing = fields.UUID(allow_none=True)


class PeoplePageSchema(Schema):
    """The ranges that the reports make, and a page of these."""

    as_of = fields.Nested(AsOfSchema)
    people = fields.List(fields.Nested(PeopleSchema))
    items = fields.List(fields.Nested(PeopleReportSchema))
    next = fields.String(allow_none=True)


class UnpaidQuery(PageQuery):
    """Which unpaid goods: of these counties, overdue only."""

    county = Several(fields.String(validate=_CODE, metadata={"example": "620421"}))
    overdue = fields.Boolean(load_default=False)


class UnpaidSchema(Schema):
    """A county's goods in an order that are owed and not paid."""

    order = fields.UUID()
    number = fields.String()
    county_code, county = fields.String(), fields.String()
    producer, buyer = fields.String(), fields.String()
    unpaid = own.Money(attribute="unpaid_fen")
    pay_due_on = own.Day(allow_none=True)
    is_undecided = fields.Boolean(
        metadata={"description": "Nobody had accepted or rejected some of it when it was due"}
    )
    days_late = fields.Integer(allow_none=True, metadata={"description": "Negative while there is time"})


class UnpaidPageSchema(Schema):
    """What waits for payment now, freight left out: the sum of the list and a page of it."""

    on = own.Day()
    orders = fields.Integer()
    total = own.Money(attribute="total_fen")
    items = fields.List(fields.Nested(UnpaidSchema))
    next = fields.String(allow_none=True)


class ExpiringQuery(PageQuery):
    """Which papers: those that end within so many days."""

    days = fields.Integer(load_default=max(WITHIN), validate=validate.OneOf(WITHIN))
    kind = fields.String(load_default="", validate=validate.OneOf(("", *KINDS)))


class ExpiringCountSchema(Schema):
    """How many papers end within so many days."""

    days = fields.Integer()
    eligibility, certificates = fields.Integer(), fields.Integer()


class ExpiringSchema(Schema):
    """A paper in force that ends soon."""

    kind = fields.String(validate=validate.OneOf(tuple(KINDS)))
    id = fields.UUID()
    scheme, number = fields.String(), fields.String()
    valid_to = own.Day()
    days_left = fields.Integer()
    producer, product = fields.String(), fields.String()
    county_code, county = fields.String(), fields.String()


class ExpiringPageSchema(Schema):
    """Papers that end soon in the caller's counties: their numbers, and a page of them."""

    on = own.Day()
    counts = fields.List(fields.Nested(ExpiringCountSchema))
    items = fields.List(fields.Nested(ExpiringSchema))
    next = fields.String(allow_none=True)
