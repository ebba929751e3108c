"""Payers' names and accounts, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from orders.banking import aliases
from orders.banking.aliases import AliasRow
from shop import clock
from shop import fields as own
from shop.api import Blueprint, Schema
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page, PageQuery

bp = Blueprint(
    "payer_aliases", __name__, url_prefix="/api/v1/payer-aliases", description="Under which names buyers pay"
)


class AliasQuery(PageQuery):
    """What is searched for."""

    q = fields.String(
        load_default="", validate=validate.Length(max=100),
        metadata={"description": "Part of the payer's name or account, or of the buyer's name."},
    )  # fmt: skip


class AddAliasSchema(Schema):
    """A name and account under which a buyer's money comes."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    account = fields.String(load_default="", validate=validate.Length(max=64))
    buyer = own.PublicId(required=True)
    is_shared = fields.Boolean(
        load_default=False,
        metadata={"description": "Many buyers are paid for under it; it never tells the buyer alone."},
    )


class ShareAliasSchema(Schema):
    """Whether many buyers are paid for under it."""

    is_shared = fields.Boolean(required=True)


class AliasSchema(Schema):
    """A name and account under which a buyer's money comes."""

    id = own.PublicId(required=True)
    name = fields.String(required=True)
    account = fields.String(required=True)
    buyer = own.PublicId(required=True)
    buyer_name = fields.String(required=True)
    is_shared = fields.Boolean(required=True)
    valid_from = own.Day(required=True)
    may_end = fields.Boolean(required=True)


class AliasPage(Schema):
    """A page of those in force."""

    items = fields.List(fields.Nested(AliasSchema), required=True)
    next = fields.String(required=True, allow_none=True)


@bp.route("")
@requires("payments:read")
@bp.arguments(AliasQuery, location="query")
@bp.response(200, AliasPage)
def list_aliases(query: dict[str, Any], actor: Actor) -> Page[AliasRow]:
    """List the names and accounts under which buyers' money comes: all for the operator, of its buyers for a producer."""
    return aliases.list_aliases(actor, clock.today(), **query)


@bp.route("", methods=["POST"])
@requires("banking:manage")
@idempotent
@bp.arguments(AddAliasSchema)
@bp.response(201, AliasSchema)
def add_alias(body: dict[str, Any], actor: Actor) -> AliasRow:
    """Enter a name and account of a buyer's, from today on."""
    with transaction():
        made = aliases.add(
            body["name"], body["account"], body["buyer"], actor, clock.now(), is_shared=body["is_shared"]
        )
        return aliases.get_alias(made.public_id, actor, clock.today())


@bp.route("/<uuid:alias_id>/share", methods=["POST"])
@requires("banking:manage")
@idempotent
@bp.arguments(ShareAliasSchema)
@bp.response(200, AliasSchema)
def share_alias(body: dict[str, Any], alias_id: UUID, actor: Actor) -> AliasRow:
    """Say whether many buyers are paid for under it."""
    with transaction():
        aliases.share(alias_id, actor, clock.now(), is_shared=body["is_shared"])
        return aliases.get_alias(alias_id, actor, clock.today())


@bp.route("/<uuid:alias_id>/end", methods=["POST"])
@requires("payments:read")
@idempotent
@bp.response(204)
def end_alias(alias_id: UUID, actor: Actor) -> None:
    """Let an alias tell nothing from today on."""
    with transaction():
        aliases.end(alias_id, actor, clock.now())
