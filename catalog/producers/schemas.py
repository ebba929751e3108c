"""Producers, whom they help, and mandates on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from catalog.producers.services import BASES, FORMS, WAYS, NewBenefit, ProducerFacts
from shop.api import Schema
from shop.fields import Day, DivisionCode, PublicId
from shop.filters import Several
from shop.paging import PageQuery

_COUNT = validate.Range(0, 10**7)


class ProducerQuery(PageQuery):
    """Which producers."""

    county = Several(DivisionCode(), load_default=())
    q = fields.String(load_default=None, validate=validate.Length(1, 40))


class ProducerBodySchema(Schema):
    """What the market knows of a producer."""

    form = fields.String(required=True, validate=validate.OneOf(FORMS))
    county_code = DivisionCode(load_default=None, allow_none=True)
    intro = fields.String(load_default="", validate=validate.Length(max=2000))
    food_licence = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(1, 20),
        metadata={"description": "SC and 14 digits", "example": "SC10462042100017"},
    )  # fmt: skip

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> ProducerFacts:
        """Return the facts."""
        return ProducerFacts(**data)


class ProducerSchema(Schema):
    """A producer."""

    id = PublicId(required=True)
    name = fields.String(required=True)
    form = fields.String(required=True)
    county_code = DivisionCode(required=True, allow_none=True)
    county_name = fields.String(required=True, allow_none=True)
    intro = fields.String(required=True)
    food_licence = fields.String(required=True, allow_none=True)
    warnings = fields.List(fields.String(), required=True, metadata={"description": "What to look at; not a refusal"})
    is_demo = fields.Boolean(required=True)


class ProducerListSchema(Schema):
    """A page of producers."""

    items = fields.List(fields.Nested(ProducerSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class BenefitBodySchema(Schema):
    """Whom a producer helps in a county and year, by one way."""

    county_code = DivisionCode(required=True)
    year = fields.Integer(required=True, validate=validate.Range(2016, 2100))
    way = fields.String(required=True, validate=validate.OneOf(WAYS))
    basis = fields.String(required=True, validate=validate.OneOf(BASES))
    households = fields.Integer(required=True, validate=_COUNT)
    persons = fields.Integer(required=True, validate=_COUNT)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> NewBenefit:
        """Return the numbers."""
        return NewBenefit(**data)


class BenefitSchema(Schema):
    """Whom a producer helps; never to be summed over ways, expected and actual apart."""

    id = PublicId(required=True, attribute="public_id")
    county_code = DivisionCode(required=True)
    year = fields.Integer(required=True)
    way = fields.String(required=True)
    basis = fields.String(required=True)
    households = fields.Integer(required=True)
    persons = fields.Integer(required=True)
    is_demo = fields.Boolean(required=True)


class BenefitListSchema(Schema):
    """All rows of a producer."""

    items = fields.List(fields.Nested(BenefitSchema), required=True)
    next = fields.String(required=True, allow_none=True)


class MandateBodySchema(Schema):
    """An agent may act from a day to a day."""

    agent = PublicId(required=True)
    valid_from = Day(required=True)
    valid_to = Day(load_default=None, allow_none=True)
    evidence = PublicId(
        load_default=None, allow_none=True, metadata={"description": "The signed mandate, a file stored before."}
    )


class EndMandateSchema(Schema):
    """The last day of a mandate."""

    last_on = Day(required=True)


class MandateSchema(Schema):
    """A mandate of a producer to an agent."""

    id = PublicId(required=True, attribute="mandate.public_id")
    agent_id = PublicId(required=True)
    agent_name = fields.String(required=True)
    producer_id = PublicId(required=True)
    producer_name = fields.String(required=True)
    valid_from = Day(required=True, attribute="mandate.valid_from")
    valid_to = Day(required=True, allow_none=True, attribute="mandate.valid_to")
    evidence_id = PublicId(required=True, allow_none=True, metadata={"description": "A file that both sides may read."})


class MandateListSchema(Schema):
    """Mandates given or held."""

    items = fields.List(fields.Nested(MandateSchema), required=True)
    next = fields.String(required=True, allow_none=True)
