"""What is said of an open return: agreed to, refused, taken back, sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from orders.purchase import changes, machine
from orders.purchase.access import lock_order_by_key, own_orders
from orders.purchase.changes import ReasonMissing
from orders.purchase.models import Order
from orders.purchase.parties import Parties
from orders.returns.models import GoodsReturn
from orders.returns.opening import MACHINE, tell
from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import NotFound
from shop.i18n import _


class NoSuchReturn(NotFound):
    """There is no return with that identifier that the actor may see."""

    code = "no-such-return"


def agree(return_id: UUID, *, actor: Actor, at: datetime) -> GoodsReturn:
    """Agree, as the other side, that the goods go back.

    :raises NoSuchReturn: if it is not the actor's.
    :raises WrongState: if it is not waiting for that.
    :raises Forbidden: for who opened it.
    """
    one, order = lock_return(return_id, actor, at)
    _move(one, order, "agree", actor=actor, at=at)
    tell("orders.return_agreed", one, order, actor)
    return one


def refuse(return_id: UUID, why: str, *, actor: Actor, at: datetime) -> GoodsReturn:
    """Refuse a return, or say that nothing came of what was sent; the goods stay accepted.

    :raises ReasonMissing: if nobody says why.
    """
    if not why.strip():
        raise ReasonMissing(_("请填写原因。"), errors=[{"pointer": "#/reason", "detail": _("请填写原因。")}])
    return _end(return_id, "refuse", why.strip(), actor=actor, at=at)


def withdraw(return_id: UUID, *, actor: Actor, at: datetime) -> GoodsReturn:
    """Take back, as who opened it, a return of which nothing has left."""
    return _end(return_id, "withdraw", "", actor=actor, at=at)


def _end(return_id: UUID, event: str, why: str, *, actor: Actor, at: datetime) -> GoodsReturn:
    one, order = lock_return(return_id, actor, at)
    _move(one, order, event, actor=actor, at=at, why=why)
    one.note = why or one.note
    tell("orders.return_refused", one, order, actor, why=why or _("申请人已撤回"))
    return one


def send(return_id: UUID, carrier: str, tracking_ref: str, *, actor: Actor, at: datetime) -> GoodsReturn:
    """Say, as the buyer, that the goods have left.

    :raises WrongState: before both sides agree.
    """
    one, order = lock_return(return_id, actor, at)
    _move(one, order, "send", actor=actor, at=at)
    one.carrier, one.tracking_ref, one.sent_at = carrier.strip(), tracking_ref.strip(), at
    tell(
        "orders.goods_sent_back", one, order, actor, sent_at=at.isoformat(), **changes.parties_of(order),
        items=_sent_items(one),
    )  # fmt: skip
    return one


_ITEMS = text("""
    SELECT s.lot_id, s.movement_id AS movement, l.unit, to_char(i.quantity, 'FM99999999990.000') AS quantity
    FROM goods_return_items i JOIN shipment_items s ON s.id = i.shipment_item_id JOIN order_lines l ON l.id = s.line_id
    WHERE i.return_id = :return ORDER BY i.id""")


def _sent_items(one: GoodsReturn) -> list[dict[str, Any]]:
    return [dict(row) for row in db.session.execute(_ITEMS, {"return": one.id}).mappings()]


def lock_return(return_id: UUID, actor: Actor, at: datetime) -> tuple[GoodsReturn, Order]:
    """Lock the order, then the return, of the actor's organisation.

    :raises NoSuchReturn: if there is none.
    """
    key = db.session.execute(
        select(GoodsReturn.id, GoodsReturn.order_id)
        .join(Order, Order.id == GoodsReturn.order_id)
        .where(GoodsReturn.public_id == return_id, own_orders(actor, at))
    ).one_or_none()
    if key is None:
        raise NoSuchReturn(_("没有找到。"))
    order = lock_order_by_key(key.order_id)
    query = select(GoodsReturn).where(GoodsReturn.id == key.id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one(), order


def _move(one: GoodsReturn, order: Order, event: str, *, actor: Actor, at: datetime, why: str = "") -> None:
    was = one.status
    machine.move(MACHINE, one, event, actor=actor, at=at, why=why, parties=Parties.of(order))
    audit.record(actor, f"orders.return_{event}", "goods_return", one.id, status=[was, one.status])
