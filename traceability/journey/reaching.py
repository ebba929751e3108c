"""Recalls reach what is told only afterwards to have been made of their goods."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text

from catalog.lots import recalls
from catalog.lots.models import Lot, LotRecall
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
    wanted = select(LotRecall.recall_id).where(LotRecall.lifted_at.is_(None)).distinct()
    try:
        wanted = wanted.where(LotRecall.lot_id.in_(made_from(new)))
    except TraceTooLarge:
        log.warning("events lead too far up, every recall is looked at", first=first_id, last=last_id)
    for recall_id in sorted(db.session.scalars(wanted)):
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
    rows = list(db.session.scalars(select(LotRecall).where(LotRecall.recall_id == recall_id)))
    root = next(row for row in rows if row.is_root)
    known = {row.lot_id for row in rows}
    found = lots_of(made_of([root.lot_id]))
    further = [each for key, each in sorted(found.items()) if key not in known]
    producers = _producers(root, known)
    own = [each.id for each in further if producers is None or each.producer_id in producers]
    if own:
        recalls.extend(recall_id, own, at=at)
    others = [each for each in further if each.id not in own]
    standing = recalls.in_force([each.id for each in others])
    if others := [each for each in others if each.id not in standing]:
        recalling.tell_operators(found[root.lot_id], others, at)


def _producers(root: LotRecall, known: Collection[int]) -> set[int] | None:
    """Return whose goods a recall calls back: the producers whose lots it has; ``None``: anybody's, it is the operator's."""
    maker = db.session.get(Organisation, root.organisation_id) if root.organisation_id else None
    if maker is not None and maker.kind == "operator":
        return None
    return {lot.producer_id for lot in lots_of(known).values()}
