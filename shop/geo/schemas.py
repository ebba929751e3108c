"""Divisions, counties and pairings on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from shop.api import Schema
from shop.fields import Day, DivisionCode, PublicId
from shop.filters import Several
from shop.paging import PageQuery

_UNVERIFIED = "`listed`: a published list says so. `recalled`, `not_found`: not verified."


class DivisionQuery(PageQuery):
    """Which divisions."""

    parent = DivisionCode(load_default=None)
    level = fields.String(load_default=None, validate=validate.OneOf(("province", "prefecture", "county")))
    q = fields.String(
        load_default=None, validate=validate.Length(1, 40), metadata={"description": "Name, pinyin or code"}
    )


class CountyQuery(PageQuery):
    """Which counties."""

    province = Several(DivisionCode(), load_default=())
    key_county = Several(fields.String(validate=validate.OneOf(("yes", "no", "unknown"))), load_default=())
    q = fields.String(
        load_default=None, validate=validate.Length(1, 40), metadata={"description": "Name, pinyin or code"}
    )


class PairingQuery(PageQuery):
    """Which pairings."""

    west = DivisionCode(load_default=None, metadata={"description": "The western end, or a county within it"})
    east = DivisionCode(load_default=None, metadata={"description": "The eastern end, or a division within it"})
    on = Day(load_default=None, metadata={"description": "In force on that day"})


class DivisionSchema(Schema):
    """A division of GB/T 2260."""

    code = DivisionCode(required=True)
    name = fields.String(required=True)
    level = fields.String(required=True)
    parent_code = DivisionCode(required=True, allow_none=True)
    province_code = DivisionCode(required=True)
    prefecture_code = DivisionCode(required=True, allow_none=True)


class DivisionListSchema(Schema):
    """A page of divisions."""

    items = fields.List(fields.Nested(DivisionSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class CountySchema(Schema):
    """One of the 832 assisted counties."""

    code = DivisionCode(required=True)
    name = fields.String(required=True)
    division_code = DivisionCode(required=True)
    province_code = DivisionCode(required=True)
    prefecture_code = DivisionCode(required=True, allow_none=True)
    key_county = fields.String(required=True, metadata={"description": "`yes`, `no` or `unknown`: one of the 160"})
    key_basis = fields.String(required=True, metadata={"description": _UNVERIFIED})
    is_key_verified = fields.Boolean(required=True, metadata={"description": "False: do not rely on it"})
    removed_year = fields.Integer(required=True, metadata={"description": "Year removed from poverty"})
    former_name = fields.String(required=True, allow_none=True)
    former_code = DivisionCode(required=True, allow_none=True)


class CountyListSchema(Schema):
    """A page of counties."""

    items = fields.List(fields.Nested(CountySchema), required=True)
    next = fields.String(required=True, allow_none=True)


class PairingSchema(Schema):
    """An eastern end helps a western one from a day to a day."""

    id = PublicId(required=True, attribute="pairing.public_id")
    programme = fields.String(required=True, attribute="pairing.programme")
    east_code = DivisionCode(required=True, allow_none=True, attribute="pairing.east_code")
    east_name = fields.String(required=True)
    west_code = DivisionCode(required=True, allow_none=True, attribute="pairing.west_code")
    west_name = fields.String(required=True)
    valid_from = Day(
        required=True, allow_none=True, attribute="pairing.valid_from",
        metadata={"description": "Null: unknown, not used for counting"},
    )  # fmt: skip
    valid_to = Day(required=True, allow_none=True, attribute="pairing.valid_to")
    from_precision = fields.String(required=True, allow_none=True, attribute="pairing.from_precision")
    to_precision = fields.String(required=True, allow_none=True, attribute="pairing.to_precision")
    confidence = fields.String(
        required=True, attribute="pairing.confidence", metadata={"description": "low: not verified"}
    )
    source = fields.String(required=True, attribute="pairing.source")


class PairingListSchema(Schema):
    """A page of pairings."""

    items = fields.List(fields.Nested(PairingSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class CountyDetailSchema(CountySchema):
    """A county with its place and its partners over time."""

    full_name = fields.String(required=True)
    partners = fields.List(fields.Nested(PairingSchema), required=True)
