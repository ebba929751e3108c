"""Everything that changes the quantity of a lot, and reservations of stock: the only place where stock changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from uuid6 import uuid7

from catalog.lots.models import Lot
from catalog.lots.moves import AlreadyMoved, MoreThanPacked, Movement, StockReserved, changing, move
from catalog.lots.shipping import NoSuchLot, ReturnedTooMuch, ShippedLot, ship, take_back
from catalog.lots.stock import NotReserved, OutOfStock, free_stock, release, reserve
from catalog.lots.telling import tell_moved
from catalog.producers.queries import NoSuchProducer, require_producer
from catalog.products.models import Product, Sku
from catalog.rules import TABLE
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict, Invalid
from shop.i18n import _
from shop.moves.table import by

_MAX_CODE = 40


class LotCodeTaken(Conflict):
    """The SKU has a lot of that code."""

    code = "lot-code-taken"


class BadLot(Invalid):
    """A lot's dates or quantity make no sense."""

    code = "bad-lot"


class LotNotOpen(Conflict):
    """The lot is closed or recalled."""

    code = "lot-not-open"


@dataclass(frozen=True)
class NewLot:
    """A batch to be put in stock."""

    sku_id: int
    #: As printed on the pack; at most 40 characters.
    lot_code: str
    #: In the SKU's unit.
    quantity: Decimal
    produced_on: date
    expires_on: date | None = None
    origin_note: str = ""


def create_lot(new: NewLot, actor: Actor, *, at: datetime) -> Lot:
    """Put a batch in stock; its quantity is born with it.

    :raises NoSuchLot: if the SKU is not the actor's to stock.
    :raises BadLot: for a quantity of zero, days in the future or an expiry before production or today.
    :raises LotCodeTaken: if the SKU has a lot of that code.
    """
    today = business_day(at)
    check_lot(new, today)
    _require_sku(new.sku_id, actor, today)
    with changing(new.sku_id):
        lot = add_lot(new, at)
        _move(Movement(lot.id, "born", new.quantity, f"lot:{lot.public_id}", at, actor.user_id))
    db.session.refresh(lot)
    audit.record(actor, "catalog.lot_created", "lot", lot.id, quantity=[None, f"{new.quantity:f}"])
    return lot


def add_lot(new: NewLot, at: datetime, **origin: int) -> Lot:
    """Add an empty lot, to be born by a movement; ``origin`` are batch, act and net mass of what is packed.

    :raises LotCodeTaken: if the SKU has a lot of that code.
    """
    lot = Lot(
        public_id=uuid7(), sku_id=new.sku_id, code=new.lot_code.strip(), produced_on=new.produced_on,
        expires_on=new.expires_on, origin_note=new.origin_note.strip(), status="open", created_at=at, **origin,
    )  # fmt: skip
    detail = _("批号“%(code)s”已存在。", code=lot.code)
    with refusing(uq_lots_live_code=LotCodeTaken(detail, errors=[{"pointer": "#/code", "detail": detail}])):
        db.session.add(lot)
    return lot


def check_lot(new: NewLot, today: date) -> None:
    """Refuse what makes no sense about a lot.

    :raises BadLot: pointing at it.
    """
    if not 0 < len(new.lot_code.strip()) <= _MAX_CODE:
        raise BadLot(_("批号必填，最多40个字。"), errors=[{"pointer": "#/code", "detail": _("批号必填，最多40个字。")}])
    if new.quantity <= 0:
        raise BadLot(_("数量须大于零。"), errors=[{"pointer": "#/quantity", "detail": _("数量须大于零。")}])
    if new.produced_on > today:
        raise BadLot(_("生产日期不能晚于今天。"), errors=[{"pointer": "#/produced_on", "detail": _("不能晚于今天。")}])
    if new.expires_on is not None and new.expires_on < max(today, new.produced_on):
        detail = _("到期日不能早于今天或生产日期。")
        raise BadLot(detail, errors=[{"pointer": "#/expires_on", "detail": detail}])


def _require_sku(sku_id: int, actor: Actor, on: date) -> None:
    producer = db.session.execute(
        select(Product.producer_id).join(Sku, Sku.product_id == Product.id).where(Sku.id == sku_id)
    ).scalar_one_or_none()
    if producer is None:
        raise NoSuchLot(_("没有找到。"))
    require_producer(actor, producer, on)


def get_own_lot(public_id: UUID, actor: Actor, on: date) -> Lot:
    """Return a lot of a producer for whom the actor may act.

    :raises NoSuchLot: if there is none.
    """
    lot = db.session.scalars(select(Lot).where(Lot.public_id == public_id)).one_or_none()
    if lot is None:
        raise NoSuchLot(_("没有找到。"))
    _require_sku(lot.sku_id, actor, on)
    return lot


def adjust_lot(lot: Lot, change: Decimal, *, reason: str, actor: Actor, at: datetime) -> Lot:
    """Correct an open lot's quantity after a count, up or down.

    :param change: signed, in the SKU's unit.
    :raises BadLot: without a change or a reason.
    :raises StockReserved: if it takes away what orders have reserved, or more than there is.
    """
    if not change or not reason.strip():
        raise BadLot(_("请填写调整数量和原因。"))
    with changing(lot.sku_id):
        _require_open(lot)
        kind = "adjusted_up" if change > 0 else "adjusted_down"
        note = {"reason": reason.strip()}
        _move(Movement(lot.id, kind, change, f"adjust:{uuid7()}", at, actor.user_id, note))
    db.session.refresh(lot)
    audit.record(actor, "catalog.lot_adjusted", "lot", lot.id, change=[None, f"{change:f}"])
    return lot


def write_off_lot(lot: Lot, *, reason: str, actor: Actor, at: datetime) -> Lot:
    """Destroy what is left of a lot and close it; one that was called back stays so, and what comes back later goes too.

    :raises BadLot: without a reason.
    :raises LotNotOpen: if it is closed, or undone, and nothing is left of it.
    :raises StockReserved: if orders have reserved part of it.
    """
    if not reason.strip():
        raise BadLot(_("请填写原因。"))
    with changing(lot.sku_id):
        _require_goods(lot)
        before, gone = lot.status, lot.on_hand
        if gone > 0:
            note = {"reason": reason.strip()}
            _move(Movement(lot.id, "destroyed", -gone, f"write-off:{uuid7()}", at, actor.user_id, note))
        db.session.refresh(lot)
        if before == "open":
            TABLE.move("lot", lot, "write_off", by(actor, "producer", at=at), why=reason.strip())
        db.session.flush()  # the status must be stored before the shop is told
    audit.record(
        actor, "catalog.lot_written_off", "lot", lot.id, status=[before, lot.status], on_hand=[f"{gone:f}", "0"]
    )
    return lot


def _require_goods(lot: Lot) -> None:
    """Lock a lot, and refuse one that is no more: what was called back, or came back after closing, can be destroyed."""
    db.session.refresh(lot, with_for_update=True)
    if lot.status == "undone" or (lot.status != "open" and not lot.on_hand):
        raise LotNotOpen(_("批次“%(code)s”已没有剩余，不用报废。", code=lot.code))


def _move(movement: Movement) -> None:
    key, _public = move(movement)
    tell_moved(movement, key)


def _require_open(lot: Lot) -> None:
    db.session.refresh(lot, with_for_update=True)
    if lot.status != "open":
        raise LotNotOpen(_("批次“%(code)s”已关闭。", code=lot.code))


__all__ = [
    "AlreadyMoved", "BadLot", "LotCodeTaken", "LotNotOpen", "MoreThanPacked", "NewLot", "NoSuchLot", "NoSuchProducer",
    "NotReserved", "OutOfStock", "ReturnedTooMuch", "ShippedLot", "StockReserved", "add_lot", "adjust_lot", "check_lot",
    "create_lot", "free_stock", "get_own_lot", "release", "reserve", "ship", "take_back", "write_off_lot",
]  # fmt: skip
