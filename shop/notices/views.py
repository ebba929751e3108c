"""The caller's notices by API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app

from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.notices import queries, services
from shop.notices.models import Notice
from shop.notices.rules import fill, find_sentence
from shop.notices.schemas import NoticeListSchema, NoticeQuery, NoticeSchema, UnreadSchema
from shop.paging import Page

bp = Blueprint("notices", __name__, url_prefix="/api/v1/notices", description="What the caller should know or do")


def show(notice: Notice) -> dict[str, Any]:
    """Return a notice with its sentence in the reader's language."""
    sentence = find_sentence(current_app, notice.kind)
    return {
        "public_id": notice.public_id,
        "kind": notice.kind,
        "text": fill(sentence, notice.values) if sentence else notice.kind,
        "link": notice.link,
        "created_at": notice.created_at,
        "read_at": notice.read_at,
    }


@bp.route("")
@requires("notices:read")
@bp.arguments(NoticeQuery, location="query")
@bp.response(200, NoticeListSchema)
def list_notices(query: dict[str, Any], actor: Actor) -> Page[dict[str, Any]]:
    """List the caller's notices."""
    page = queries.list_notices(actor, query["limit"], query["cursor"], unread=query["unread"])
    return Page([show(notice) for notice in page.items], page.next)


@bp.route("/<uuid:notice_id>/read", methods=["POST"])
@requires("notices:read")
@idempotent
@bp.response(200, NoticeSchema)
def read_notice(actor: Actor, notice_id: UUID) -> dict[str, Any]:
    """Mark a notice read."""
    with transaction():
        return show(services.mark_read(notice_id, actor, clock.now()))


@bp.route("/read-all", methods=["POST"])
@requires("notices:read")
@idempotent
@bp.response(200, UnreadSchema)
def read_all(actor: Actor) -> dict[str, int]:
    """Mark all the caller's notices read."""
    with transaction():
        return {"marked": services.mark_all_read(actor, clock.now())}
