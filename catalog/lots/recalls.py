"""Calling lots back: from then on nothing of them leaves, and they are no stock any more, whatever orders have reserved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from catalog.lots import lineage
from catalog.lots.models import Lot, LotRecall
from catalog.lots.moves import lock_stock
from shop import audit
from shop.auth import Actor
from shop.db import db
from shop.errors import Invalid
from shop.i18n import _
from shop.outbox.services import publish

_MOST = 500


class NoRecallReason(Invalid):
    """A recall says why, in at most 500 characters."""

    code = "no-recall-reason"


def recall(lot_ids: Iterable[int], *, reason: str, actor: Actor, at: datetime) -> list[int]:
    """Call lots back, with all that was made of them; returns the lots that were not before.

    Acts of their producers wait: what they make of it is there by then, or they find that it was called back. The
    caller has checked that the actor may.

    :raises NoRecallReason: without a reason, or with too long a one.
    """
    words = reason.strip()
    if not 0 < len(words) <= _MOST:
        detail = _("请填写召回原因,最多500个字。")
        raise NoRecallReason(detail, errors=[{"pointer": "#/reason", "detail": detail}])
    named = set(lot_ids)
    lineage.hold_alone(named)
    lots, batches = lineage.made_of(named)
    rows = db.session.execute(
        select(Lot.id, Lot.sku_id, Lot.public_id, Lot.code).where(Lot.id.in_(lots)).order_by(Lot.sku_id, Lot.id)
    ).all()
    recalled = [row for row in rows if _recall(row.id, row.sku_id, words, actor, at)]
    db.session.execute(_STOP, {"batches": batches})
    for row in recalled:
        audit.record(actor, "catalog.lot_recalled", "lot", row.id, reason=[None, words])
        publish(
            "catalog.lot_recalled", lot_id=str(row.public_id), code=row.code, reason=words, occurred_at=at.isoformat()
        )
    return [row.id for row in recalled]


def _recall(lot_id: int, sku_id: int, reason: str, actor: Actor, at: datetime) -> bool:
    """Note the recall under the stock's lock; ``False`` if it was noted before."""
    lock_stock(sku_id)
    made = db.session.scalar(
        insert(LotRecall)
        .values(lot_id=lot_id, reason=reason, recalled_by=actor.user_id, recalled_at=at)
        .on_conflict_do_nothing()
        .returning(LotRecall.lot_id)
    )
    if made is not None:
        db.session.execute(_CLOSE, {"lot": lot_id})
    return made is not None


_CLOSE = text("UPDATE lots SET status = 'recalled', version = version + 1 WHERE id = :lot AND status = 'open'")
_STOP = text("""
    UPDATE batches SET status = 'recalled', version = version + 1 WHERE id IN (
        SELECT id FROM batches WHERE id = ANY(:batches) AND status = 'open' ORDER BY id FOR UPDATE)""")
