"""Opening a return of accepted goods: by the buyer, or by the producer for the buyer to agree to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select, text

from catalog.lots import recalls
from orders.fulfilment.models import Shipment, ShipmentItem
from orders.payments.refund_paths import asked_of_lines
from orders.purchase import changes, machine, numbers
from orders.purchase.access import lines_of, lock_order
from orders.purchase.models import Order, OrderLine
from orders.purchase.parties import Parties, side_of
from orders.returns.models import OPEN, GoodsReturn, GoodsReturnItem
from shop import audit, clock, money
from shop.auth import Actor
from shop.db import db
from shop.errors import Forbidden, Invalid
from shop.i18n import _

MACHINE = "goods_return"


class BadReturn(Invalid):
    """A quantity that is to go back, or has, does not fit what was accepted; see ``errors``."""

    code = "bad-return"


@dataclass(frozen=True, slots=True)
class ItemToReturn:
    """So much of a shipped item is to go back; an empty unit is the line's."""

    item_id: UUID
    quantity: Decimal
    unit: str = ""


def open_return(
    order_id: UUID, wanted: Sequence[ItemToReturn], reason: str, *, actor: Actor, at: datetime
) -> GoodsReturn:
    """Open a return of accepted goods. The other side agrees to it, unless the buyer sends back what is called back.

    :raises NoSuchOrder: if it is not the actor's.
    :raises Forbidden: for who may not accept goods for the buyer, or ship them for the producer.
    :raises BadReturn: pointing at what was not accepted, goes back already, or was given money back for.
    """
    order = lock_order(order_id, actor, at)
    items, lines = items_of(order), {line.id: line for line in lines_of(order)}
    _check(order, wanted, reason, items=items, lines=lines)
    event, is_recall = _how(order, [items[one.item_id] for one in wanted], actor, at)
    parties = Parties.of(order)
    rule = machine.check(MACHINE, GoodsReturn(status=""), event, actor=actor, at=at, parties=parties)
    key = int(db.session.scalar(text("SELECT nextval('goods_returns_id_seq')")) or 0)
    made = GoodsReturn(
        id=key, order_id=order.id, number=numbers.make_number("TH", clock.business_day(at), key), status=rule.target,
        reason=reason.strip(), is_recall=is_recall, opened_by=actor.user_id, opened_at=at,
    )  # fmt: skip
    machine.record_start(MACHINE, made, event, actor=actor, at=at)
    db.session.add(made)
    db.session.flush()  # its items refer to its row
    db.session.add_all(
        GoodsReturnItem(return_id=key, shipment_item_id=items[one.item_id].id, quantity=one.quantity) for one in wanted
    )
    audit.record(actor, "orders.return_opened", "goods_return", key, status=[None, made.status])
    tell("orders.return_opened", made, order, actor, reason=made.reason, **({"is_recall": True} if is_recall else {}))
    return made


def _how(order: Order, items: Sequence[ShipmentItem], actor: Actor, at: datetime) -> tuple[str, bool]:
    """Return by which move a return begins, and whether all of it is called back."""
    is_recall = recalls.in_force([item.lot_id for item in items]).keys() >= {item.lot_id for item in items}
    side = side_of(actor, Parties.of(order), at)
    if side == "buyer":
        return ("recall" if is_recall else "request"), is_recall
    if side == "producer":
        return "offer", is_recall
    raise Forbidden(_("由采购单位或供应商办理退货。"))


def _check(
    order: Order,
    wanted: Sequence[ItemToReturn],
    reason: str,
    *,
    items: Mapping[UUID, ShipmentItem],
    lines: Mapping[int, OrderLine],
) -> None:
    errors = [] if wanted else [{"pointer": "#/items", "detail": _("请填写退货数量。")}]
    if not reason.strip():
        errors.append({"pointer": "#/reason", "detail": _("请填写退货原因。")})
    going, seen = _going_back(order), set()
    for n, one in enumerate(wanted):
        item = items.get(one.item_id)
        if item is None or one.item_id in seen:
            errors.append({"pointer": f"#/items/{n}/item_id", "detail": _("没有这条发货记录，或重复填写。")})
            continue
        seen.add(one.item_id)
        errors += wrong_unit(n, one.unit, lines[item.line_id].unit)
        left = item.accepted - going.get(item.id, Decimal(0))
        if not 0 < one.quantity <= left:
            detail = _("可退数量为 %(left)s。", left=f"{left.normalize():f}")
            errors.append({"pointer": f"#/items/{n}/quantity", "detail": detail})
    if errors:
        raise BadReturn(errors[0]["detail"], errors=errors)
    back: dict[int, Decimal] = defaultdict(Decimal)
    for one in wanted:
        back[items[one.item_id].line_id] += one.quantity
    require_not_given_back(order, back, lines)


def wrong_unit(place: int, named: str, unit: str) -> list[dict[str, str]]:
    """Return the error of a quantity that names another unit than its line's."""
    if not named or named == unit:
        return []
    return [{"pointer": f"#/items/{place}/quantity", "detail": _("计量单位应为 %(unit)s。", unit=unit)}]


def require_not_given_back(order: Order, back: Mapping[int, Decimal], lines: Mapping[int, OrderLine]) -> None:
    """Refuse goods for which money went back, or is promised, already: what stays must be worth at least that.

    :param back: what goes back by the line's key.
    :raises BadReturn: naming the line.
    """
    asked = asked_of_lines(order)
    for key, quantity in sorted(back.items()):
        line = lines[key]
        given = line.allowed_fen + asked.get(key, 0)
        if given and given > money.line_fen(line.unit_price_fen, line.accepted - quantity):
            raise BadReturn(
                _("“%(title)s”已有协商退款 %(sum)s 元，退货后所余货款少于它。请先撤回未办的退款申请，或减少退货数量。",
                  title=line.title, sum=money.show_yuan(given)),
                errors=[{"pointer": "#/items", "detail": _("该商品已有协商退款。")}],
            )  # fmt: skip


def _going_back(order: Order) -> dict[int, Decimal]:
    """Return what open returns already take back of each shipped item."""
    rows = db.session.execute(
        select(GoodsReturnItem.shipment_item_id, func.sum(GoodsReturnItem.quantity))
        .join(GoodsReturn, GoodsReturn.id == GoodsReturnItem.return_id)
        .where(GoodsReturn.order_id == order.id, GoodsReturn.status.in_(OPEN))
        .group_by(GoodsReturnItem.shipment_item_id)
    )
    return {key: quantity for key, quantity in rows if quantity}


def items_of(order: Order) -> dict[UUID, ShipmentItem]:
    """Return the shipped items of a locked order, as the database has them."""
    rows = db.session.scalars(
        select(ShipmentItem)
        .join(Shipment, Shipment.id == ShipmentItem.shipment_id)
        .where(Shipment.order_id == order.id)
        .order_by(ShipmentItem.id)
        .execution_options(populate_existing=True)
    )
    return {item.public_id: item for item in rows}


def tell(topic: str, made: GoodsReturn, order: Order, actor: Actor, **values: object) -> None:
    """Publish what happened to a return to both sides; whose act it was is said by ``by_buyer`` or ``by_producer``."""
    by = "by_buyer" if actor.organisation_id == order.buyer_id else "by_producer"
    changes.tell(topic, order, goods_return_id=str(made.public_id), return_number=made.number, **{by: True}, **values)
