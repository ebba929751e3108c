"""Where lots went, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import snapshot
from shop.paging import PageQuery, decode_cursor, make_page
from traceability.journey import recipients
from traceability.journey.schemas import NoQuery, RecipientListSchema
from traceability.journey.sheets import XLSX_TYPE, workbook

bp = Blueprint("recipients", __name__, url_prefix="/api/v1/trace", description="Where lots went: what a recall asks")


@bp.route("/lots/<uuid:lot_id>/recipients")
@requires("trace:read")
@bp.arguments(PageQuery, location="query")
@bp.response(200, RecipientListSchema)
def list_recipients(query: dict[str, Any], actor: Actor, lot_id: UUID) -> dict[str, Any]:
    """List every order that got some of a lot, or of a lot that one made of it, in the order in which it left."""
    after = decode_cursor(query["cursor"], int)
    with snapshot():
        at = clock.now()
        made = recipients.lots_made_of(recipients.get_lot(lot_id, actor, at), actor, at)
        rows = recipients.list_recipients(made.lots, after=after[0] if after else None, limit=query["limit"])
        totals, recalled = recipients.totals_of(made.lots), recipients.recalls_of(made.lots)
    page = make_page(rows, query["limit"], lambda row: (row.movement_id,))
    lots = [{"public_id": lot.public_id, "code": lot.code, "recalled": recalled.get(lot.id)} for lot in made.lots]
    return {"items": page.items, "next": page.next, "lots": lots, "totals": totals}


@bp.route("/lots/<uuid:lot_id>/recipients.xlsx")
@requires("trace:read")
@bp.arguments(NoQuery, location="query")
@bp.response(200, {"type": "string", "format": "binary"}, content_type=XLSX_TYPE)
def download_recipients(_query: dict[str, Any], actor: Actor, lot_id: UUID) -> Response:
    """Download the same list, all of it, with totals."""
    return workbook(lot_id, actor)
