"""The caller, its tokens and the table of roles, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app

from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.etag import format_etag, if_match
from shop.identity import listings, permissions, schemas, tokens
from shop.identity.permissions import RoleRow
from shop.identity.services import IssuedToken
from shop.paging import Page

bp = Blueprint("identity", __name__, url_prefix="/api/v1", description="The caller, tokens and roles")


@bp.route("/me")
@requires("signed_in")
@bp.response(200, schemas.MeSchema)
def show_me(actor: Actor) -> dict[str, Any]:
    """Show who the caller is, for which organisation, and what the token may do now."""
    mine = listings.list_my_organisations(actor.user_id, clock.today())
    return {
        "user_public_id": actor.user_public_id,
        "user_name": actor.user_name,
        "organisation": next(o for o in mine if o.id == actor.organisation_id),
        "roles": sorted(actor.roles),
        "permissions": sorted(actor.permissions),
        "scope": actor.scope,
        "organisations": mine,
    }


@bp.route("/tokens")
@requires("tokens:manage")
@bp.response(200, schemas.TokenListSchema)
def list_tokens(actor: Actor) -> Page[Any]:
    """List the caller's own tokens that work, the newest first."""
    return Page(list(tokens.list_own(actor, clock.real_now())), None)


@bp.route("/tokens", methods=["POST"])
@requires("tokens:manage")
@bp.arguments(schemas.IssueTokenSchema)
@bp.response(201, schemas.IssuedTokenSchema)
def issue_token(body: dict[str, Any], actor: Actor) -> IssuedToken:
    """Make a token. Its secret is in this answer only; so there is no `Idempotency-Key`, whose answer would be kept."""
    with transaction():
        return tokens.issue_own(
            actor, body["name"], body["scopes"], now=clock.real_now(), expires_at=body["expires_at"]
        )


@bp.route("/tokens/<uuid:token_id>", methods=["DELETE"])
@requires("tokens:manage")
@bp.response(204)
def revoke_token(actor: Actor, token_id: UUID) -> None:
    """Revoke a token at once; who manages members may revoke any of the organisation's."""
    with transaction():
        tokens.revoke(actor, token_id, clock.real_now())


@bp.route("/roles")
@requires("signed_in")
@bp.response(200, schemas.RoleListSchema)
def list_roles(actor: Actor) -> Page[RoleRow]:
    """List the roles that exist in the caller's kind of organisation; the operator sees all."""
    kind = None if actor.organisation_kind == "operator" else actor.organisation_kind
    return Page(list(permissions.list_roles(kind)), None)


@bp.route("/roles/<string:role>/permissions", methods=["PUT"])
@requires("permissions:edit")
@bp.arguments(schemas.SetPermissionsSchema)
@bp.response(200, schemas.RoleSchema)
def set_permissions(body: dict[str, Any], actor: Actor, role: str) -> tuple[RoleRow, dict[str, str]]:
    """Give a role exactly these permissions; takes effect with the next request of each member.

    `If-Match` names the `version` of the role in the list.
    """
    with transaction():
        row = permissions.set_permissions(
            actor, role, if_match(), body["permissions"], known=current_app.extensions["permissions"]
        )
    return row, {"ETag": format_etag(row.version)}
