"""Eligibility bases and quality certificates on the wire, each with its own schemas: they are not one thing."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from catalog.papers.models import CERTIFICATE_SCHEMES, ELIGIBILITY_SCHEMES
from catalog.papers.services import NewBasis, NewCertificate
from shop.api import Schema
from shop.fields import Day, DivisionCode, Instant, PublicId
from shop.filters import Several
from shop.paging import PageQuery

STATUSES = ("to_decide", "pending", "in_force", "refused", "revoked", "annulled", "withdrawn")
_NAME = validate.Length(1, 120)
_REASON = validate.Length(max=500)


class PaperQuery(PageQuery):
    """Which papers; ``to_decide`` is the reviewers' queue, oldest first."""

    statuses = Several(fields.String(validate=validate.OneOf(STATUSES)), data_key="status", load_default=())
    product = PublicId(load_default=None)
    producer = PublicId(load_default=None)


class EligibilityBodySchema(Schema):
    """An eligibility basis as handed in."""

    product = PublicId(required=True)
    scheme = fields.String(required=True, validate=validate.OneOf(ELIGIBILITY_SCHEMES))
    county_code = DivisionCode(required=True)
    issuer = fields.String(required=True, validate=_NAME)
    number = fields.String(required=True, validate=_NAME)
    valid_from = Day(required=True)
    valid_to = Day(load_default=None, allow_none=True)
    evidence = PublicId(required=True, metadata={"description": "A stored file of the own organisation"})

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """Return the evidence and the basis."""
        return {"evidence": data.pop("evidence"), "paper": NewBasis(**data)}


class CertificateBodySchema(Schema):
    """A quality certificate as handed in."""

    product = PublicId(
        load_default=None, allow_none=True, metadata={"description": "Null: of the producer or its base"}
    )
    producer = PublicId(
        load_default=None, allow_none=True, metadata={"description": "Needed of agents without product"}
    )
    scheme = fields.String(required=True, validate=validate.OneOf(CERTIFICATE_SCHEMES))
    issuer = fields.String(required=True, validate=_NAME)
    number = fields.String(required=True, validate=_NAME)
    scope = fields.String(required=True, validate=validate.Length(1, 500))
    valid_from = Day(required=True)
    valid_to = Day(load_default=None, allow_none=True)
    evidence = PublicId(required=True, metadata={"description": "A stored file of the own organisation"})

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        """Return the evidence, the producer and the certificate."""
        evidence, producer = data.pop("evidence"), data.pop("producer")
        return {"evidence": evidence, "producer": producer, "paper": NewCertificate(**data)}


class DecisionSchema(Schema):
    """Put in force, or refuse with a reason."""

    is_approved = fields.Boolean(required=True, truthy={True}, falsy={False})
    reason = fields.String(load_default="", validate=_REASON)


class RevocationBodySchema(Schema):
    """From which day on a paper does not hold, and why."""

    from_on = Day(required=True)
    reason = fields.String(required=True, validate=validate.Length(1, 500))


class RevocationDecisionSchema(Schema):
    """Confirm a proposed revocation, or refuse it."""

    is_confirmed = fields.Boolean(required=True, truthy={True}, falsy={False})
    reason = fields.String(load_default="", validate=_REASON)


class RevocationSchema(Schema):
    """A proposed revocation that nobody has decided."""

    from_on = Day(required=True)
    reason = fields.String(required=True)
    proposed_at = Instant(required=True)


class _PaperSchema(Schema):
    """What both kinds have."""

    id = PublicId(required=True, attribute="paper.public_id")
    product_id = PublicId(required=True, allow_none=True)
    product_name = fields.String(required=True, allow_none=True)
    producer_id = PublicId(required=True)
    producer_name = fields.String(required=True)
    scheme = fields.String(required=True, attribute="paper.scheme")
    issuer = fields.String(required=True, attribute="paper.issuer")
    number = fields.String(required=True, attribute="paper.number")
    valid_from = Day(required=True, attribute="paper.valid_from")
    valid_to = Day(required=True, allow_none=True, attribute="paper.valid_to")
    status = fields.String(required=True, attribute="paper.status")
    reason = fields.String(required=True, attribute="paper.reason")
    evidence_id = PublicId(required=True, allow_none=True)
    submitted_at = Instant(required=True, allow_none=True)
    decided_at = Instant(required=True, allow_none=True, attribute="paper.decided_at")
    revocation = fields.Nested(RevocationSchema, required=True, allow_none=True)
    is_demo = fields.Boolean(required=True, attribute="paper.is_demo")


class EligibilitySchema(_PaperSchema):
    """What makes the sale of a product count."""

    county_code = DivisionCode(required=True)
    county_name = fields.String(required=True)


class EligibilityListSchema(Schema):
    """A page of eligibility bases."""

    items = fields.List(fields.Nested(EligibilitySchema), required=True)
    next = fields.String(required=True, allow_none=True)


class CertificateSchema(_PaperSchema):
    """A quality certificate; it never makes a sale count."""

    scope = fields.String(required=True, attribute="paper.scope")


class CertificateListSchema(Schema):
    """A page of certificates."""

    items = fields.List(fields.Nested(CertificateSchema), required=True)
    next = fields.String(required=True, allow_none=True)
