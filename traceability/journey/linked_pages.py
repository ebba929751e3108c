"""A lot for programs: its page as JSON-LD or JSON, whether it was called back, and what of that labels lead to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, request, url_for
from werkzeug.wrappers import Response

from shop.auth import public
from shop.clock import SHANGHAI
from traceability.journey import linked, names
from traceability.journey.ancestors import ancestors_of
from traceability.journey.papers import has_papers, papers_of
from traceability.journey.story import MAX_STEPS, Story, get_story, list_steps
from traceability.pieces.queries import Piece
from traceability.resolver.targets import Goods, Target, offer

bp = Blueprint("journey_linked", __name__)
JSON, JSON_LD, HTML = "application/json", "application/ld+json", "text/html"


def wanted() -> str:
    """Return in which form the page is asked for; whoever does not say gets the page for people."""
    if "json" not in request.headers.get("Accept", ""):
        return HTML
    return str(request.accept_mimetypes.best_match([HTML, JSON_LD, JSON], HTML))


def answer(story: Story, uris: tuple[str, str], number: str, piece: Piece | None, form: str) -> Response:
    """Answer a lot's page as data.

    :param uris: what events call the lot, and the pack if it is of the lot.
    """
    uri, own = uris
    told = linked.document(
        story, papers_of(story.key), list_steps(uri, own)[:MAX_STEPS],
        ancestors=ancestors_of(story.key) if story.has_batch else (), number=number, lot=names.lot_number(story.code, story.key), piece=piece, base=_base(),
    )  # fmt: skip
    head = {"id": _base() + uri.removeprefix(names.CANONICAL.rstrip("/"))}
    return _json({"@context": linked.CONTEXT, **head, **told} if form == JSON_LD else {**head, **told}, form)


@bp.get("/trace/lots/<uuid:lot_id>/recall")
@public
def show_recall(lot_id: UUID) -> Response:
    """Say whether a lot was called back, when and why."""
    story = get_story(lot_id)
    at = story.recalled_at.astimezone(SHANGHAI).isoformat() if story.recalled_at else None
    told = {
        "lot": str(story.id), "lot_number": names.lot_number(story.code, story.key),
        "is_recalled": story.status == "recalled", "recalled_at": at, "reason": story.recall_reason,
    }  # fmt: skip
    return _json(told, JSON)


@offer
def _of_lots(goods: Goods) -> Iterable[Target]:
    """Offer the page of a lot that we know, as people and as programs read it, its papers, and whether it was called back."""
    if goods.lot_id is None:
        return
    title, known = f"{goods.product_name} {goods.lot}", goods.serial if goods.is_known_piece else None
    page = url_for("journey.show_lot", lot_id=goods.lot_id, serial=known, check=goods.check)
    yield Target("traceability", page, title)
    yield Target("traceability", page, title, media_type=JSON_LD)
    if has_papers(goods.lot_id):
        yield Target("certificationInfo", f"{page}#papers", title)
    recall = url_for("journey_linked.show_recall", lot_id=goods.lot_id)
    yield Target("recallStatus", recall, title, media_type=JSON, languages=("en",))


def _json(document: dict[str, Any], media_type: str) -> Response:
    """Answer a document that scripts of other sites may read: what a label says is public."""
    made = Response(json.dumps(document, ensure_ascii=False), content_type=media_type)
    made.headers["Access-Control-Allow-Origin"] = "*"
    made.headers["Vary"] = "Accept, Accept-Language, Cookie"
    return made


def _base() -> str:
    return str(current_app.config["BASE_URL"])
