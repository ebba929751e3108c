"""Traces by API."""

from __future__ import annotations

from typing import Any

from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import snapshot
from traceability.genealogy import answers, documents, handovers
from traceability.genealogy.schemas import HandoverListSchema, HandoverQuery, TraceQuery, TraceSchema
from traceability.repository.protocol import epc_format

bp = Blueprint("trace", __name__, url_prefix="/api/v1/trace", description="Where goods came from and where they went")


@bp.route("/<path:identifier>")
@requires("trace:read")
@bp.arguments(TraceQuery, location="query")
@bp.response(200, TraceSchema)
@bp.alt_response(413, description="More is connected with the identifier than one answer may hold")
def show_trace(query: dict[str, Any], actor: Actor, identifier: str) -> dict[str, Any]:
    """Trace an EPC, lot or class (percent-encoded) up or down, by the events that the caller may see."""
    form = epc_format("Never_Translates")
    with snapshot():
        found = answers.trace(identifier, query["direction"], actor)
        events, left_out = documents.events_of(
            found.reached.events, actor, clock.now(), most=query["max_events"], form=form
        )
    told = {name: getattr(found, name) for name in ("identifier", "direction", "nodes", "steps", "gaps", "packs")}
    return {**told, "events": events, "events_left_out": left_out}


@bp.route("/handovers/<path:identifier>")
@requires("trace:read")
@bp.arguments(HandoverQuery, location="query")
@bp.response(200, HandoverListSchema)
def list_handovers(query: dict[str, Any], actor: Actor, identifier: str) -> dict[str, Any]:
    """Tell from whom goods came (one step up) or to whom they went (one step down), with the documents."""
    with snapshot():
        items = handovers.nearest(identifier, query["direction"], actor)
    return {"identifier": identifier, "direction": query["direction"], "items": items}
