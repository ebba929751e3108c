"""What stands against papers of goods: recalls of what a certificate goes with."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from catalog.lots.records.models import Commitment
from shop.db import db

_RECALLED = text("""
    SELECT DISTINCT l.code, l.public_id FROM lots l JOIN lot_recalls r ON r.lot_id = l.id AND r.lifted_at IS NULL
    WHERE l.id = :lot OR l.batch_id = :batch ORDER BY l.code, l.public_id""")
_IS_STOPPED = text("SELECT EXISTS (SELECT FROM batches WHERE id = :batch AND status = 'recalled')")


@dataclass(frozen=True)
class Doubt:
    """Which goods of a certificate are called back."""

    #: Code and public id of lots.
    lots: list[tuple[str, UUID]]
    #: The batch itself, as far as it is not packed.
    is_batch: bool


def doubt_of(commitment: Commitment) -> Doubt:
    """Return what stands against a certificate now."""
    keys = {"lot": commitment.lot_id, "batch": commitment.batch_id}
    lots = [(row.code, row.public_id) for row in db.session.execute(_RECALLED, keys)]
    return Doubt(lots, bool(db.session.scalar(_IS_STOPPED, keys)))
