"""Returns over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from orders.payments.schemas import ReasonSchema
from orders.purchase.access import get_order
from orders.returns import deciding, queries
from orders.returns.models import GoodsReturn
from orders.returns.opening import ItemToReturn, open_return
from orders.returns.queries import ReturnRow
from orders.returns.receiving import CameBack, receive
from orders.returns.schemas import (
    GoodsReturnPage,
    GoodsReturnQuery,
    GoodsReturnSchema,
    NewGoodsReturnSchema,
    ReceivedSchema,
    SentBackSchema,
)
from shop import clock
from shop.api import Blueprint
from shop.auth import Actor, requires
from shop.db import transaction
from shop.idempotency import idempotent
from shop.paging import Page

bp = Blueprint("returns", __name__, url_prefix="/api/v1", description="Accepted goods that go back")


@bp.route("/returns")
@requires("signed_in")
@bp.arguments(GoodsReturnQuery, location="query")
@bp.response(200, GoodsReturnPage)
def list_returns(query: dict[str, Any], actor: Actor) -> Page[ReturnRow]:
    """List the returns of orders that the caller may see, newest first."""
    return queries.list_returns(actor, clock.now(), **query)


@bp.route("/returns/<uuid:goods_return_id>")
@requires("signed_in")
@bp.response(200, GoodsReturnSchema)
def get_return(goods_return_id: UUID, actor: Actor) -> ReturnRow:
    """Return a return."""
    return queries.get_return(goods_return_id, actor, clock.now())


@bp.route("/orders/<uuid:order_id>/returns")
@requires("signed_in")
@bp.arguments(GoodsReturnQuery, location="query")
@bp.response(200, GoodsReturnPage)
def list_order_returns(query: dict[str, Any], order_id: UUID, actor: Actor) -> Page[ReturnRow]:
    """List the returns of an order."""
    at = clock.now()
    return queries.list_returns(actor, at, order_id=get_order(order_id, actor, at).id, **query)


@bp.route("/orders/<uuid:order_id>/returns", methods=["POST"])
@requires("orders:read")
@idempotent
@bp.arguments(NewGoodsReturnSchema)
@bp.response(201, GoodsReturnSchema)
def open_one(body: dict[str, Any], order_id: UUID, actor: Actor) -> ReturnRow:
    """Ask for accepted goods to go back (buyer), or offer to take them (producer); the other side agrees.

    The buyer needs nobody's agreement for goods that are called back.
    """
    wanted = [ItemToReturn(one["item_id"], one["quantity"].value, one["quantity"].unit) for one in body["items"]]
    with transaction():
        return _answer(open_return(order_id, wanted, body["reason"], actor=actor, at=clock.now()), actor)


@bp.route("/returns/<uuid:goods_return_id>/agree", methods=["POST"])
@requires("orders:read")
@idempotent
@bp.response(200, GoodsReturnSchema)
def agree(goods_return_id: UUID, actor: Actor) -> ReturnRow:
    """Agree, as the other side, that goods go back."""
    with transaction():
        return _answer(deciding.agree(goods_return_id, actor=actor, at=clock.now()), actor)


@bp.route("/returns/<uuid:goods_return_id>/refuse", methods=["POST"])
@requires("orders:read")
@idempotent
@bp.arguments(ReasonSchema)
@bp.response(200, GoodsReturnSchema)
def refuse(body: dict[str, Any], goods_return_id: UUID, actor: Actor) -> ReturnRow:
    """Refuse a return with a reason, or say that nothing came of what was sent."""
    with transaction():
        return _answer(deciding.refuse(goods_return_id, body["reason"], actor=actor, at=clock.now()), actor)


@bp.route("/returns/<uuid:goods_return_id>/withdraw", methods=["POST"])
@requires("orders:read")
@idempotent
@bp.response(200, GoodsReturnSchema)
def withdraw(goods_return_id: UUID, actor: Actor) -> ReturnRow:
    """Take back a return of one's own side of which nothing has left."""
    with transaction():
        return _answer(deciding.withdraw(goods_return_id, actor=actor, at=clock.now()), actor)


@bp.route("/returns/<uuid:goods_return_id>/send", methods=["POST"])
@requires("goods:accept")
@idempotent
@bp.arguments(SentBackSchema)
@bp.response(200, GoodsReturnSchema)
def send(body: dict[str, Any], goods_return_id: UUID, actor: Actor) -> ReturnRow:
    """Say that the goods are on their way back."""
    with transaction():
        made = deciding.send(goods_return_id, body["carrier"], body["tracking_ref"], actor=actor, at=clock.now())
        return _answer(made, actor)


@bp.route("/returns/<uuid:goods_return_id>/receive", methods=["POST"])
@requires("goods:ship")
@idempotent
@bp.arguments(ReceivedSchema)
@bp.response(200, GoodsReturnSchema)
def receive_one(body: dict[str, Any], goods_return_id: UUID, actor: Actor) -> ReturnRow:
    """Take goods back: what came is not owed any more, and its money is asked back by itself."""
    parts = ("to_lot", "apart", "destroyed")
    came = [
        CameBack(
            one["item_id"], one["to_lot"].value, one["apart"].value, one["destroyed"].value,
            tuple(one[part].unit for part in parts), one["apart_code"],
        )
        for one in body["items"]
    ]  # fmt: skip
    with transaction():
        return _answer(receive(goods_return_id, came, body["note"], actor=actor, at=clock.now()), actor)


def _answer(made: GoodsReturn, actor: Actor) -> ReturnRow:
    return queries.get_return(made.public_id, actor, clock.now())
