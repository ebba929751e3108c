"""Corrections of organisations over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.corrections import queries, schemas, services
from shop.corrections.queries import CorrectionRow
from shop.db import transaction
from shop.etag import if_match
from shop.idempotency import idempotent
from shop.paging import Page

bp = Blueprint(
    "organisation_corrections", __name__, url_prefix="/api/v1",
    description="Corrections of organisations: proposed by one of the operator's people, agreed to by another",
)  # fmt: skip


@bp.route("/organisation-corrections")
@requires("organisation:read")
@bp.arguments(schemas.CorrectionQuery, location="query")
@bp.response(200, schemas.CorrectionListSchema)
def list_corrections(query: dict[str, Any], actor: Actor) -> Page[CorrectionRow]:
    """List corrections, the newest first: of the own organisation those agreed to, all for the operator."""
    return queries.list_corrections(actor, **query)


@bp.route("/organisations/<uuid:organisation_id>/corrections", methods=["POST"])
@requires("organisations:verify")
@idempotent
@bp.arguments(schemas.ProposeCorrectionSchema)
@bp.response(201, schemas.CorrectionSchema)
def propose(body: dict[str, Any], actor: Actor, organisation_id: UUID) -> CorrectionRow:
    """Propose what an organisation is to be; it is so once another person has agreed."""
    changes = {name: value for name, value in body.items() if name not in ("reason", "file")}
    with transaction():
        made = services.propose(
            organisation_id, changes, actor, version=if_match(), reason=body["reason"], file=body["file"], at=clock.now()
        )  # fmt: skip
        return queries.get_correction(made.public_id, actor)


@bp.route("/organisation-corrections/<uuid:correction_id>")
@requires("organisation:read")
@bp.response(200, schemas.CorrectionSchema)
def show(actor: Actor, correction_id: UUID) -> CorrectionRow:
    """Show a correction."""
    return queries.get_correction(correction_id, actor)


@bp.route("/organisation-corrections/<uuid:correction_id>/confirm", methods=["POST"])
@requires("organisations:verify")
@idempotent
@bp.response(200, schemas.CorrectionSchema)
def confirm(actor: Actor, correction_id: UUID) -> CorrectionRow:
    """Agree, as another person: the organisation is told, orders placed before keep what they were frozen with."""
    with transaction():
        services.confirm(correction_id, actor, at=clock.now())
        return queries.get_correction(correction_id, actor)


@bp.route("/organisation-corrections/<uuid:correction_id>/refuse", methods=["POST"])
@requires("organisations:verify")
@idempotent
@bp.arguments(schemas.RefuseCorrectionSchema)
@bp.response(200, schemas.CorrectionSchema)
def refuse(body: dict[str, Any], actor: Actor, correction_id: UUID) -> CorrectionRow:
    """Refuse a correction with a reason; who proposed it takes it back so."""
    with transaction():
        services.refuse(correction_id, actor, reason=body["reason"], at=clock.now())
        return queries.get_correction(correction_id, actor)
