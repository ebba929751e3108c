"""The shape of an organisation's units, members and bank accounts on the wire."""

from __future__ import annotations

from marshmallow import fields, validate

from shop.api import Schema
from shop.fields import Day, DivisionCode, Instant, PublicId
from shop.identity.account_change_models import CHANGE_STATUSES
from shop.identity.codes import MAX_NAME
from shop.identity.models import BUDGET_LEVELS
from shop.paging import PageQuery

_NAME = validate.Length(1, MAX_NAME)
_CONTACT = {"description": "Phone number or e-mail address", "example": "+8613800138000"}


class PlaceSchema(Schema):
    """Where a unit stands and whose budget it is."""

    division_code = DivisionCode(required=True)
    finance_division_code = DivisionCode(
        load_default=None,
        allow_none=True,
        metadata={"description": "Whose finance pays; the same division if left out"},
    )
    budget_level = fields.String(load_default="none", validate=validate.OneOf(BUDGET_LEVELS))
    superior_id = PublicId(
        load_default=None, allow_none=True, metadata={"description": "Organisation that is its 主管预算单位"}
    )


class PlacementSchema(Schema):
    """Where a unit stands in a time."""

    valid_from = Day()
    valid_to = Day(allow_none=True)
    division_code = DivisionCode()
    finance_division_code = DivisionCode()
    budget_level = fields.String(validate=validate.OneOf(BUDGET_LEVELS))
    parent_id = PublicId(allow_none=True)
    superior_id = PublicId(allow_none=True)
    superior_name = fields.String(allow_none=True)


class UnitSchema(Schema):
    """A unit with its placements, the newest first."""

    id = PublicId()
    name = fields.String()
    code = fields.String(allow_none=True)
    is_root = fields.Boolean()
    closed_at = Instant(allow_none=True)
    version = fields.Integer()
    depth = fields.Integer(metadata={"description": "Place in today's tree; the root is 0"})
    placements = fields.List(fields.Nested(PlacementSchema))


class UnitListSchema(Schema):
    """All units of an organisation, parents first."""

    items = fields.List(fields.Nested(UnitSchema))
    next = fields.String(allow_none=True)


class AddUnitSchema(PlaceSchema):
    """A new unit."""

    name = fields.String(required=True, validate=_NAME)
    code = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=40))
    parent_id = PublicId(load_default=None, allow_none=True, metadata={"description": "The root if left out"})
    since = Day(load_default=None, allow_none=True, metadata={"description": "Today if left out"})


class RenameUnitSchema(Schema):
    """What a unit is called."""

    name = fields.String(required=True, validate=_NAME)
    code = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=40))


class PlaceUnitSchema(PlaceSchema):
    """Where a unit stands from a day on; until the day before it stays where it was."""

    parent_id = PublicId(load_default=None, allow_none=True)
    since = Day(required=True)


class RoleHeldSchema(Schema):
    """A role in a time."""

    role = fields.String()
    valid_from = Day()
    valid_to = Day(allow_none=True)


class MemberSchema(Schema):
    """A member of the own organisation."""

    id = PublicId()
    name = fields.String()
    phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    valid_from = Day()
    valid_to = Day(allow_none=True)
    has_password = fields.Boolean(metadata={"description": "False until the invitation was accepted"})
    has_second_factor = fields.Boolean()
    is_waiting = fields.Boolean(
        metadata={
            "description": "The person has an account and has not agreed yet: nothing but what was typed is shown"
        }
    )
    roles = fields.List(fields.Nested(RoleHeldSchema))


class MemberListSchema(Schema):
    """A page of members."""

    items = fields.List(fields.Nested(MemberSchema))
    next = fields.String(allow_none=True)


class InviteSchema(Schema):
    """A person to invite."""

    name = fields.String(required=True, validate=_NAME)
    contact = fields.String(required=True, validate=validate.Length(1, 254), metadata=_CONTACT)
    roles = fields.List(
        fields.String(validate=validate.Length(1, 60)), required=True, validate=validate.Length(1, 20),
        metadata={"example": ["institution_requester"]},
    )  # fmt: skip
    until = Day(load_default=None, allow_none=True)


class GiveRoleSchema(Schema):
    """A role for a member."""

    role = fields.String(required=True, validate=validate.Length(1, 60))
    since = Day(load_default=None, allow_none=True, metadata={"description": "Today if left out"})
    until = Day(load_default=None, allow_none=True)


class BankAccountSchema(Schema):
    """A registered bank account."""

    id = PublicId(attribute="public_id")
    holder = fields.String()
    bank = fields.String()
    number = fields.String()
    is_default = fields.Boolean()


class AccountChangeSchema(Schema):
    """A change of the account that an organisation is paid to."""

    id = PublicId(attribute="public_id")
    organisation = fields.String()
    account = fields.Nested(BankAccountSchema)
    previous_number = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf(CHANGE_STATUSES))
    asked_by = fields.String()
    asked_at = Instant()
    decided_by = fields.String(allow_none=True)
    decided_at = Instant(allow_none=True)
    used_from = Day(allow_none=True)
    reason = fields.String()


class AccountChangeListSchema(Schema):
    """A page of changes, the newest first."""

    items = fields.List(fields.Nested(AccountChangeSchema))
    next = fields.String(allow_none=True)


class AccountChangeQuery(PageQuery):
    """Which changes."""

    status = fields.String(load_default=None, validate=validate.OneOf(CHANGE_STATUSES))


class ChangeReasonSchema(Schema):
    """Why not."""

    reason = fields.String(required=True, validate=validate.Length(1, 500))


class BankAccountListSchema(Schema):
    """The open accounts of the organisation."""

    items = fields.List(fields.Nested(BankAccountSchema))
    next = fields.String(allow_none=True)


class AddBankAccountSchema(Schema):
    """A new account."""

    holder = fields.String(required=True, validate=_NAME)
    bank = fields.String(required=True, validate=_NAME)
    number = fields.String(required=True, validate=validate.Length(8, 40))
    is_default = fields.Boolean(load_default=False)
