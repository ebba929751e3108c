"""All organisations over the API, for the operator."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.etag import format_etag
from shop.idempotency import idempotent
from shop.identity import (
    accounts,
    authority_scopes,
    listings,
    members,
    organisation_schemas,
    organisations,
    places,
    schemas,
    units,
)
from shop.identity.listings import MemberRow, UnitRow
from shop.identity.models import Organisation
from shop.identity.organisations import NewOrganisation
from shop.paging import Page

bp = Blueprint(
    "organisations", __name__, url_prefix="/api/v1/organisations", description="All organisations, for the operator"
)


@bp.route("")
@requires("organisations:verify")
@bp.arguments(schemas.OrganisationQuery, location="query")
@bp.response(200, schemas.OrganisationListSchema)
def list_organisations(query: dict[str, Any], actor: Actor) -> Page[Organisation]:  # noqa: ARG001
    """List organisations, the newest first."""
    return listings.list_organisations(query["filter"], query["limit"], query["cursor"])


@bp.route("", methods=["POST"])
@requires("organisations:verify")
@idempotent
@bp.arguments(schemas.RegisterOrganisationSchema)
@bp.response(201, schemas.OrganisationSchema)
def register(body: dict[str, Any], actor: Actor) -> Organisation:
    """Register an organisation; it is verified by a further step."""
    with transaction():
        return organisations.create_organisation(NewOrganisation(**body), at=clock.now(), actor=actor)


@bp.route("/<uuid:organisation_id>")
@requires("organisations:verify")
@bp.response(200, schemas.OrganisationSchema)
def show(actor: Actor, organisation_id: UUID) -> tuple[Organisation, dict[str, str]]:  # noqa: ARG001
    """Show an organisation."""
    found = organisations.get_organisation(organisation_id)
    return found, {"ETag": format_etag(found.version)}


@bp.route("/<uuid:organisation_id>/verify", methods=["POST"])
@requires("organisations:verify")
@idempotent
@bp.response(200, schemas.OrganisationSchema)
def verify(actor: Actor, organisation_id: UUID) -> Organisation:
    """Note that the organisation is who it says; sales of verified buyers count from then on."""
    with transaction():
        return organisations.verify(actor, organisation_id, clock.now())


@bp.route("/members/<uuid:member_id>/disable", methods=["POST"])
@requires("organisations:verify")
@idempotent
@bp.arguments(schemas.WhySchema)
@bp.response(204)
def disable_account(body: dict[str, Any], actor: Actor, member_id: UUID) -> None:
    """Disable the account of a member of any organisation: sessions and tokens end at once."""
    with transaction():
        user = accounts.account_of_member(member_id)
        accounts.disable(actor, user, why=body["why"], now=clock.real_now())


@bp.route("/members/<uuid:member_id>/enable", methods=["POST"])
@requires("organisations:verify")
@idempotent
@bp.arguments(schemas.WhySchema)
@bp.response(204)
def enable_account(body: dict[str, Any], actor: Actor, member_id: UUID) -> None:
    """Let the person sign in again."""
    with transaction():
        accounts.enable(actor, accounts.account_of_member(member_id), why=body["why"])


@bp.route("/<uuid:organisation_id>/suspend", methods=["POST"])
@requires("organisations:verify")
@idempotent
@bp.arguments(schemas.WhySchema)
@bp.response(200, schemas.OrganisationSchema)
def suspend(body: dict[str, Any], actor: Actor, organisation_id: UUID) -> Organisation:
    """Leave an organisation only the right to look."""
    with transaction():
        return organisations.suspend(actor, organisation_id, clock.now(), body["why"])


@bp.route("/<uuid:organisation_id>/resume", methods=["POST"])
@requires("organisations:verify")
@idempotent
@bp.response(200, schemas.OrganisationSchema)
def resume(actor: Actor, organisation_id: UUID) -> Organisation:
    """End a suspension."""
    with transaction():
        return organisations.resume(actor, organisation_id)


@bp.route("/<uuid:organisation_id>/scope", methods=["PUT"])
@requires("organisations:verify")
@bp.arguments(schemas.SetScopeSchema)
@bp.response(204)
def set_scope(body: dict[str, Any], actor: Actor, organisation_id: UUID) -> None:
    """Decide what an authority's officials see from today on."""
    with transaction():
        rows = [authority_scopes.read_scope(row) for row in body["rows"]]
        authority_scopes.set_scope(actor, organisation_id, rows, clock.today())


@bp.route("/<uuid:organisation_id>/units")
@requires("organisations:verify")
@bp.response(200, organisation_schemas.UnitListSchema)
def list_units(actor: Actor, organisation_id: UUID) -> Page[UnitRow]:  # noqa: ARG001
    """List an organisation's units, parents first, each with where it stood when."""
    where = organisations.get_organisation(organisation_id).id
    return Page(listings.list_units(where, clock.today()), None)


@bp.route("/<uuid:organisation_id>/units/<uuid:unit_id>/placements", methods=["POST"])
@requires("organisations:verify")
@idempotent
@bp.arguments(organisation_schemas.PlaceUnitSchema)
@bp.response(201, organisation_schemas.UnitSchema)
def place_unit(body: dict[str, Any], actor: Actor, organisation_id: UUID, unit_id: UUID) -> UnitRow:
    """Let an organisation's unit stand elsewhere or be another's budget, from tomorrow on; the past stays as it was."""
    with transaction():
        where = organisations.get_organisation(organisation_id).id
        units.place_unit(
            actor, unit_id, places.read_place(body), since=body["since"], today=clock.today(),
            parent=body["parent_id"], organisation_id=where,
        )  # fmt: skip
        return next(row for row in listings.list_units(where, clock.today()) if row.id == unit_id)


@bp.route("/<uuid:organisation_id>/members", methods=["POST"])
@requires("organisations:verify")
@idempotent
@bp.arguments(organisation_schemas.InviteSchema)
@bp.response(201, organisation_schemas.MemberSchema)
def appoint(body: dict[str, Any], actor: Actor, organisation_id: UUID) -> MemberRow:
    """Invite a person into an organisation, such as its first administrator."""
    with transaction():
        where = organisations.get_organisation(organisation_id).id
        made = members.invite(
            actor, body["name"], body["contact"], body["roles"], today=clock.today(), at=clock.now(),
            until=body["until"], organisation_id=where,
        )  # fmt: skip
        return listings.list_members(where, 1, None, member=made.public_id).items[0]
