"""The one way a batch's mass changes: an act with its movements, told as an event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from uuid6 import uuid7

from catalog.lots.batches import places
from catalog.lots.batches.models import BIRTHS, Batch, BatchAct, BatchMovement, Place
from catalog.lots.batches.rules import check_order
from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import Conflict
from shop.i18n import _
from shop.outbox.services import publish

ZERO = Decimal(0)
#: What an act's event is called.
TOPICS = {
    **dict.fromkeys(BIRTHS, "catalog.batch_recorded"),
    **dict.fromkeys(("process", "split", "mix", "unpack"), "catalog.batch_transformed"),
    "pack": "catalog.lot_packed", "discard": "catalog.batch_discarded", "undo": "catalog.act_undone",
}  # fmt: skip


class BatchTooSmall(Conflict):
    """The batch does not hold what was to be taken; member ``available_kg`` says how much there is."""

    code = "batch-too-small"


class BatchNotOpen(Conflict):
    """The batch is recalled or its record was undone."""

    code = "batch-not-open"


@dataclass(frozen=True)
class Deed:
    """What was done, before it is recorded."""

    kind: str
    producer_id: int
    occurred_at: datetime
    place: Place | None = None
    born_kg: Decimal = ZERO
    added_kg: Decimal = ZERO
    packed_kg: Decimal = ZERO
    loss_kg: Decimal = ZERO
    yield_bound: Decimal | None = None
    undoes_id: int | None = None
    note: Mapping[str, Any] = field(default_factory=dict)


#: An act is compared with its movements when the transaction ends, also where an earlier act of it has been already.
_LATER = text("SET CONSTRAINTS batch_acts_add_up, batch_movements_add_up, lot_movements_add_up DEFERRED")


def start(deed: Deed, actor: Actor, *, taken: Decimal, given: Decimal, at: datetime) -> BatchAct:
    """Record an act; its movements must follow in the same transaction, or the database refuses all of it."""
    db.session.execute(_LATER)
    act = BatchAct(
        public_id=uuid7(), producer_id=deed.producer_id, kind=deed.kind, place_id=deed.place.id if deed.place else None,
        occurred_at=deed.occurred_at, recorded_at=at, user_id=actor.user_id, born_kg=deed.born_kg, added_kg=deed.added_kg,
        in_kg=taken, out_kg=given, packed_kg=deed.packed_kg, loss_kg=deed.loss_kg, yield_bound=deed.yield_bound,
        undoes_id=deed.undoes_id, note=dict(deed.note),
    )  # fmt: skip
    db.session.add(act)
    db.session.flush()  # its movements refer to its key
    audit.record(actor, f"catalog.batch_{deed.kind}", "batch_act", act.id)
    return act


def lock_batches(keys: Iterable[int]) -> dict[int, Batch]:
    """Lock batches in the order of their keys and return them as they then are."""
    rows = db.session.scalars(
        select(Batch)
        .where(Batch.id.in_(sorted(set(keys))))
        .order_by(Batch.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {batch.id: batch for batch in rows}


def require_open(batch: Batch) -> None:
    """Refuse a batch from which nothing may be taken.

    :raises BatchNotOpen: if it is recalled or undone.
    """
    if batch.status != "open":
        raise BatchNotOpen(_("批次“%(code)s”已召回或已撤销，不能使用。", code=batch.code))


def move(act: BatchAct, changes: Mapping[int, Decimal]) -> None:
    """Record the movements of an act, in the order of the batches' keys; the database keeps the batches in step.

    :param changes: batch key to kilograms, below zero where they are taken.
    :raises BadBatch: if a batch that is taken of came into being after the act.
    :raises BatchTooSmall: if a batch does not hold what is taken.
    """
    if act.kind != "undo":
        taken = [batch_id for batch_id, quantity in changes.items() if quantity < 0]
        born = select(Batch.code, BatchAct.occurred_at).join(BatchAct, BatchAct.id == Batch.act_id)
        check_order(act.occurred_at, db.session.execute(born.where(Batch.id.in_(taken))))
    for batch_id in sorted(changes):
        try:
            with db.session.begin_nested():
                db.session.add(
                    BatchMovement(public_id=uuid7(), batch_id=batch_id, act_id=act.id, quantity_kg=changes[batch_id])
                )
                db.session.flush()  # obtains the database's answer
        except IntegrityError as error:
            name = getattr(getattr(error.orig, "diag", None), "constraint_name", "") or ""
            if name != "ck_batches_on_hand_kg":
                raise
            left = db.session.execute(
                text("SELECT on_hand_kg FROM batches WHERE id = :id"), {"id": batch_id}
            ).scalar_one()
            raise too_small(left) from error
    for batch in db.session.scalars(select(Batch).where(Batch.id.in_(changes))):
        db.session.refresh(batch)


def too_small(left: Decimal, field: str = "quantity") -> BatchTooSmall:
    """Return the refusal that a batch holds too little for what the field asks."""
    detail = _("该批次只剩 %(left)s 公斤。", left=f"{left.normalize():f}")
    return BatchTooSmall(detail, available_kg=f"{left:.3f}", errors=[{"pointer": f"#/{field}", "detail": detail}])


def tell(
    act: BatchAct, place: Place | None, *, lots: Sequence[Mapping[str, Any]] = (), undone: BatchAct | None = None
) -> None:
    """Publish what an act did, with everything that an EPCIS event of it needs."""
    rows = db.session.execute(_MOVED, {"act": act.id}).mappings().all()
    moved = [
        {
            "batch_id": str(row["batch_id"]), "code": row["code"], "product_id": str(row["product_id"]),
            "product_name": row["product_name"], "category": row["category_code"], "variety": row["variety"],
            "quantity_kg": f"{abs(row['quantity_kg']):.3f}", "is_input": row["quantity_kg"] < 0,
        }
        for row in rows
    ]  # fmt: skip
    publish(
        TOPICS[act.kind],
        organisations=[act.producer_id],
        act_id=str(act.public_id),
        kind=act.kind,
        undoes=str(undone.public_id) if undone else None,
        producer_id=str(_producer(act.producer_id)),
        occurred_at=act.occurred_at.isoformat(),
        recorded_at=act.recorded_at.isoformat(),
        place=places.as_values(place),
        inputs=[each for each in moved if each["is_input"]],
        outputs=[each for each in moved if not each["is_input"]],
        lots=list(lots),
        yield_bound=None if act.yield_bound is None else f"{act.yield_bound:.4f}",
        note=act.note,
        **{name: f"{getattr(act, name):.3f}" for name in ("born_kg", "added_kg", "packed_kg", "loss_kg")},
    )


_MOVED = text("""
    SELECT b.public_id AS batch_id, b.code, b.variety, m.quantity_kg, p.public_id AS product_id, p.name AS product_name,
           p.category_code
    FROM batch_movements m JOIN batches b ON b.id = m.batch_id JOIN products p ON p.id = b.product_id
    WHERE m.act_id = :act ORDER BY b.id""")


def _producer(key: int) -> Any:
    return db.session.execute(text("SELECT public_id FROM organisations WHERE id = :id"), {"id": key}).scalar_one()
