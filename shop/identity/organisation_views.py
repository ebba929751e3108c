"""The caller's own organisation over the API: profile, units, members, bank accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import db, transaction
from shop.etag import format_etag, if_match
from shop.idempotency import idempotent
from shop.identity import (
    bank_accounts,
    change_queries,
    listings,
    members,
    organisation_schemas,
    organisations,
    places,
    schemas,
    tokens,
    units,
)
from shop.identity.change_queries import ChangeRow
from shop.identity.listings import MemberRow, UnitRow
from shop.identity.models import ApiToken, BankAccount, Organisation, Unit
from shop.paging import Page, PageQuery

bp = Blueprint("organisation", __name__, url_prefix="/api/v1/organisation", description="The caller's own organisation")
Tagged = tuple[Any, dict[str, str]]


def _tag(thing: Any, version: int) -> Tagged:
    return thing, {"ETag": format_etag(version)}


def _unit(unit: Unit) -> UnitRow:
    found = listings.list_units(unit.organisation_id, clock.today())
    return next(row for row in found if row.id == unit.public_id)


def _member(actor: Actor, member: UUID) -> MemberRow:
    members.get_member(actor.organisation_id, member)
    return listings.list_members(actor.organisation_id, 1, None, member=member).items[0]


@bp.route("")
@requires("organisation:read")
@bp.response(200, schemas.OrganisationSchema)
def show(actor: Actor) -> Tagged:
    """Show the organisation."""
    organisation = db.session.get_one(Organisation, actor.organisation_id)
    return _tag(organisation, organisation.version)


@bp.route("", methods=["PATCH"])
@requires("organisation:manage")
@bp.arguments(schemas.EditOrganisationSchema)
@bp.response(200, schemas.OrganisationSchema)
def edit(body: dict[str, Any], actor: Actor) -> Tagged:
    """Change the organisation; name, credit code and division only until it is verified."""
    with transaction():
        organisation = organisations.edit_profile(actor, if_match(), body)
    return _tag(organisation, organisation.version)


@bp.route("/units")
@requires("organisation:read")
@bp.response(200, organisation_schemas.UnitListSchema)
def list_units(actor: Actor) -> Page[UnitRow]:
    """List all units, parents first, each with where it stood when."""
    return Page(listings.list_units(actor.organisation_id, clock.today()), None)


@bp.route("/units", methods=["POST"])
@requires("organisation:manage")
@idempotent
@bp.arguments(organisation_schemas.AddUnitSchema)
@bp.response(201, organisation_schemas.UnitSchema)
def add_unit(body: dict[str, Any], actor: Actor) -> UnitRow:
    """Add a unit below another, or below the root."""
    with transaction():
        unit = units.add_unit(
            actor, body["name"], places.read_place(body), since=body["since"] or clock.today(),
            parent=body["parent_id"], code=body["code"],
        )  # fmt: skip
        return _unit(unit)


@bp.route("/units/<uuid:unit_id>")
@requires("organisation:read")
@bp.response(200, organisation_schemas.UnitSchema)
def show_unit(actor: Actor, unit_id: UUID) -> Tagged:
    """Show a unit with where it stood when."""
    row = _unit(units.get_unit(actor, unit_id))
    return _tag(row, row.version)


@bp.route("/units/<uuid:unit_id>", methods=["PATCH"])
@requires("organisation:manage")
@bp.arguments(organisation_schemas.RenameUnitSchema)
@bp.response(200, organisation_schemas.UnitSchema)
def rename_unit(body: dict[str, Any], actor: Actor, unit_id: UUID) -> Tagged:
    """Rename a unit."""
    with transaction():
        unit = units.rename_unit(actor, unit_id, if_match(), name=body["name"], code=body["code"])
    row = _unit(unit)
    return _tag(row, row.version)


@bp.route("/units/<uuid:unit_id>/placements", methods=["POST"])
@requires("organisation:manage")
@idempotent
@bp.arguments(organisation_schemas.PlaceUnitSchema)
@bp.response(201, organisation_schemas.UnitSchema)
def place_unit(body: dict[str, Any], actor: Actor, unit_id: UUID) -> UnitRow:
    """Let a unit stand elsewhere from a day on, today at the earliest; the past stays as it was."""
    with transaction():
        units.place_unit(
            actor, unit_id, places.read_place(body), since=body["since"], today=clock.today(),
            parent=body["parent_id"],
        )  # fmt: skip
        return _unit(units.get_unit(actor, unit_id))


@bp.route("/units/<uuid:unit_id>/close", methods=["POST"])
@requires("organisation:manage")
@idempotent
@bp.response(200, organisation_schemas.UnitSchema)
def close_unit(actor: Actor, unit_id: UUID) -> UnitRow:
    """Close a unit without units below it."""
    with transaction():
        return _unit(units.close_unit(actor, unit_id, at=clock.now(), today=clock.today()))


@bp.route("/members")
@requires("members:manage")
@bp.arguments(PageQuery, location="query")
@bp.response(200, organisation_schemas.MemberListSchema)
def list_members(query: dict[str, Any], actor: Actor) -> Page[MemberRow]:
    """List members, past ones too, with the roles they hold and held."""
    return listings.list_members(actor.organisation_id, query["limit"], query["cursor"])


@bp.route("/members", methods=["POST"])
@requires("members:manage")
@idempotent
@bp.arguments(organisation_schemas.InviteSchema)
@bp.response(201, organisation_schemas.MemberSchema)
def invite(body: dict[str, Any], actor: Actor) -> MemberRow:
    """Invite a person by phone number or e-mail address: to choose a password, or to agree with the account they have.

    Until then the answer holds what was sent, and the membership gives nothing.
    """
    with transaction():
        made = members.invite(
            actor,
            body["name"],
            body["contact"],
            body["roles"],
            today=clock.today(),
            at=clock.now(),
            until=body["until"],
        )
        return _member(actor, made.public_id)


@bp.route("/members/<uuid:member_id>")
@requires("members:manage")
@bp.response(200, organisation_schemas.MemberSchema)
def show_member(actor: Actor, member_id: UUID) -> MemberRow:
    """Show a member."""
    return _member(actor, member_id)


@bp.route("/members/<uuid:member_id>/roles", methods=["POST"])
@requires("members:manage")
@idempotent
@bp.arguments(organisation_schemas.GiveRoleSchema)
@bp.response(201, organisation_schemas.MemberSchema)
def give_role(body: dict[str, Any], actor: Actor, member_id: UUID) -> MemberRow:
    """Give a member a role from a day to a day, today at the earliest."""
    today = clock.today()
    with transaction():
        members.give_role(
            actor, member_id, body["role"], since=body["since"] or today, today=today, until=body["until"]
        )
        return _member(actor, member_id)


@bp.route("/members/<uuid:member_id>/roles/<string:role>", methods=["DELETE"])
@requires("members:manage")
@bp.response(200, organisation_schemas.MemberSchema)
def end_role(actor: Actor, member_id: UUID, role: str) -> MemberRow:
    """Take a role away at once."""
    with transaction():
        members.end_role(actor, member_id, role, today=clock.today())
        return _member(actor, member_id)


@bp.route("/members/<uuid:member_id>/end", methods=["POST"])
@requires("members:manage")
@idempotent
@bp.response(200, organisation_schemas.MemberSchema)
def end_membership(actor: Actor, member_id: UUID) -> MemberRow:
    """End a membership at once, with its roles and tokens; an invitation that waits is taken back and gone."""
    with transaction():
        before = _member(actor, member_id)
        members.end_membership(actor, member_id, today=clock.today(), now=clock.real_now())
        return before if before.is_waiting else _member(actor, member_id)


@bp.route("/members/<uuid:member_id>/tokens")
@requires("members:manage")
@bp.response(200, schemas.TokenListSchema)
def list_tokens(actor: Actor, member_id: UUID) -> Page[ApiToken]:
    """List a member's tokens that work, the newest first; `DELETE /tokens/{id}` revokes one."""
    membership = members.get_member(actor.organisation_id, member_id)
    return Page(list(tokens.list_of(membership.id, clock.real_now())), None)


@bp.route("/members/<uuid:member_id>/second-factor", methods=["DELETE"])
@requires("members:manage")
@bp.response(204)
def reset_second_factor(actor: Actor, member_id: UUID) -> None:
    """Clear a member's lost second factor; the person is told."""
    with transaction():
        members.reset_second_factor(actor, member_id, today=clock.today())


@bp.route("/bank-accounts")
@requires("organisation:read")
@bp.response(200, organisation_schemas.BankAccountListSchema)
def list_bank_accounts(actor: Actor) -> Page[BankAccount]:
    """List the open accounts, the default one first."""
    return Page(list(bank_accounts.list_accounts(actor.organisation_id)), None)


@bp.route("/bank-accounts", methods=["POST"])
@requires("organisation:manage")
@idempotent
@bp.arguments(organisation_schemas.AddBankAccountSchema)
@bp.response(201, organisation_schemas.BankAccountSchema)
def add_bank_account(body: dict[str, Any], actor: Actor) -> BankAccount:
    """Register an account; the first is the default, a later one once another person has agreed to the change."""
    with transaction():
        return bank_accounts.add_account(
            actor, body["holder"], body["bank"], body["number"], is_default=body["is_default"], at=clock.now()
        )


@bp.route("/bank-accounts/<uuid:account_id>/default", methods=["POST"])
@requires("organisation:manage")
@idempotent
@bp.response(201, organisation_schemas.AccountChangeSchema)
def make_default(actor: Actor, account_id: UUID) -> ChangeRow:
    """Ask that contracts name this account and payouts go to it; another person has to agree to the change."""
    with transaction():
        made = bank_accounts.make_default(actor, account_id, clock.now())
        return change_queries.get_change(made.public_id, actor)


@bp.route("/bank-accounts/<uuid:account_id>", methods=["DELETE"])
@requires("organisation:manage")
@bp.response(204)
def close_bank_account(actor: Actor, account_id: UUID) -> None:
    """Take an account out of use; documents that name it stay as they are. Not the one that is paid to."""
    with transaction():
        bank_accounts.close_account(actor, account_id, clock.now())


@bp.route("/bank-accounts/<uuid:account_id>/reopen", methods=["POST"])
@requires("organisation:manage")
@idempotent
@bp.response(200, organisation_schemas.BankAccountSchema)
def reopen_bank_account(actor: Actor, account_id: UUID) -> BankAccount:
    """Take a closed account into use again, not as the one that is paid to."""
    with transaction():
        return bank_accounts.reopen_account(actor, account_id)
