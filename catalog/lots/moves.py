"""The one way a lot's quantity changes: a movement, under the lock of the SKU's stock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from uuid6 import uuid7

from shop.db import db
from shop.errors import Conflict
from shop.i18n import _


class AlreadyMoved(Conflict):
    """The fact has moved the lot before."""

    code = "already-moved"


class StockReserved(Conflict):
    """Orders have reserved what was to be taken out of stock; member ``free`` says how much could go."""

    code = "stock-reserved"


class MoreThanPacked(Conflict):
    """A count would find more of a lot than was packed from its batch."""

    code = "more-than-packed"


@dataclass(frozen=True)
class Movement:
    """A change of a lot's quantity, signed: out is negative."""

    lot_id: int
    kind: str
    quantity: Decimal
    #: The business fact that moved it; once per lot and kind.
    ref: str
    at: datetime
    user_id: int | None
    note: dict[str, Any] = field(default_factory=dict)
    #: The act on batches that it belongs to.
    act_id: int | None = None


@dataclass
class StockRow:
    """The locked stock of a SKU."""

    sku_id: int
    on_hand: Decimal
    reserved: Decimal

    @property
    def free(self) -> Decimal:
        """What no order has reserved."""
        return max(self.on_hand - self.reserved, Decimal(0))


_INSERT = text("""
    INSERT INTO lot_movements (public_id, lot_id, kind, quantity, ref, note, at, user_id, act_id)
    VALUES (:public_id, :lot_id, :kind, :quantity, :ref, :note, :at, :user_id, :act_id) RETURNING id""").bindparams(
    bindparam("note", type_=JSONB)
)
_LOCK = text("SELECT sku_id, on_hand, reserved FROM sku_stock WHERE sku_id = :sku FOR UPDATE")


def lock_stock(sku_id: int) -> StockRow:
    """Lock the stock of a SKU and return it; a SKU's first lot makes the row."""
    row = db.session.execute(_LOCK, {"sku": sku_id}).first()
    if row is None:
        made = text("INSERT INTO sku_stock (sku_id) VALUES (:sku) ON CONFLICT DO NOTHING")
        db.session.execute(made, {"sku": sku_id})
        row = db.session.execute(_LOCK, {"sku": sku_id}).one()
    return StockRow(row.sku_id, row.on_hand, row.reserved)


@contextmanager
def changing(sku_id: int) -> Iterator[StockRow]:
    """Lock a SKU's stock for changes of its lots."""
    before = lock_stock(sku_id)
    yield before


def move(movement: Movement) -> tuple[int, UUID]:
    """Record a movement; the database changes lot and stock with it. Returns its key and public id.

    :raises AlreadyMoved: if the same fact moved the lot before.
    :raises StockReserved: if orders have reserved what would go, or the lot does not hold it.
    """
    public_id = uuid7()
    values = {**movement.__dict__, "public_id": public_id}
    try:
        with db.session.begin_nested():
            key = db.session.execute(_INSERT, values).scalar_one()
    except IntegrityError as error:
        raise _refusal(error, movement) from error
    return int(key), public_id


def _refusal(error: IntegrityError, movement: Movement) -> Conflict:
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", "") or ""
    if name.startswith("uq_lot_movements"):
        return AlreadyMoved(_("这笔变动已经记录过。"), ref=movement.ref)
    if name == "ck_lots_packed":
        return MoreThanPacked(_("盘点后的数量不能多于包装时的数量。请撤销包装后重新登记。"))
    if name in ("ck_sku_stock_reserved", "ck_lots_on_hand"):
        return StockReserved(_("剩余数量不足，或已被订单预留。"), quantity=f"{-movement.quantity:f}")
    raise error
