"""Packs with numbers and the lots that they are of, beside a walk."""

from __future__ import annotations

from sqlalchemy import text

from shop.auth import Actor
from shop.db import db
from traceability.genealogy.walk import OF_LOT, Reached, bought, seen_by

#: Asked first: usually no lot of a trace has numbered packs, and the packs' question takes all that was reached along.
_HAS_PACKS = text("SELECT EXISTS (SELECT FROM trace_event_lots WHERE lot_id = ANY(cast(:lots AS bigint[])))")


def is_of_bought(epc_id: int, actor: Actor) -> bool:
    """Say whether an identifier is a pack of a lot that was given to the actor's organisation."""
    query = f"SELECT EXISTS (SELECT {OF_LOT} WHERE n.epc_id = :epc AND {bought(actor)})"
    return bool(db.session.execute(text(query), {"epc": epc_id}).scalar_one())


def lots_of_packs(reached: Reached) -> list[tuple[int, int]]:
    """Return (pack, lot) of those that were reached."""
    kinds = {kind: [id_ for id_, name in reached.names.items() if name[2] == kind] for kind in ("instance", "lot")}
    if not all(kinds.values()) or not db.session.execute(_HAS_PACKS, {"lots": kinds["lot"]}).scalar_one():
        return []
    query = f"SELECT DISTINCT n.epc_id, l.lot_id {OF_LOT} WHERE n.epc_id = ANY(:instance) AND l.lot_id = ANY(:lot)"
    return [(row[0], row[1]) for row in db.session.execute(text(query), kinds)]


def count_packs(lot_id: int, actor: Actor) -> int:
    """Return how many packs of a lot have numbers, by the events that the actor may see."""
    condition, values = seen_by(actor)
    query = f"SELECT count(DISTINCT n.epc_id) {OF_LOT} WHERE l.lot_id = :lot AND {condition}"
    return int(db.session.execute(text(query), {"lot": lot_id, **values}).scalar_one())
