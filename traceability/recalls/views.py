"""Recalls over the API: made, read, answered, lifted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from catalog.lots.lifting import lift
from catalog.lots.recall_terms import Terms
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.etag import format_etag, if_match
from shop.idempotency import idempotent
from shop.paging import Page, PageQuery, decode_cursor, make_page
from traceability.journey import recalling
from traceability.recalls import changing, queries, replies
from traceability.recalls.queries import Reached, RecallHead
from traceability.recalls.replies import Account
from traceability.recalls.schemas import (
    LiftRecallSchema,
    OpenRecallSchema,
    RecallAnswerSchema,
    RecalledConsignmentListSchema,
    RecallListSchema,
    RecallSchema,
    RecallTermsSchema,
)

bp = Blueprint("recalls", __name__, url_prefix="/api/v1/recalls", description="Recalls: made, answered, lifted")
Answer = tuple[RecallHead, int, dict[str, str]]
_PARTS = ("on_hand", "sold_on", "returned", "destroyed")


@bp.route("")
@requires("trace:read")
@bp.arguments(PageQuery, location="query")
@bp.response(200, RecallListSchema)
def list_recalls(query: dict[str, Any], actor: Actor) -> Page[RecallHead]:
    """List the recalls that concern the caller, the newest first."""
    return queries.list_recalls(actor, clock.today(), limit=query["limit"], cursor=query["cursor"])


@bp.route("", methods=["POST"])
@requires("lots:recall")
@idempotent
@bp.arguments(OpenRecallSchema)
@bp.response(201, RecallSchema)
def open_recall(body: dict[str, Any], actor: Actor) -> Answer:
    """Call lots back, with every lot made of them that is the caller's to call back."""
    lots, reason, at = body.pop("lots"), body.pop("reason"), clock.now()
    with transaction():
        recall_id, _made = recalling.recall_lots(lots, reason=reason, actor=actor, at=at, terms=Terms(**body))
        return _answer(recall_id, actor, 201)


@bp.route("/<uuid:recall_id>")
@requires("trace:read")
@bp.response(200, RecallSchema)
def show_recall(actor: Actor, recall_id: UUID) -> Answer:
    """Show a recall; its ETag is the version of level and deadline."""
    return _answer(recall_id, actor, 200)


@bp.route("/<uuid:recall_id>", methods=["PUT"])
@requires("lots:recall")
@bp.arguments(RecallTermsSchema)
@bp.response(200, RecallSchema)
def change_terms(body: dict[str, Any], actor: Actor, recall_id: UUID) -> Answer:
    """Say anew how grave a recall is and by when its goods must be back."""
    at = clock.now()
    with transaction():
        queries.get_recall(recall_id, actor, clock.business_day(at))
        changing.change_terms(recall_id, Terms(**body), if_match(), actor=actor, at=at)
        return _answer(recall_id, actor, 200)


@bp.route("/<uuid:recall_id>/consignments")
@requires("trace:read")
@bp.arguments(PageQuery, location="query")
@bp.response(200, RecalledConsignmentListSchema)
def list_consignments(query: dict[str, Any], actor: Actor, recall_id: UUID) -> Page[Reached]:
    """List who got how much of the goods, and what they say became of it."""
    after, today = decode_cursor(query["cursor"], int), clock.today()
    queries.get_recall(recall_id, actor, today)
    rows = queries.list_reached(recall_id, actor, today, after=after[0] if after else None, limit=query["limit"])
    return make_page(rows, query["limit"], lambda row: (row.key,))


@bp.route("/<uuid:recall_id>/answer", methods=["POST"])
@requires("goods:accept")
@idempotent
@bp.arguments(RecallAnswerSchema)
@bp.response(200, RecallSchema)
def answer_recall(body: dict[str, Any], actor: Actor, recall_id: UUID) -> Answer:
    """Say what became of the goods that one's organisation got."""
    at = clock.now()
    with transaction():
        queries.get_recall(recall_id, actor, clock.business_day(at))
        units = replies.units_of(recall_id, actor, at=at)
        accounts = {
            each["consignment"]: Account(
                *(each[part].in_unit(units.get(each["consignment"], each[part].unit), f"#/items/{n}/{part}") for part in _PARTS)
            )
            for n, each in enumerate(body["items"])
        }  # fmt: skip
        replies.reply(recall_id, accounts, body["note"], actor=actor, at=at)
        return _answer(recall_id, actor, 200)


@bp.route("/<uuid:recall_id>/lift", methods=["POST"])
@requires("lots:recall")
@idempotent
@bp.arguments(LiftRecallSchema)
@bp.response(200, RecallSchema)
def lift_recall(body: dict[str, Any], actor: Actor, recall_id: UUID) -> Answer:
    """Lift a recall that was made by mistake; another person than who made it."""
    at = clock.now()
    with transaction():
        queries.get_recall(recall_id, actor, clock.business_day(at))
        lift(recall_id, reason=body["reason"], actor=actor, at=at)
        return _answer(recall_id, actor, 200)


def _answer(recall_id: UUID, actor: Actor, status: int) -> Answer:
    head = queries.get_recall(recall_id, actor, clock.today())
    return head, status, {"ETag": format_etag(head.version)}
