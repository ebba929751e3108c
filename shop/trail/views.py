"""The audit trail by API."""

from __future__ import annotations

from typing import Any

from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.paging import Page
from shop.trail import queries
from shop.trail.schemas import TrailListSchema, TrailQuery

bp = Blueprint("audit", __name__, url_prefix="/api/v1/audit", description="Who did what to which thing")


@bp.route("")
@requires("audit:read")
@bp.arguments(TrailQuery, location="query")
@bp.response(200, TrailListSchema)
def list_entries(query: dict[str, Any], actor: Actor) -> Page[queries.TrailEntry]:  # noqa: ARG001
    """List the acts of all people, the latest first."""
    return queries.list_entries(query["wanted"], query["limit"], query["cursor"])
