"""Lifting a recall that was made by mistake: what no other recall covers is stock again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text, update

from catalog.lots import lineage, recalls
from catalog.lots.expiring import expire_sku
from catalog.lots.models import BatchRecall, LotRecall
from catalog.lots.moves import lock_stock
from catalog.rules import TABLE
from shop import audit
from shop.auth import Actor
from shop.clock import business_day
from shop.db import db
from shop.errors import Conflict, NotFound
from shop.i18n import _
from shop.moves.table import Asked, by
from shop.outbox.services import publish


class NoSuchRecall(NotFound):
    """There is no such recall, or it concerns nothing of the actor's."""

    code = "no-such-recall"


class RecallLifted(Conflict):
    """The recall has been lifted before."""

    code = "recall-lifted"


class LiftedByAnother(Conflict):
    """A recall is lifted by somebody of who made it, or by the operator, and not by the person who made it."""

    code = "recall-lifted-by-another"


def lift(recall_id: UUID, *, reason: str, actor: Actor, at: datetime) -> list[int]:
    """Lift a recall; returns the lots that are not called back any more.

    Each recall has all that it reaches, so what another one in force reaches stays called back by that one. The caller has checked that the goods are the
    actor's to call back.

    :raises NoRecallReason: without a reason, or with too long a one.
    :raises NoSuchRecall: if there is none.
    :raises LiftedByAnother: for the person who made it, and for others than who made it and the operator.
    :raises RecallLifted: if it was lifted before.
    """
    words = recalls.said(reason)
    batches = list(db.session.scalars(select(BatchRecall.batch_id).where(BatchRecall.recall_id == recall_id)))
    lineage.hold_alone(_lots_of(recall_id), batches)
    act = _lock(recall_id)
    # Before the lineage was ours, more may have been added; nothing is any more.
    lots = _lots_of(recall_id)
    lineage.hold_alone(lots, batches)
    _require_other(act, actor)
    for table in (LotRecall, BatchRecall):
        db.session.execute(
            update(table)
            .where(table.recall_id == recall_id, table.lifted_at.is_(None))
            .values(lifted_at=at, lifted_by=actor.user_id, lift_reason=words)
            .execution_options(synchronize_session=False)
        )
    still = recalls.in_force(lots)
    freed = [lot for lot in lots if lot not in still]
    _open(freed, batches, by(actor, "caller", at=at), words)
    for row in recalls.rows_of(freed):
        audit.record(actor, "catalog.recall_lifted", "lot", row.id, reason=[act.reason, words])
        told = recalls.told_of(row, act) | {"reason": words}
        publish("catalog.recall_lifted", organisations=[row.producer_id], **told, occurred_at=at.isoformat())
    for row in recalls.rows_of(list(still)):
        recalls.tell(row, still[row.id], at)
    return freed


def _lots_of(recall_id: UUID) -> list[int]:
    return list(db.session.scalars(select(LotRecall.lot_id).where(LotRecall.recall_id == recall_id)))


def _lock(recall_id: UUID) -> LotRecall | BatchRecall:
    """Lock the recall's row of the batch or lot that was named."""
    of_batch = select(BatchRecall).where(BatchRecall.recall_id == recall_id)
    of_lot = select(LotRecall).where(LotRecall.recall_id == recall_id, LotRecall.is_root)
    row: LotRecall | BatchRecall | None = None
    for query in (of_batch, of_lot):
        locked = query.with_for_update().execution_options(populate_existing=True)
        row = row or db.session.scalars(locked).one_or_none()
    if row is None:
        raise NoSuchRecall(_("没有找到。"))
    if row.lifted_at is not None:
        raise RecallLifted(_("这次召回已经撤回。"))
    return row


def _require_other(act: LotRecall | BatchRecall, actor: Actor) -> None:
    if actor.organisation_kind != "operator" and act.organisation_id != actor.organisation_id:
        raise LiftedByAnother(_("这次召回由平台运营方或其他单位发起，只有发起单位或平台运营方可以撤回。"))
    if act.recalled_by == actor.user_id:
        raise LiftedByAnother(_("召回须由另一个人撤回；本单位没有其他有权人员的，请联系平台运营方。"))


def _open(lots: Sequence[int], batches_named: Sequence[int], asked: Asked, words: str) -> None:
    """Make lots stock again, and let what was made of them be used, unless another recall reaches it; what expired leaves."""
    for row in recalls.rows_of(lots):
        lock_stock(row.sku_id)
        TABLE.move_many("lot", [row.id], "lift", asked, why=words)
        expire_sku(row.sku_id, business_day(asked.at), asked.at)
    batches = set(lineage.made_of(lots, batches_named)[1])
    about = {"lots": list(lots), "batches": list(batches_named)}
    still = list(db.session.scalars(_STILL, about)), list(db.session.scalars(_STILL_BATCHES, about))
    if any(still):
        batches -= set(lineage.made_of(*still)[1])
    TABLE.move_many("batch", sorted(batches), "lift", asked, why=words)


#: Acts keep to one producer, so what is called back reaches a batch only through lots of the same producer.
_STILL = text("""
    SELECT DISTINCT r.lot_id FROM lot_recalls r JOIN lots l ON l.id = r.lot_id JOIN skus k ON k.id = l.sku_id
    JOIN products p ON p.id = k.product_id
    WHERE r.lifted_at IS NULL AND p.producer_id IN (
        SELECT p.producer_id FROM lots l JOIN skus k ON k.id = l.sku_id JOIN products p ON p.id = k.product_id
        WHERE l.id = ANY(:lots) UNION SELECT producer_id FROM batches WHERE id = ANY(:batches))""")
_STILL_BATCHES = text("""
    SELECT r.batch_id FROM batch_recalls r JOIN batches b ON b.id = r.batch_id
    WHERE r.lifted_at IS NULL AND b.producer_id IN (
        SELECT p.producer_id FROM lots l JOIN skus k ON k.id = l.sku_id JOIN products p ON p.id = k.product_id
        WHERE l.id = ANY(:lots) UNION SELECT producer_id FROM batches WHERE id = ANY(:batches))""")
