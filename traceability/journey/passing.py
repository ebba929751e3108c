"""Which lot somebody holds at a collection point, by its label's address or the code that is printed on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from shop.db import db
from traceability.resolver.queries import find_goods
from traceability.standard.links import read_label

#: Lots that one code may name, of several producers of a county.
MOST = 20
_LONGEST = 500
_LOTS = text("""
    SELECT l.public_id, l.code, p.name, s.pack_spec, o.name FROM lots l
    JOIN skus s ON s.id = l.sku_id JOIN products p ON p.id = s.product_id JOIN organisations o ON o.id = p.producer_id
    JOIN producers r ON r.organisation_id = p.producer_id
    WHERE l.status <> 'undone' AND r.county_code = ANY (:counties)
      AND CASE WHEN cast(:lot AS uuid) IS NULL THEN l.code = :code ELSE l.public_id = :lot END
    ORDER BY l.id DESC LIMIT :most""")


@dataclass(frozen=True)
class Held:
    """A lot that a code names."""

    id: UUID
    code: str
    product: str
    pack_spec: str
    producer: str


def find_held(code: str, counties: Iterable[str]) -> list[Held]:
    """Return the lots of these counties' producers that a label's address, or a lot's code, names; the newest first."""
    code = code.strip()[:_LONGEST]
    lot: UUID | None = None
    if "://" in code:
        label = read_label(code)
        if label is None or label.ai != "01":
            return []
        goods = find_goods(label.value, label.qualifiers.get("10"), label.qualifiers.get("21"))
        if goods is None or goods.lot_id is None:
            return []
        lot = goods.lot_id
    values = {"code": code, "lot": lot, "counties": sorted(set(counties)), "most": MOST}
    return [Held(*row) for row in db.session.execute(_LOTS, values)]
