"""Recalls reach what is told only afterwards to have been made of their goods."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text

from catalog.lots import recalls
from catalog.lots.batches.models import Batch
from catalog.lots.models import BatchRecall, Lot, LotRecall
from shop.db import db
from shop.identity.models import Organisation
from shop.logs import log
from traceability.genealogy.bounded import TraceTooLarge
from traceability.journey import recalling
from traceability.journey.goods import lots_of
from traceability.journey.made_of import made_from, made_of

#: What captured events make, put into something, or number: by these goods become others. The market's own acts are
#: stopped by the recall itself.
_NEW = text("""
    SELECT DISTINCT n.epc_id FROM trace_events e CROSS JOIN LATERAL (
        SELECT t.epc_id FROM trace_transforms t WHERE t.event_id = e.id AND t.is_output AND t.withdrawn_by IS NULL
        UNION ALL SELECT c.child_id FROM trace_containments c WHERE c.opened_by = e.id
        UNION ALL SELECT l.lot_id FROM trace_event_lots l WHERE l.event_id = e.id) n (epc_id)
    WHERE e.id BETWEEN :first AND :last AND NOT e.is_market AND NOT e.is_declaration ORDER BY 1""")


def reach_further(first_id: int, last_id: int, *, at: datetime) -> None:
    """Let recalls in force reach what events lead to: own lots join the recall, of others' the operator is told.

    :param first_id, last_id: keys of the events; repeated, nothing changes.
    :raises TraceTooLarge: if it cannot be told what was made of a lot that is called back.
    """
    new = list(db.session.scalars(_NEW, {"first": first_id, "last": last_id}))
    if not new:
        return
    of_lots = select(LotRecall.recall_id).where(LotRecall.lifted_at.is_(None))
    of_batches = select(BatchRecall.recall_id).where(BatchRecall.lifted_at.is_(None))
    try:
        lots, batches = made_from(new)
        of_lots = of_lots.where(LotRecall.lot_id.in_(lots))
        of_batches = of_batches.where(BatchRecall.batch_id.in_(batches))
    except TraceTooLarge:
        log.warning("events lead too far up, every recall is looked at", first=first_id, last=last_id)
    for recall_id in sorted({*db.session.scalars(of_lots), *db.session.scalars(of_batches)}):
        _reach(recall_id, at)


def reach_again(recall_id: UUID, lot: UUID, *, at: datetime) -> None:
    """Do the same for one recall, if the lot is the one that was named and it still stands.

    :raises TraceTooLarge: if it cannot be told what was made of the lot.
    """
    named = (
        select(LotRecall.id)
        .join(Lot, Lot.id == LotRecall.lot_id)
        .where(LotRecall.recall_id == recall_id, LotRecall.is_root, LotRecall.lifted_at.is_(None), Lot.public_id == lot)
    )
    if db.session.scalar(named) is not None:
        _reach(recall_id, at)


def _reach(recall_id: UUID, at: datetime) -> None:
    rows = list(db.session.scalars(select(LotRecall).where(LotRecall.recall_id == recall_id).order_by(LotRecall.id)))
    known = {row.lot_id for row in rows}
    head = db.session.scalars(select(BatchRecall).where(BatchRecall.recall_id == recall_id)).one_or_none()
    found = lots_of(made_of(sorted(known), batch=head.batch_id if head else None))
    further = [each for key, each in sorted(found.items()) if key not in known]
    producers = _producers(head or rows[0], known)
    own = [each.id for each in further if producers is None or each.producer_id in producers]
    if own:
        recalls.extend(recall_id, own, at=at)
    others = [each for each in further if each.id not in own]
    standing = recalls.in_force([each.id for each in others])
    others = [each for each in others if each.id not in standing]
    if others and rows:
        root = next((row for row in rows if row.is_root), rows[0])
        recalling.tell_operators(found[root.lot_id], others, at)


def _producers(head: LotRecall | BatchRecall, known: Collection[int]) -> set[int] | None:
    """Return whose goods a recall calls back: the producers whose goods it has; ``None``: anybody's, it is the operator's."""
    maker = db.session.get(Organisation, head.organisation_id) if head.organisation_id else None
    if maker is not None and maker.kind == "operator":
        return None
    own = {db.session.get_one(Batch, head.batch_id).producer_id} if isinstance(head, BatchRecall) else set()
    return own | {lot.producer_id for lot in lots_of(known).values()}
