"""The shape of identity on the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from shop.api import Schema
from shop.fields import CreditCode, Day, DivisionCode, Instant, PublicId
from shop.filters import Several
from shop.identity.codes import MAX_NAME
from shop.identity.listings import OrganisationFilter
from shop.identity.models import BUDGET_LEVELS, INSTITUTION_TYPES, KINDS
from shop.paging import PageQuery

_NAME = validate.Length(1, MAX_NAME)


class OrganisationRefSchema(Schema):
    """An organisation by name."""

    id = PublicId(attribute="public_id")
    name = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))


class OrganisationSchema(OrganisationRefSchema):
    """An organisation."""

    credit_code = CreditCode(allow_none=True)
    division_code = DivisionCode()
    institution_type = fields.String(allow_none=True, validate=validate.OneOf(INSTITUTION_TYPES))
    address = fields.String()
    contact_name = fields.String()
    contact_phone = fields.String()
    verified_at = Instant(allow_none=True)
    suspended_at = Instant(allow_none=True)
    is_demo = fields.Boolean()
    created_at = Instant()
    version = fields.Integer()


class OrganisationListSchema(Schema):
    """A page of organisations."""

    items = fields.List(fields.Nested(OrganisationSchema))
    next = fields.String(allow_none=True)


class OrganisationQuery(PageQuery):
    """Filters of the list of organisations."""

    q = fields.String(load_default=None, validate=validate.Length(max=100))
    kinds = Several(fields.String(validate=validate.OneOf(KINDS)), data_key="kind", load_default=())
    statuses = Several(
        fields.String(validate=validate.OneOf(["unverified", "verified", "suspended"])),
        data_key="status",
        load_default=(),
    )
    divisions = Several(DivisionCode(), data_key="division", load_default=())

    @post_load
    def read_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Put the filters together."""
        names = ("q", "kinds", "statuses", "divisions")
        return {**data, "filter": OrganisationFilter(**{name: data[name] for name in names})}


class RegisterOrganisationSchema(Schema):
    """A new organisation, registered by the operator."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = fields.String(required=True, validate=_NAME)
    division_code = DivisionCode(required=True)
    credit_code = CreditCode(load_default=None, allow_none=True)
    institution_type = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(INSTITUTION_TYPES))
    address = fields.String(load_default="", validate=validate.Length(max=200))
    contact_name = fields.String(load_default="", validate=validate.Length(max=200))
    contact_phone = fields.String(load_default="", validate=validate.Length(max=200))


class EditOrganisationSchema(Schema):
    """Changes to one's own organisation; what is left out stays."""

    name = fields.String(validate=_NAME)
    credit_code = CreditCode()
    division_code = DivisionCode()
    address = fields.String(validate=validate.Length(max=200))
    contact_name = fields.String(validate=validate.Length(max=200))
    contact_phone = fields.String(validate=validate.Length(max=200))


class WhySchema(Schema):
    """A reason."""

    why = fields.String(required=True, validate=validate.Length(1, 500))


class ScopeRowSchema(Schema):
    """One line of what an authority's officials see."""

    kind = fields.String(required=True, validate=validate.OneOf(["division", "budget"]))
    division_code = DivisionCode(load_default=None, allow_none=True)
    budget_level = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(BUDGET_LEVELS))
    superior_id = PublicId(load_default=None, allow_none=True)


class SetScopeSchema(Schema):
    """What an authority's officials see from today on: divisions, or one line by budget."""

    rows = fields.List(fields.Nested(ScopeRowSchema), required=True, validate=validate.Length(1, 50))


class TokenSchema(Schema):
    """An API token, without its secret."""

    id = PublicId(attribute="public_id")
    name = fields.String()
    prefix = fields.String(metadata={"description": "First characters, to tell tokens apart"})
    scopes = fields.List(fields.String())
    created_at = Instant()
    expires_at = Instant(allow_none=True)
    last_used_on = Day(allow_none=True)


class TokenListSchema(Schema):
    """Tokens of a member that work."""

    items = fields.List(fields.Nested(TokenSchema))
    next = fields.String(allow_none=True)


class IssueTokenSchema(Schema):
    """A new token."""

    name = fields.String(required=True, validate=_NAME)
    scopes = fields.List(
        fields.String(validate=validate.Length(1, 60)), required=True, validate=validate.Length(1, 100),
        metadata={"example": ["orders:read"]},
    )  # fmt: skip
    expires_at = Instant(load_default=None, allow_none=True)


class IssuedTokenSchema(Schema):
    """A new token with its secret, which is shown this once."""

    token = fields.Nested(TokenSchema)
    secret = fields.String(metadata={"example": "dk_3Q…"})


class RoleSchema(Schema):
    """A role with what it may do now."""

    code = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    name_zh = fields.String()
    name_en = fields.String()
    permissions = fields.List(fields.String())
    version = fields.Integer(metadata={"description": "Changes with the permissions; `If-Match` of an edit"})


class RoleListSchema(Schema):
    """All roles."""

    items = fields.List(fields.Nested(RoleSchema))
    next = fields.String(allow_none=True)


class SetPermissionsSchema(Schema):
    """Exactly what a role may do."""

    permissions = fields.List(
        fields.String(validate=validate.Length(1, 60)), required=True, validate=validate.Length(max=200)
    )


class ScopeSchema(Schema):
    """What an official sees."""

    kind = fields.String(validate=validate.OneOf(["all", "division", "budget", "own"]))
    divisions = fields.List(DivisionCode())
    budget_level = fields.String(allow_none=True)


class MeSchema(Schema):
    """Who the caller is and may do now."""

    id = PublicId(attribute="user_public_id")
    name = fields.String(attribute="user_name")
    organisation = fields.Nested(OrganisationRefSchema)
    roles = fields.List(fields.String())
    permissions = fields.List(fields.String())
    scope = fields.Nested(ScopeSchema)
    organisations = fields.List(fields.Nested(OrganisationRefSchema))
