"""The shape of totals, their lines, and the questions asked."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from orders.ledger.models import CHANNELS, FUND_SOURCES, KINDS, MEASURES, MODES, PARTNER_LEVELS
from orders.ledger.questions import DIMENSIONS, TIMES
from shop.api import Schema
from shop.fields import Day, Instant, Money
from shop.filters import Several
from shop.i18n import lazy
from shop.paging import PageQuery

_UUID = r"^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|none)$"
_CODE = r"^[1-9][0-9]{5}$"
_CODE_OR_NONE = r"^([1-9][0-9]{5}|none)$"
_SEQ = re.compile(r"\d{1,15}\Z", re.ASCII)


class AsOf(fields.Field[int | datetime]):
    """A seal's place (a number), or an instant that resolves to the last seal at or before it."""

    wrong = lazy("须是封存序号，或写作 2026-07-15T12:00:00+08:00 的时刻。")

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int | datetime:
        if isinstance(value, str) and _SEQ.match(value):
            return int(value)
        try:
            at: datetime = Instant().deserialize(value, *args, **kwargs)
        except ValidationError as error:
            raise ValidationError(str(self.wrong)) from error
        return at


def _public_id(what: str) -> fields.String:
    description = f"Only this {what}, by id; `none`: not registered."
    return fields.String(validate=validate.Regexp(_UUID), metadata={"description": description})


def _code(what: str, pattern: str = _CODE) -> fields.String:
    return fields.String(validate=validate.Regexp(pattern), metadata={"description": what, "example": "620421"})


def _one_of(values: tuple[str, ...], *further: str) -> fields.String:
    return fields.String(validate=validate.OneOf((*values, *further)))


class FilterSchema(Schema):
    """Measure, days and one parameter per dimension; a dimension is one of the values given."""

    measure = fields.String(load_default="counted", validate=validate.OneOf(MEASURES))
    from_on = Day(data_key="from", metadata={"description": "First day, inclusive; 1 January of the last day's year"})
    to_on = Day(data_key="to", metadata={"description": "Last day, inclusive; today"})
    as_of = AsOf(
        metadata={"type": "string", "description": "Seal or instant as of which to answer; now", "example": "1"}
    )
    county = Several(_code("Origin county."))
    prefecture = Several(_code("Origin prefecture; `none`: the county has none.", _CODE_OR_NONE))
    province = Several(_code("Origin province."))
    category = Several(
        fields.String(validate=validate.Length(1, 40), metadata={"description": "A category or a group of them."})
    )
    kind = Several(_one_of(KINDS))
    producer, institution = Several(_public_id("producer")), Several(_public_id("buying institution"))
    unit = Several(_public_id("budget unit"))
    fund_source = Several(_one_of(FUND_SOURCES, "none"))
    channel, mode = Several(_one_of(CHANNELS)), Several(_one_of(MODES))
    partner = Several(_one_of(PARTNER_LEVELS))
    pairing, product = Several(_public_id("pairing")), Several(_public_id("product"))
    buyer_division = Several(_code("Buyer's division."))
    finance_division = Several(_code("Division whose finance pays."))

    @validates_schema
    def check_days(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Refuse days the wrong way round."""
        if data.get("from_on") and data.get("to_on") and data["from_on"] > data["to_on"]:
            raise ValidationError(str(lazy("截止日期早于起始日期。")), "to")

    @post_load
    def split(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Put the dimensions together under ``filters``, several values with commas."""
        data["filters"] = {name: ",".join(data.pop(name)) for name in DIMENSIONS if name in data}
        return data


class TotalsQuery(FilterSchema):
    """A question about totals."""

    by = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={
            "description": "Up to four of: " + ", ".join((*DIMENSIONS, *TIMES)) + "; commas between",
            "example": "county,month",
        },
    )
    sort = fields.String(load_default="key", validate=validate.OneOf(("key", "-amount")))

    @validates_schema
    def check_by(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Refuse unknown or repeated dimensions."""
        names = split_by(data.get("by", ""))
        if len(set(names)) != len(names) or len(names) > 4 or not set(names) <= {*DIMENSIONS, *TIMES}:  # noqa: PLR2004
            raise ValidationError(str(lazy("by 须是至多四个不重复的维度，以逗号分隔。")), "by")


class LinesQuery(FilterSchema, PageQuery):
    """A question about the lines behind a total."""


def split_by(by: str) -> list[str]:
    """Return the dimensions in a ``by`` parameter."""
    return [name.strip() for name in by.split(",")] if by.strip() else []


class TotalsLabelSchema(Schema):
    """A key with its names."""

    id = fields.String(allow_none=True, metadata={"description": "What a filter takes; null: not registered"})
    name = fields.String()
    name_en = fields.String()


class TotalsRowSchema(Schema):
    """One row of a breakdown."""

    keys = fields.Dict(keys=fields.String(), values=fields.Nested(TotalsLabelSchema))
    amount = Money(attribute="amount_fen", min_fen=None)


class AsOfSchema(Schema):
    """The seal as of which an answer holds."""

    seq = fields.Integer()
    at = Instant(allow_none=True)


class TotalsSchema(Schema):
    """An answer, with all that is needed to ask it again and get the same."""

    measure = fields.String()
    by = fields.List(fields.String())
    from_on = Day(data_key="from")
    to_on = Day(data_key="to")
    filters = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "Several values with commas."}
    )
    as_of = fields.Nested(AsOfSchema)
    rule_version = fields.Integer(allow_none=True)
    total = Money(attribute="total_fen", min_fen=None)
    control_total = fields.String(metadata={"description": "Equal on every form of the same answer"})
    rows = fields.List(fields.Nested(TotalsRowSchema))


class EvidenceSchema(Schema):
    """A paper behind a line."""

    kind = fields.String()
    title = fields.String()
    address = fields.String(allow_none=True)


class EvidenceSourceSchema(Schema):
    """The order or filing a line comes from."""

    kind = fields.String()
    id = fields.String()
    number = fields.String()
    address = fields.String()
    documents = fields.List(fields.Nested(EvidenceSchema))


class TotalsLineSchema(Schema):
    """One posting behind a total."""

    seq = fields.Integer()
    fact = fields.String()
    amount = Money(attribute="amount_fen", min_fen=None)
    business_on = Day(metadata={"description": "The day it is counted on"})
    origin_on = Day(metadata={"description": "The day it happened"})
    county_code, county = fields.String(), fields.String()
    category_code, category = fields.String(), fields.String()
    product, producer, buyer = fields.String(), fields.String(), fields.String()
    unit, fund_source = fields.String(allow_none=True), fields.String(allow_none=True)
    mode, helper_name, channel, partner = fields.String(), fields.String(), fields.String(), fields.String()
    eligibility_scheme = fields.String(allow_none=True)
    rule_version = fields.Integer()
    source = fields.Nested(EvidenceSourceSchema, allow_none=True)


class TotalsLinesSchema(Schema):
    """A page of lines with the total that all pages add up to."""

    measure = fields.String()
    from_on = Day(data_key="from")
    to_on = Day(data_key="to")
    as_of = fields.Nested(AsOfSchema)
    rule_version = fields.Integer(allow_none=True)
    total = Money(attribute="total_fen", min_fen=None)
    control_total = fields.String()
    items = fields.List(fields.Nested(TotalsLineSchema))
    next = fields.String(allow_none=True)


class CountyYearSchema(Schema):
    """What counted for a county in a year."""

    year = fields.String()
    amount = Money(attribute="amount_fen", min_fen=None)


class CountyTotalsSchema(Schema):
    """A county's public figures: counted only."""

    code = fields.String()
    name = fields.String()
    as_of = fields.Nested(AsOfSchema)
    total = Money(attribute="total_fen", min_fen=None)
    years = fields.List(fields.Nested(CountyYearSchema))


def first_day(to_on: date) -> date:
    """Return the first day that a question without one begins on."""
    return to_on.replace(month=1, day=1)
