"""Receipts of trace events."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields, validate
from sqlalchemy import exists, select

from shop.api import Blueprint, Schema
from shop.auth import Actor, requires
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _
from shop.translog import receipts
from shop.translog.handing import receipts_of
from traceability.proofs.source import LOG, key_of
from traceability.repository.models import TraceEvent
from traceability.repository.scopes import visible_to

bp = Blueprint(
    "trace_receipts", __name__, url_prefix="/api/v1/trace", description="Proofs that events stand in the log"
)


class NoSuchTraceEvent(NotFound):
    """There is no event with that identifier that the actor may see."""

    code = "no-such-trace-event"


class ReceiptQuery(Schema):
    """Which event."""

    event = fields.String(
        required=True, validate=validate.Length(1, 2048), metadata={"description": "Its eventID", "example": "ni:///…"}
    )
    declaration = fields.Boolean(
        load_default=False, metadata={"description": "The error declaration of the event instead of the event"}
    )


@bp.route("/receipts")
@requires("trace:read")
@bp.arguments(ReceiptQuery, location="query")
@bp.response(200, {"type": "string"}, content_type="text/plain")
def get_event_receipt(query: dict[str, Any], actor: Actor) -> Response:
    """Answer an event's receipt as a file (C2SP tlog-proof) that `duikou receipt verify` checks offline."""
    one = TraceEvent.event_id == query["event"], TraceEvent.is_declaration == query["declaration"]
    if not db.session.scalar(select(exists().where(*one, visible_to(actor)))):
        raise NoSuchTraceEvent(_("没有这个事件。"))
    [receipt] = receipts_of(LOG, [key_of(query["event"], is_declaration=query["declaration"])])
    response = Response(receipt.text, content_type=receipts.MEDIA_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{LOG}-{receipt.index}.tlog-proof"'
    return response
