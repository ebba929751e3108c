"""Receipts of the transparency log for what counted of an order's line."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, url_for

from orders.desk.schemas import CountedReceiptListSchema
from orders.ledger.transparency import LOG, CountedPosting, postings_of_line
from orders.purchase.access import get_order
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.i18n import _
from shop.translog import receipts
from shop.translog.handing import Receipt, receipts_of
from shop.translog.queries import NotLogged

bp = Blueprint(
    "order_receipts", __name__, url_prefix="/api/v1/orders", description="Proofs that what counted stands in the log"
)


@bp.route("/<uuid:order_id>/lines/<uuid:line_id>/receipts")
@requires("signed_in")
@bp.response(200, CountedReceiptListSchema)
def list_receipts(actor: Actor, order_id: UUID, line_id: UUID) -> dict[str, Any]:
    """List the receipts of a line; what was not logged yet is logged first."""
    return {"items": [_shown(order_id, line_id, *pair) for pair in _receipts(actor, order_id, line_id)]}


@bp.route("/<uuid:order_id>/lines/<uuid:line_id>/receipts/<int:index>")
@requires("signed_in")
@bp.response(200, {"type": "string"}, content_type="text/plain")
def get_receipt(actor: Actor, order_id: UUID, line_id: UUID, index: int) -> Response:
    """Answer a receipt as a file (C2SP tlog-proof) that `duikou receipt verify` and others can check offline."""
    for _posting, receipt in _receipts(actor, order_id, line_id):
        if receipt.index == index:
            response = Response(receipt.text, content_type=receipts.MEDIA_TYPE)
            response.headers["Content-Disposition"] = f'attachment; filename="{LOG}-{index}.tlog-proof"'
            return response
    raise NotLogged(_("这一行没有这份凭证。"))


def _receipts(actor: Actor, order_id: UUID, line_id: UUID) -> list[tuple[CountedPosting, Receipt]]:
    order = get_order(order_id, actor, clock.now())
    postings = postings_of_line(order.id, line_id)
    found = receipts_of(LOG, [posting.key for posting in postings]) if postings else []
    return list(zip(postings, found, strict=True))


def _shown(order_id: UUID, line_id: UUID, posting: CountedPosting, receipt: Receipt) -> dict[str, Any]:
    address = url_for("order_receipts.get_receipt", order_id=order_id, line_id=line_id, index=receipt.index)
    return {
        "amount_fen": posting.amount_fen,
        "business_on": posting.business_on,
        "recorded_at": posting.recorded_at,
        "index": receipt.index,
        "address": address,
    }
