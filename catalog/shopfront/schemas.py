"""The shop on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from catalog.papers.models import CERTIFICATE_SCHEMES, ELIGIBILITY_SCHEMES
from catalog.shopfront.filters import MAX_QUERY, SEVERAL, SORTS, Filters
from catalog.shopfront.labels import WAYS
from shop.api import Schema
from shop.fields import Day, DivisionCode, Money, PublicId, Quantity
from shop.filters import Several
from shop.paging import PageQuery


class ListingQuery(PageQuery):
    """What listings are asked for."""

    q = fields.String(
        load_default="",
        validate=validate.Length(max=MAX_QUERY),
        metadata={"description": "Chinese in either script, pinyin or English.", "example": "枸杞"},
    )
    category = Several(
        fields.String(
            validate=validate.Regexp(r"^([0-9]{2}|[0-9]{4})\Z"),
            metadata={"description": "A group's two digits or a category's four.", "example": "06"},
        ),
        load_default=(),
    )
    province = Several(DivisionCode(), load_default=())
    county = Several(DivisionCode(), load_default=())
    partner = Several(
        DivisionCode(metadata={"description": "An eastern division: listings of its partner counties today."}),
        load_default=(),
    )
    scheme = Several(
        fields.String(
            validate=validate.OneOf(ELIGIBILITY_SCHEMES), metadata={"description": "Scheme of the eligibility basis."}
        ),
        load_default=(),
    )
    certificate = Several(
        fields.String(
            validate=validate.OneOf(CERTIFICATE_SCHEMES), metadata={"description": "Scheme of a quality certificate."}
        ),
        load_default=(),
    )
    key = fields.Boolean(load_default=False, metadata={"description": "Key counties only."})
    sort = fields.String(load_default="new", validate=validate.OneOf(SORTS))

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> tuple[Filters, int]:
        """Build the filters and the length of the page."""
        limit, cursor, key = data.pop("limit"), data.pop("cursor"), data.pop("key")
        data |= {name: ",".join(data[name]) for name in SEVERAL}
        return Filters(**data, key="1" if key else "", cursor=cursor or ""), limit


class ListingCardSchema(Schema):
    """A listing in the list."""

    id = PublicId(required=True, attribute="public_id")
    title = fields.String(required=True)
    price = Money(
        required=True,
        attribute="price_fen",
        metadata={"description": "Unit price at the least quantity, tax included."},
    )
    pack_spec = fields.String(required=True)
    unit = fields.String(required=True)
    min_quantity = Quantity(required=True)
    has_stock = fields.Boolean(required=True)
    county_code = DivisionCode(required=True)
    county = fields.String(required=True)
    province = fields.String(required=True)
    is_key_county = fields.Boolean(required=True)
    producer = fields.String(required=True)
    is_demo = fields.Boolean(required=True)


class ListingPageSchema(Schema):
    """A page of the shop's list."""

    items = fields.List(fields.Nested(ListingCardSchema), required=True)
    next = fields.String(required=True, allow_none=True)
    count = fields.Integer(required=True, metadata={"description": "Exact up to 200; 201 says that there are more."})


class ListingTierSchema(Schema):
    """The unit price from a quantity on."""

    min_quantity = Quantity(required=True)
    price = Money(required=True, attribute="price_fen")
    price_per_500_g = Money(required=True, allow_none=True, attribute="half_kilo_fen")


class ListingPaperSchema(Schema):
    """An eligibility basis in force that day."""

    scheme = fields.String(required=True)
    issuer = fields.String(required=True)
    number = fields.String(required=True)
    valid_from = Day(required=True)
    valid_to = Day(required=True, allow_none=True)
    is_demo = fields.Boolean(required=True)


class ListingCertificateSchema(ListingPaperSchema):
    """A quality certificate in force that day; it never makes a sale count."""

    scope = fields.String(required=True)


class ListingLotSchema(Schema):
    """An open lot of the pack."""

    code = fields.String(required=True)
    produced_on = Day(required=True)
    expires_on = Day(required=True, allow_none=True)


class ListingBenefitSchema(Schema):
    """Whom the producer helps in a year, in one way."""

    year = fields.Integer(required=True)
    way = fields.String(required=True, validate=validate.OneOf(tuple(WAYS)))
    basis = fields.String(required=True, validate=validate.OneOf(("expected", "actual")))
    households = fields.Integer(required=True)
    persons = fields.Integer(required=True)
    is_demo = fields.Boolean(required=True)


class ListingSchema(Schema):
    """A listing with all that its page says."""

    id = PublicId(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True)
    refusal = fields.String(required=True, metadata={"description": "Why it cannot be ordered today; empty if it can."})
    tiers = fields.List(fields.Nested(ListingTierSchema), required=True)
    min_quantity = Quantity(required=True)
    step_quantity = Quantity(required=True)
    free = Quantity(required=True, metadata={"description": "What can still be ordered."})
    lead_days = fields.Integer(required=True)
    tax_rate = fields.String(required=True)
    sku_code = fields.String(required=True)
    gtin = fields.String(required=True, allow_none=True)
    pack_spec = fields.String(required=True)
    unit = fields.String(required=True)
    net_weight_g = fields.Integer(required=True, allow_none=True)
    product_name = fields.String(required=True)
    product_name_en = fields.String(required=True)
    description = fields.String(required=True)
    category_code = fields.String(required=True)
    county_code = DivisionCode(required=True)
    county = fields.String(required=True)
    province = fields.String(required=True)
    is_key_county = fields.Boolean(required=True)
    producer = fields.String(required=True)
    producer_form = fields.String(required=True)
    food_licence = fields.String(required=True, allow_none=True)
    eligibility_bases = fields.List(fields.Nested(ListingPaperSchema), required=True, attribute="bases")
    certificates = fields.List(fields.Nested(ListingCertificateSchema), required=True)
    lots = fields.List(fields.Nested(ListingLotSchema), required=True)
    benefits = fields.List(fields.Nested(ListingBenefitSchema), required=True)
    is_demo = fields.Boolean(required=True)
