"""Goods that have come back: into their lot, a lot of their own, or destroyed; nobody owes them any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from catalog.lots import lineage, recalls
from catalog.lots import services as lots
from catalog.lots.batches.apart import set_apart
from catalog.lots.models import Lot
from orders.contracts.services import find_contract
from orders.fulfilment import dues
from orders.fulfilment.models import ShipmentItem
from orders.purchase import changes, counting, machine
from orders.purchase.access import lines_of
from orders.purchase.models import Order, OrderLine
from orders.purchase.parties import Parties
from orders.returns.deciding import lock_return
from orders.returns.models import GoodsReturn, GoodsReturnItem
from orders.returns.opening import MACHINE, BadReturn, items_of, require_not_given_back, tell, wrong_unit
from shop import audit, clock
from shop.auth import Actor
from shop.db import db
from shop.i18n import _


@dataclass(frozen=True, slots=True)
class CameBack:
    """What came of an item of a return, by what becomes of it; empty units are the line's."""

    item_id: UUID
    to_lot: Decimal
    apart: Decimal
    destroyed: Decimal
    units: tuple[str, ...] = ()
    #: The code of the lot that what is kept apart becomes; empty makes one.
    apart_code: str = ""

    @property
    def total(self) -> Decimal:
        """What came."""
        return self.to_lot + self.apart + self.destroyed


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of an item, with all that it is about."""

    place: int
    said: CameBack
    item: GoodsReturnItem
    shipped: ShipmentItem
    line: OrderLine


def receive(return_id: UUID, came: Sequence[CameBack], note: str, *, actor: Actor, at: datetime) -> GoodsReturn:
    """Take goods back, as the producer; what has come back is not owed, and its money is asked back by itself.

    :raises NoSuchReturn: if it is not the actor's.
    :raises WrongState: before both sides agree, or a second time.
    :raises BadReturn: for more than was to come back, nothing at all, or goods that cannot be stock again.
    :raises PacksNumbered: if numbered packs are to become a lot of their own.
    """
    one, order = lock_return(return_id, actor, at)
    was = one.status
    machine.move(MACHINE, one, "receive", actor=actor, at=at, why=note.strip(), parties=Parties.of(order))
    one.received_at, one.received_by, one.note = at, actor.user_id, note.strip()
    lines = lines_of(order)
    found = _read(one, came, items_of(order), lines)
    _require_possible(order, found, {line.id: line for line in lines})
    _take_off(found)
    _put_back(one, found, order.producer_id, actor=actor, at=at)
    dues.follow_goods(order, lines, find_contract(order.id))
    db.session.flush()  # the books are counted from the lines as they now are
    on = clock.business_day(at)
    counting.recount(order, fact="goods_returned", key=f"return:{one.id}", at=at, on=on, actor=actor)
    audit.record(actor, "orders.return_receive", "goods_return", one.id, status=[was, one.status])
    parties = changes.parties_of(order)
    tell("orders.goods_returned", one, order, actor, received_at=at.isoformat(), **parties, items=_told(found))
    return one


def _read(
    one: GoodsReturn, came: Sequence[CameBack], shipped: Mapping[UUID, ShipmentItem], lines: Sequence[OrderLine]
) -> list[_Came]:
    rows = db.session.scalars(select(GoodsReturnItem).where(GoodsReturnItem.return_id == one.id))
    items, by_key = {row.public_id: row for row in rows}, {each.id: each for each in shipped.values()}
    by_line = {line.id: line for line in lines}
    errors = [] if any(each.total for each in came) else [{"pointer": "#/items", "detail": _("请填写收到的数量。")}]
    found: dict[UUID, _Came] = {}
    for n, each in enumerate(came):
        item = items.get(each.item_id)
        if item is None or each.item_id in found:
            errors.append({"pointer": f"#/items/{n}/item_id", "detail": _("没有这条退货记录，或重复填写。")})
            continue
        line = by_line[by_key[item.shipment_item_id].line_id]
        errors += [error for unit in each.units for error in wrong_unit(n, unit, line.unit)][:1]
        if min(each.to_lot, each.apart, each.destroyed) < 0 or each.total > item.quantity:
            detail = _("三项合计不能超过约定退回的 %(n)s。", n=f"{item.quantity.normalize():f}")
            errors.append({"pointer": f"#/items/{n}/to_lot", "detail": detail})
        found[each.item_id] = _Came(n, each, item, by_key[item.shipment_item_id], line)
    if errors:
        raise BadReturn(errors[0]["detail"], errors=errors)
    return sorted(
        (each for each in found.values() if each.said.total), key=lambda each: (each.line.sku_id, each.shipped.lot_id)
    )


def _require_possible(order: Order, found: Sequence[_Came], lines: Mapping[int, OrderLine]) -> None:
    """Refuse to keep apart, to be sold, what is called back or closed, and what money was given back for."""
    back: dict[int, Decimal] = defaultdict(Decimal)
    for each in found:
        back[each.line.id] += each.said.total
    require_not_given_back(order, back, lines)
    keys = [each.shipped.lot_id for each in found if each.said.apart]
    stopped = recalls.in_force(keys).keys() | set(
        db.session.scalars(select(Lot.id).where(Lot.id.in_(keys), Lot.status != "open"))
    )
    detail = _("已召回、过期或已报废的批次不能另立批次再售，请销毁，或退回原批次停放待销毁。")
    errors = [
        {"pointer": f"#/items/{each.place}/apart", "detail": detail}
        for each in found
        if each.said.apart and each.shipped.lot_id in stopped
    ]
    if errors:
        raise BadReturn(detail, errors=errors)


def _take_off(found: Sequence[_Came]) -> None:
    """Take what came off what was accepted: it is not kept, as what is rejected is not."""
    for each in found:
        for row in (each.shipped, each.line):
            row.accepted -= each.said.total
            row.rejected += each.said.total
            row.returned += each.said.total
    db.session.flush()  # lines come before stock in the lock order


def _put_back(one: GoodsReturn, found: Sequence[_Came], producer_id: int, *, actor: Actor, at: datetime) -> None:
    """Move the goods into their lots, in SKU order, and on to where they go from there."""
    if any(each.said.apart for each in found):
        lineage.hold(producer_id)  # comes before stock in the lock order
    for each in found:
        ref = f"return:{one.id}:item:{each.item.id}"
        if kept := each.said.to_lot + each.said.apart:
            lots.take_back(each.shipped.lot_id, kept, ref=ref, at=at, user_id=actor.user_id, destroyed=False)
        if each.said.destroyed:
            lots.take_back(
                each.shipped.lot_id, each.said.destroyed, ref=f"{ref}:destroyed", at=at, user_id=actor.user_id, destroyed=True
            )  # fmt: skip
        if each.said.apart:
            made = set_apart(each.shipped.lot_id, each.said.apart, code=each.said.apart_code, actor=actor, at=at)
            each.item.apart_lot_id = made.id
        each.item.to_lot, each.item.apart, each.item.destroyed = each.said.to_lot, each.said.apart, each.said.destroyed


def _told(found: Sequence[_Came]) -> list[dict[str, Any]]:
    return [
        {
            "lot_id": each.shipped.lot_id, "movement": each.shipped.movement_id, "unit": each.line.unit,
            "quantity": f"{each.said.total:.3f}", "destroyed": f"{each.said.destroyed:.3f}",
        }
        for each in found
    ]  # fmt: skip
