"""Undoing what was recorded by mistake, while nothing depends on it, with the tests and papers of what it made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text

from catalog.lots import lineage
from catalog.lots.batches.acts import Deed, lock_batches, move, start, tell
from catalog.lots.batches.models import Batch, BatchAct
from catalog.lots.batches.queries import get_act
from catalog.lots.moves import Movement, StockReserved, lock_stock
from catalog.lots.moves import move as move_lot
from catalog.lots.records.models import MeatPaper, Passage, TemperatureRecord, TestReport
from catalog.lots.records.reports import withdraw_report
from catalog.lots.records.withdrawing import withdraw_meat_paper, withdraw_passage, withdraw_temperatures
from catalog.rules import TABLE
from shop.auth import Actor
from shop.clock import business_day
from shop.constraints import refusing
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.moves.table import by


class CannotUndo(Conflict):
    """The record was undone before, or something has been done since with what it made."""

    code = "cannot-undo"


@dataclass(frozen=True)
class _LotPart:
    lot_id: int
    sku_id: int
    code: str
    status: str
    on_hand: Decimal
    quantity: Decimal
    unit_mass_g: int


def undo(public_id: UUID, actor: Actor, *, at: datetime) -> BatchAct:
    """Undo an act: what it took is given back, what it made is gone. Both stay in the records.

    What was recorded of what it made (tests, papers, temperatures, passages) is taken back with it: the next batch or
    lot of the same code has the same name in the trace, and they are not about that one.

    :raises NoSuchAct: if it is not the actor's.
    :raises CannotUndo: if it was undone before, is an undo itself, or goods of it have been used, sold or called back.
    :raises StockReserved: if orders have reserved the packs.
    """
    done = get_act(public_id, actor, business_day(at))
    if done.kind == "undo":
        raise CannotUndo(_("撤销记录不能再撤销。"))
    lineage.hold(done.producer_id)
    parts = _lock_lots(done)
    changes = _lock_changes(done)
    deed = Deed(
        "undo", done.producer_id, at, born_kg=-done.born_kg, added_kg=-done.added_kg, packed_kg=-done.packed_kg,
        loss_kg=-done.loss_kg, undoes_id=done.id,
    )  # fmt: skip
    with refusing(uq_batch_acts_undoes_id=CannotUndo(_("这条记录已经撤销过。"))):
        act = start(deed, actor, taken=done.out_kg, given=done.in_kg, at=at)
    _withdraw(done, [part.lot_id for part in parts if part.quantity > 0], actor, at)
    for part in parts:
        _take_back(part, act, actor, at)
    move(act, changes)
    made = db.session.scalars(select(Batch.id).where(Batch.act_id == done.id)).all()
    TABLE.move_many("batch", made, "undo", by(actor, "producer", at=at))
    tell(act, None, lots=[_told(part) for part in parts], undone=done)
    return act


_WITHDRAWALS: tuple[tuple[Any, Callable[..., object]], ...] = (
    (TestReport, withdraw_report), (MeatPaper, withdraw_meat_paper), (TemperatureRecord, withdraw_temperatures),
    (Passage, withdraw_passage),
)  # fmt: skip


def _withdraw(done: BatchAct, lots: Sequence[int], actor: Actor, at: datetime) -> None:
    """Take back what was recorded of the lots and of the batches that an act made."""
    made = select(Batch.id).where(Batch.act_id == done.id)
    for table, withdraw in _WITHDRAWALS:
        of_it = or_(table.lot_id.in_(lots), table.batch_id.in_(made))
        for public_id in db.session.scalars(
            select(table.public_id).where(of_it, table.withdrawn_at.is_(None)).order_by(table.id)
        ).all():
            withdraw(public_id, _("这批货的登记已撤销。"), actor, at=at)


def _lock_lots(done: BatchAct) -> list[_LotPart]:
    """Lock the lots that an act filled or emptied, their stock first."""
    rows = db.session.execute(_LOTS, {"act": done.id}).all()
    for sku_id in sorted({row.sku_id for row in rows}):
        lock_stock(sku_id)
    return [_LotPart(*row) for row in db.session.execute(_LOTS_LOCKED, {"act": done.id})]


_FROM = "FROM lot_movements m JOIN lots l ON l.id = m.lot_id WHERE m.act_id = :act"
_LOTS = text(f"SELECT l.sku_id {_FROM}")
_LOTS_LOCKED = text(f"""
    SELECT l.id, l.sku_id, l.code, l.status, l.on_hand, m.quantity, l.unit_mass_g {_FROM} ORDER BY l.id FOR UPDATE OF l""")


def _lock_changes(done: BatchAct) -> dict[int, Decimal]:
    """Return the movements turned around; refuse if what was made is no longer whole."""
    rows = db.session.execute(
        text("SELECT batch_id, quantity_kg FROM batch_movements WHERE act_id = :act"), {"act": done.id}
    ).all()
    locked = lock_batches(row.batch_id for row in rows)
    for row in rows:
        batch = locked[row.batch_id]
        if batch.status == "recalled":
            raise CannotUndo(_("批次“%(code)s”已召回，不能撤销。", code=batch.code))
        if row.quantity_kg > 0 and batch.on_hand_kg != row.quantity_kg:
            raise CannotUndo(_("批次“%(code)s”已经用过，不能撤销。请先撤销后面的记录。", code=batch.code))
    return {row.batch_id: -row.quantity_kg for row in rows}


def _take_back(part: _LotPart, act: BatchAct, actor: Actor, at: datetime) -> None:
    """Turn a lot's movement around: a packed lot is gone, an unpacked one has its packs again."""
    ref = f"undo:{act.public_id}"
    if part.status == "recalled":
        raise CannotUndo(_("批次“%(code)s”已召回，不能撤销。", code=part.code))
    if part.quantity > 0:
        touched = CannotUndo(_("包装批次“%(code)s”已经发货、调整或编号，不能撤销。", code=part.code))
        if part.status != "open" or part.on_hand != part.quantity:
            raise touched
        # What left and came back is whole again, but its code has been seen outside: the database says so.
        with refusing(ck_lots_untouched=touched, lot_pieces=touched):
            move_lot(Movement(part.lot_id, "unpacked", -part.quantity, ref, at, actor.user_id, act_id=act.id))
            TABLE.move_many("lot", [part.lot_id], "undo", by(actor, "producer", at=at))
        return
    if part.status != "open":
        raise CannotUndo(_("包装批次“%(code)s”已关闭，不能撤销。", code=part.code))
    move_lot(Movement(part.lot_id, "adjusted_up", -part.quantity, ref, at, actor.user_id, act_id=act.id))


def _told(part: _LotPart) -> dict[str, Any]:
    row = db.session.execute(
        text(
            "SELECT l.public_id, s.public_id AS sku_id, s.gtin, s.unit FROM lots l JOIN skus s ON s.id = l.sku_id WHERE l.id = :lot"
        ),
        {"lot": part.lot_id},
    ).one()
    return {
        "lot_id": str(row.public_id), "code": part.code, "sku_id": str(row.sku_id), "gtin": row.gtin, "unit": row.unit,
        "quantity": f"{-part.quantity:.3f}", "mass_kg": f"{-part.quantity * part.unit_mass_g / 1000:.3f}",
    }  # fmt: skip


__all__ = ["CannotUndo", "StockReserved", "undo"]
