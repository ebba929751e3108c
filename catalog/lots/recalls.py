"""Calling lots back: from then on nothing of them leaves, and they are no stock any more, whatever orders have reserved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from uuid6 import uuid7

from catalog.lots import lineage
from catalog.lots.models import BatchRecall, Lot, LotRecall
from catalog.lots.moves import lock_stock
from catalog.products.models import Product, Sku
from catalog.rules import TABLE
from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _
from shop.moves.table import by
from shop.outbox.services import publish

_MOST = 500


class NoRecallReason(Invalid):
    """A recall says why, and so does its lifting, in at most 500 characters."""

    code = "no-recall-reason"


def recall(lot_ids: Sequence[int], *, reason: str, actor: Actor, at: datetime) -> list[int]:
    """Call lots back, the first and what was made of it, with all that was made of them; returns those that were not before.

    Acts of their producers wait: what they make of it is there by then, or they find that it was called back. Whoever
    calls the same lot back again adds to the recall that is in force. The caller has checked that the actor may.

    :raises NoRecallReason: without a reason, or with too long a one.
    """
    words = said(reason)
    lineage.hold_alone(lot_ids)
    act = LotRecall(
        recall_id=_same(lot_ids[0], actor) or uuid7(), reason=words, recalled_by=actor.user_id,
        organisation_id=actor.organisation_id, recalled_at=at,
    )  # fmt: skip
    return _call_back(lot_ids, act, actor, root=lot_ids[0])


def extend(recall_id: UUID, lot_ids: Sequence[int], *, at: datetime) -> list[int]:
    """Add lots to a recall in force: that they were made of its goods was told only afterwards; returns those that were not called back.

    A recall that was lifted meanwhile is not extended.
    """
    first = _standing(recall_id)
    if first is None:
        return []
    named = ([], [first.batch_id]) if isinstance(first, BatchRecall) else ([first.lot_id], [])
    lineage.hold_alone([*named[0], *lot_ids], named[1])
    act = _standing(recall_id)
    if act is None:
        return []
    names = ("recall_id", "reason", "recalled_by", "organisation_id")
    later = LotRecall(**{name: getattr(act, name) for name in names}, recalled_at=at)
    return _call_back(lot_ids, later, None, root=None)


def _standing(recall_id: UUID) -> BatchRecall | LotRecall | None:
    """Return what a recall in force begins with, as it is now."""
    queries: tuple[Any, ...] = (
        select(BatchRecall).where(BatchRecall.recall_id == recall_id, BatchRecall.lifted_at.is_(None)),
        select(LotRecall).where(LotRecall.recall_id == recall_id, LotRecall.lifted_at.is_(None)).order_by(LotRecall.id),
    )
    found = (db.session.scalars(query.execution_options(populate_existing=True)).first() for query in queries)
    return next((row for row in found if row is not None), None)


def recall_batch(batch_id: int, lot_ids: Sequence[int], *, reason: str, actor: Actor, at: datetime) -> UUID:
    """Stop a batch and call back every lot made of it, under one recall; returns that.

    Whoever calls the same batch back again adds to the recall that is in force. The caller has checked that the actor may.

    :param lot_ids: lots that were made of it as events say, beside those of its acts.
    :raises NoRecallReason: without a reason, or with too long a one.
    """
    words = said(reason)
    lineage.hold_alone(lot_ids, [batch_id])
    standing = find_batch_recall(batch_id, actor.organisation_id)
    recall_id = standing.recall_id if standing else uuid7()
    told = {
        "recall_id": recall_id, "reason": words, "recalled_by": actor.user_id, "organisation_id": actor.organisation_id,
        "recalled_at": at,
    }  # fmt: skip
    if standing is None:
        db.session.add(BatchRecall(batch_id=batch_id, **told))
        audit.record(actor, "catalog.batch_recalled", "batch", batch_id, reason=[None, words])
    lots, _batches = lineage.made_of(lot_ids, [batch_id])
    named = {row.lot_id for row in _roots(lots, actor.organisation_id)}
    root = next((lot for lot in lots if lot not in named), None)
    _call_back(lots, LotRecall(**told), actor, root=root, batches=[batch_id])
    return recall_id


def find_batch_recall(batch_id: int, organisation_id: int | None = None) -> BatchRecall | None:
    """Return the first recall in force that begins at a batch, of an organisation if one is named."""
    query = select(BatchRecall).where(BatchRecall.batch_id == batch_id, BatchRecall.lifted_at.is_(None))
    if organisation_id is not None:
        query = query.where(BatchRecall.organisation_id == organisation_id)
    return db.session.scalars(query.order_by(BatchRecall.id).limit(1)).one_or_none()


def _roots(lot_ids: Sequence[int], organisation_id: int) -> Sequence[LotRecall]:
    query = select(LotRecall).where(
        LotRecall.lot_id.in_(lot_ids), LotRecall.is_root, LotRecall.lifted_at.is_(None),
        LotRecall.organisation_id == organisation_id,
    )  # fmt: skip
    return db.session.scalars(query).all()


def _call_back(
    lot_ids: Sequence[int], act: LotRecall, actor: Actor | None, *, root: int | None, batches: Sequence[int] = ()
) -> list[int]:
    """Call lots back with all that was made of them and of batches; their lineage is held alone."""
    lots, batches = lineage.made_of(lot_ids, batches)
    before = in_force(lots)
    rows = rows_of(lots)
    for row in rows:
        _recall(row, act, actor, is_root=row.id == root)
    asked = by(actor, "caller" if actor else "system", at=act.recalled_at)
    TABLE.move_many("batch", batches, "recall", asked, why=act.reason)
    new = [row for row in rows if row.id not in before]
    for row in new:
        audit.record(actor, "catalog.lot_recalled", "lot", row.id, reason=[None, act.reason])
        tell(row, act, act.recalled_at)
    return [row.id for row in new]


def said(reason: str) -> str:
    """Return why, without blanks around it.

    :raises NoRecallReason: if nothing is said, or too much.
    """
    words = reason.strip()
    if not 0 < len(words) <= _MOST:
        detail = _("请填写原因，最多500个字。")
        raise NoRecallReason(detail, errors=[{"pointer": "#/reason", "detail": detail}])
    return words


def in_force(lot_ids: Sequence[int]) -> dict[int, LotRecall]:
    """Return the lots that are called back now, each with the first recall in force."""
    rows = db.session.scalars(
        select(LotRecall)
        .where(LotRecall.lot_id.in_(lot_ids), LotRecall.lifted_at.is_(None))
        .order_by(LotRecall.id.desc())
        .execution_options(populate_existing=True)
    )
    return {row.lot_id: row for row in rows}


def find_recall(lot_id: int, organisation_id: int) -> UUID | None:
    """Return the recall in force by which an organisation called a lot back by name."""
    query = select(LotRecall.recall_id).where(
        LotRecall.lot_id == lot_id, LotRecall.is_root, LotRecall.lifted_at.is_(None),
        LotRecall.organisation_id == organisation_id,
    )  # fmt: skip
    return db.session.scalar(query)


def rows_of(lot_ids: Sequence[int]) -> Sequence[Any]:
    """Return lots with their producers, in the order in which their stock is locked."""
    return db.session.execute(
        select(Lot.id, Lot.sku_id, Lot.public_id, Lot.code, Product.producer_id, Product.name, Product.county_code)
        .join(Sku, Sku.id == Lot.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(Lot.id.in_(lot_ids))
        .order_by(Lot.sku_id, Lot.id)
    ).all()


def tell(row: Any, act: LotRecall, at: datetime) -> None:
    """Publish that a lot is called back."""
    publish("catalog.lot_recalled", organisations=[row.producer_id], **told_of(row, act), occurred_at=at.isoformat())


def told_of(row: Any, act: LotRecall | BatchRecall) -> dict[str, Any]:
    """Return what an event of a recall says of one lot."""
    return {
        "recall_id": str(act.recall_id), "lot_id": str(row.public_id), "code": row.code, "product": row.name,
        "county": row.county_code, "reason": act.reason,
    }  # fmt: skip


def _same(lot_id: int, actor: Actor) -> UUID | None:
    return find_recall(lot_id, actor.organisation_id)


def _recall(row: Any, act: LotRecall, actor: Actor | None, *, is_root: bool) -> None:
    """Note the recall under the stock's lock; noted before by the same recall, nothing changes."""
    lock_stock(row.sku_id)
    names = ("recall_id", "reason", "recalled_by", "organisation_id", "recalled_at")
    values = {name: getattr(act, name) for name in names}
    db.session.execute(insert(LotRecall).values(lot_id=row.id, is_root=is_root, **values).on_conflict_do_nothing())
    asked = by(actor, "caller" if actor else "system", at=act.recalled_at)
    TABLE.move_many("lot", [row.id], "recall", asked, why=act.reason)
