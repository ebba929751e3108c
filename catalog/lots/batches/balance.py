"""Mass balance: everything that came in is somewhere, in a batch, in a lot, with a buyer, or lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal

from sqlalchemy import text

from shop.db import db

ZERO = Decimal(0)


@dataclass(frozen=True)
class Balance:
    """Kilograms that came in, and where they are; ``difference`` is zero, or something is wrong."""

    #: Harvested, slaughtered or bought; of one batch or lot: what was put into it.
    came_in: Decimal = ZERO
    #: Water, salt, sugar and the like.
    added: Decimal = ZERO
    in_batches: Decimal = ZERO
    in_lots: Decimal = ZERO
    #: With buyers: shipped less returned.
    shipped: Decimal = ZERO
    #: Used for other batches or lots; of one batch or lot only.
    used: Decimal = ZERO
    #: Lost in processing and packing, discarded, destroyed, expired, missing when counted.
    lost: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """What came in less where it is."""
        return self.came_in + self.added - self.in_batches - self.in_lots - self.shipped - self.used - self.lost

    def __add__(self, other: Balance) -> Balance:
        """Add two balances, place by place."""
        return Balance(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


_OVER_ALL = text("""
    WITH acts AS (SELECT * FROM batch_acts WHERE producer_id = ANY(:producers)),
    moved AS (
        SELECT m.kind, m.quantity * l.unit_mass_g / 1000 AS kg
        FROM lot_movements m JOIN lots l ON l.id = m.lot_id JOIN batches b ON b.id = l.batch_id
        WHERE b.producer_id = ANY(:producers))
    SELECT (SELECT coalesce(sum(born_kg), 0) FROM acts), (SELECT coalesce(sum(added_kg), 0) FROM acts),
           (SELECT coalesce(sum(on_hand_kg), 0) FROM batches WHERE producer_id = ANY(:producers)),
           (SELECT coalesce(sum(l.on_hand * l.unit_mass_g / 1000), 0) FROM lots l JOIN batches b ON b.id = l.batch_id
            WHERE b.producer_id = ANY(:producers)),
           (SELECT coalesce(-sum(kg) FILTER (WHERE kind IN ('shipped','returned')), 0) FROM moved),
           0::numeric,
           (SELECT coalesce(sum(loss_kg), 0) FROM acts)
             - (SELECT coalesce(sum(kg) FILTER (WHERE kind IN ('destroyed','expired')), 0) FROM moved)
             - (SELECT coalesce(sum(m.quantity * l.unit_mass_g / 1000), 0) FROM lot_movements m JOIN lots l ON l.id = m.lot_id
                JOIN batches b ON b.id = l.batch_id WHERE b.producer_id = ANY(:producers) AND m.act_id IS NULL
                AND m.kind IN ('adjusted_up','adjusted_down'))""")
_OF_BATCH = text("""
    SELECT coalesce(sum(m.quantity_kg) FILTER (WHERE m.quantity_kg > 0), 0), 0::numeric, b.on_hand_kg, 0::numeric, 0::numeric,
           coalesce(-sum(m.quantity_kg) FILTER (WHERE m.quantity_kg < 0 AND a.kind <> 'discard'), 0),
           coalesce(-sum(m.quantity_kg) FILTER (WHERE m.quantity_kg < 0 AND a.kind = 'discard'), 0)
    FROM batches b JOIN batch_movements m ON m.batch_id = b.id JOIN batch_acts a ON a.id = m.act_id
    WHERE b.id = :batch GROUP BY b.id""")
_OF_LOT = text("""
    SELECT coalesce(sum(kg) FILTER (WHERE m.kind = 'born'), 0), 0::numeric, 0::numeric,
           (SELECT on_hand * unit_mass_g / 1000 FROM lots WHERE id = :lot),
           coalesce(-sum(kg) FILTER (WHERE m.kind IN ('shipped','returned')), 0),
           coalesce(-sum(kg) FILTER (WHERE m.kind = 'unpacked' OR m.act_id IS NOT NULL AND m.kind = 'adjusted_up'), 0),
           coalesce(-sum(kg) FILTER (WHERE m.kind IN ('destroyed','expired')
                                     OR m.act_id IS NULL AND m.kind IN ('adjusted_up','adjusted_down')), 0)
    FROM (SELECT m.*, m.quantity * l.unit_mass_g / 1000 AS kg FROM lot_movements m JOIN lots l ON l.id = m.lot_id
          WHERE m.lot_id = :lot) m""")


def over_all(producers: Iterable[int]) -> Balance:
    """Return the balance of everything that came in by batches of some producers."""
    return Balance(*db.session.execute(_OVER_ALL, {"producers": sorted(producers)}).one())


def of_batch(batch_id: int) -> Balance:
    """Return the balance of a batch."""
    return Balance(*db.session.execute(_OF_BATCH, {"batch": batch_id}).one())


def of_lot(lot_id: int) -> Balance:
    """Return the balance of a lot that was packed from a batch; packs count by their net mass."""
    return Balance(*db.session.execute(_OF_LOT, {"lot": lot_id}).one())


#: What must hold of batches and lots; each gives a sentence for every row where it does not.
DIFFERENCES = {
    "batches = their movements": """
        SELECT format('batch %s holds %s kg, its movements say %s', b.public_id, b.on_hand_kg, coalesce(sum(m.quantity_kg), 0))
        FROM batches b LEFT JOIN batch_movements m ON m.batch_id = b.id
        GROUP BY b.id HAVING b.on_hand_kg <> coalesce(sum(m.quantity_kg), 0) ORDER BY b.id""",
    "acts on batches = their movements": """
        SELECT format('act %s says in %s, out %s, packed %s; its movements %s, %s, %s', a.public_id, a.in_kg, a.out_kg, a.packed_kg,
                      m.taken, m.given, p.packed)
        FROM batch_acts a
        CROSS JOIN LATERAL (SELECT coalesce(-sum(quantity_kg) FILTER (WHERE quantity_kg < 0), 0) AS taken,
                                   coalesce(sum(quantity_kg) FILTER (WHERE quantity_kg > 0), 0) AS given
                            FROM batch_movements WHERE act_id = a.id) m
        CROSS JOIN LATERAL (SELECT coalesce(sum(x.quantity * l.unit_mass_g / 1000), 0) AS packed
                            FROM lot_movements x JOIN lots l ON l.id = x.lot_id WHERE x.act_id = a.id) p
        WHERE (m.taken, m.given, p.packed) IS DISTINCT FROM (a.in_kg, a.out_kg, a.packed_kg) ORDER BY a.id""",
    "mass in = mass out + stock + loss": """
        SELECT format('producer %s: %s kg came in, %s kg are accounted for', o.public_id, x.came, x.found)
        FROM (SELECT a.producer_id,
                     sum(a.born_kg + a.added_kg) AS came,
                     sum(a.loss_kg) + coalesce((SELECT sum(on_hand_kg) FROM batches b WHERE b.producer_id = a.producer_id), 0)
                     + coalesce((SELECT sum(CASE WHEN m.id = f.id THEN l.on_hand ELSE 0 END * l.unit_mass_g / 1000
                                            - CASE WHEN m.act_id IS NULL THEN m.quantity ELSE 0 END * l.unit_mass_g / 1000)
                                 FROM lots l JOIN batches b ON b.id = l.batch_id JOIN lot_movements m ON m.lot_id = l.id
                                 JOIN lot_movements f ON f.lot_id = l.id AND f.kind = 'born'
                                 WHERE b.producer_id = a.producer_id), 0) AS found
              FROM batch_acts a GROUP BY a.producer_id) x
        JOIN organisations o ON o.id = x.producer_id
        WHERE x.came <> x.found ORDER BY o.id""",
}  # fmt: skip
#: How many rows each looks at.
COUNTS = {
    "batches = their movements": "SELECT count(*) FROM batches",
    "acts on batches = their movements": "SELECT count(*) FROM batch_acts",
    "mass in = mass out + stock + loss": "SELECT count(DISTINCT producer_id) FROM batch_acts",
}
