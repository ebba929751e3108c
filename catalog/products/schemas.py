"""Products, packs and listings on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from catalog.products.models import LISTING_STATUSES, TAX_RATES
from catalog.products.services import KINDS, UNITS, NewProduct, NewSku
from shop.api import Schema
from shop.fields import Day, DivisionCode, Instant, Money, PublicId, Quantity
from shop.filters import Several
from shop.paging import PageQuery

_CODE = validate.Regexp(r"^[0-9]{2,4}\Z")


class CategoryQuery(PageQuery):
    """Which categories."""

    parent = fields.String(load_default=None, validate=_CODE)


class CategorySchema(Schema):
    """A group or leaf category."""

    code = fields.String(required=True, metadata={"example": "0605"})
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    parent_code = fields.String(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)
    is_perishable = fields.Boolean(required=True, allow_none=True)
    is_cold_chain = fields.Boolean(required=True, allow_none=True)
    hs_code = fields.String(required=True, allow_none=True)
    origin_paper = fields.String(required=True, allow_none=True)
    needs_quarantine = fields.Boolean(required=True, allow_none=True)


class CategoryListSchema(Schema):
    """A page of categories."""

    items = fields.List(fields.Nested(CategorySchema), required=True)
    next = fields.String(required=True, allow_none=True)


class ProductQuery(PageQuery):
    """Which of the own products."""

    q = fields.String(load_default=None, validate=validate.Length(1, 40))


class ProductBodySchema(Schema):
    """A product as its producer describes it."""

    producer = PublicId(load_default=None, metadata={"description": "Needed of agents: for which producer"})
    category_code = fields.String(required=True, validate=_CODE, metadata={"example": "0605"})
    county_code = DivisionCode(required=True)
    name = fields.String(required=True, validate=validate.Length(1, 80))
    name_en = fields.String(load_default="", validate=validate.Length(max=160))
    description = fields.String(load_default="", validate=validate.Length(max=4000))
    kind = fields.String(load_default="farm", validate=validate.OneOf(KINDS))

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """Return the producer, if named, and the product."""
        return {"producer": data.pop("producer"), "product": NewProduct(**data)}


class SkuBodySchema(Schema):
    """A pack of a product."""

    pack_spec = fields.String(required=True, validate=validate.Length(1, 60), metadata={"example": "500 g/袋"})
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))
    net_weight_g = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 10**9))
    gtin = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 20))

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> NewSku:
        """Return the pack."""
        return NewSku(**data)


class SkuSchema(Schema):
    """A pack: the unit that is sold and stocked."""

    id = PublicId(required=True, attribute="public_id")
    code = fields.String(required=True)
    gtin = fields.String(required=True, allow_none=True)
    pack_spec = fields.String(required=True)
    unit = fields.String(required=True)
    net_weight_g = fields.Integer(required=True, allow_none=True)
    version = fields.Integer(required=True)


class ProductSchema(Schema):
    """A product of a producer."""

    id = PublicId(required=True, attribute="product.public_id")
    producer_id = PublicId(required=True)
    producer_name = fields.String(required=True)
    category_code = fields.String(required=True, attribute="product.category_code")
    county_code = DivisionCode(required=True, attribute="product.county_code")
    county_name = fields.String(required=True)
    name = fields.String(required=True, attribute="product.name")
    name_en = fields.String(required=True, attribute="product.name_en")
    description = fields.String(required=True, attribute="product.description")
    kind = fields.String(required=True, attribute="product.kind")
    skus = fields.List(fields.Nested(SkuSchema), required=True)
    eligibility_scheme = fields.String(
        required=True, allow_none=True, metadata={"description": "In force today; null: it cannot be listed or ordered"}
    )
    eligible_to = Day(required=True, allow_none=True)
    archived_at = Instant(required=True, allow_none=True, attribute="product.archived_at")
    is_demo = fields.Boolean(required=True, attribute="product.is_demo")


class ProductListSchema(Schema):
    """A page of products."""

    items = fields.List(fields.Nested(ProductSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class ListingQuery(PageQuery):
    """Which listings in the shop."""

    q = fields.String(load_default=None, validate=validate.Length(1, 60), metadata={"description": "Words, pinyin"})
    category = Several(
        fields.String(validate=_CODE, metadata={"description": "A group or leaf category."}), load_default=()
    )
    county = Several(DivisionCode(), load_default=())
    producer = Several(PublicId(), load_default=())


class OwnListingQuery(PageQuery):
    """Which of the own listings."""

    status = Several(fields.String(validate=validate.OneOf(LISTING_STATUSES)), load_default=())
    product = Several(PublicId(), load_default=())


class TierSchema(Schema):
    """The unit price from a quantity on, tax included."""

    min_quantity = Quantity(required=True)
    price = Money(required=True, min_fen=1)


class OfferTermsSchema(Schema):
    """The terms of an offer; the first tier's quantity is the least of an order."""

    title = fields.String(required=True, validate=validate.Length(1, 80))
    tiers = fields.List(fields.Nested(TierSchema), required=True, validate=validate.Length(1, 20))
    step_quantity = Quantity(load_default=None)
    lead_days = fields.Integer(load_default=3, validate=validate.Range(0, 365))
    tax_rate = fields.String(load_default="exempt", validate=validate.OneOf(TAX_RATES))


class NewOfferSchema(OfferTermsSchema):
    """An offer of a pack."""

    sku = PublicId(required=True)


class PaperInForceSchema(Schema):
    """A paper in force today."""

    id = PublicId(required=True, attribute="public_id")
    scheme = fields.String(required=True)
    issuer = fields.String(required=True)
    number = fields.String(required=True)
    valid_from = Day(required=True)
    valid_to = Day(required=True, allow_none=True)
    is_demo = fields.Boolean(required=True)


class EligibilityInForceSchema(PaperInForceSchema):
    """What makes the sale count."""

    county_code = DivisionCode(required=True)


class OfferSchema(Schema):
    """An offer of a pack with prices, origin, papers in force today and what is free."""

    id = PublicId(required=True, attribute="offer.public_id")
    status = fields.String(required=True, attribute="offer.status")
    title = fields.String(required=True, attribute="offer.title")
    sku_id = PublicId(required=True, attribute="offer.sku_public_id")
    sku_code = fields.String(required=True, attribute="offer.sku_code")
    pack_spec = fields.String(required=True, attribute="offer.pack_spec")
    unit = fields.String(required=True, attribute="offer.unit")
    product_id = PublicId(required=True, attribute="offer.product_public_id")
    product_name = fields.String(required=True, attribute="offer.product_name")
    category_code = fields.String(required=True, attribute="offer.category_code")
    kind = fields.String(required=True, attribute="offer.kind")
    county_code = DivisionCode(required=True, attribute="offer.county_code")
    county_name = fields.String(required=True, attribute="offer.county_name")
    producer_id = PublicId(required=True, attribute="offer.producer_public_id")
    producer_name = fields.String(required=True, attribute="offer.producer_name")
    min_quantity = Quantity(required=True)
    step_quantity = Quantity(required=True)
    available = Quantity(required=True)
    tiers = fields.List(fields.Nested(TierSchema), required=True)
    tax_rate = fields.String(required=True, attribute="offer.tax_rate")
    lead_days = fields.Integer(required=True, attribute="offer.lead_days")
    is_orderable = fields.Boolean(required=True, attribute="offer.is_orderable")
    not_orderable_reason = fields.String(required=True, allow_none=True, attribute="offer.refusal")
    eligibility = fields.Nested(EligibilityInForceSchema, required=True, allow_none=True, attribute="offer.eligibility")
    certificates = fields.List(fields.Nested(PaperInForceSchema), required=True, attribute="offer.certificates")
    is_demo = fields.Boolean(required=True, attribute="offer.is_demo")


class OfferListSchema(Schema):
    """A page of listings."""

    items = fields.List(fields.Nested(OfferSchema), required=True)
    next = fields.String(required=True, allow_none=True)
