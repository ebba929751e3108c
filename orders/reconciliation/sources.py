"""What our books hold of the things that the provider's lines are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import text

from shop.db import db

#: Every thing of ours that the provider's lines can be about: its name, what it is, whose part it is, the part as the
#: document says it, and what of it stands on the provider's cash now, signed. ``{wanted}`` narrows the names.
DOCUMENTS = """
    SELECT c.charge_ref AS ref, 'charge' AS kind, p.payee_id AS producer_id, cast(NULL AS bigint) AS order_id,
           p.amount_fen AS full_fen, p.amount_fen AS booked_fen
    FROM charges c JOIN payments p ON p.charge_id = c.id WHERE {wanted_charge}
    UNION ALL
    SELECT f.ref, 'refund', o.producer_id, o.id, r.amount_fen,
           CASE WHEN r.status = 'confirmed' AND r.bank_serial = f.ref THEN -r.amount_fen ELSE 0 END
    FROM (SELECT r.bank_serial AS ref, r.id FROM refunds r
          WHERE r.clearing = 'stripe' AND r.cause <> 'dispute' AND {wanted_refund}
          UNION SELECT p.answer_ref, p.subject_id FROM provider_calls p
          WHERE p.kind = 'refund' AND p.answer_ref <> '' AND {wanted_call}) f
    JOIN refunds r ON r.id = f.id JOIN orders o ON o.id = r.order_id
    UNION ALL
    SELECT d.dispute_ref, 'dispute', o.producer_id, o.id, coalesce(h.amount_fen, 0),
           CASE WHEN d.status IN ('open', 'lost') THEN -coalesce(h.amount_fen, 0) ELSE 0 END
    FROM disputes d LEFT JOIN dispute_holds h ON h.dispute_id = d.id LEFT JOIN orders o ON o.id = h.order_id
    WHERE {wanted_dispute}
    UNION ALL
    SELECT t.transfer_ref, 'transfer', o.producer_id, o.id, t.amount_fen,
           CASE WHEN t.status = 'done' THEN -t.amount_fen ELSE 0 END
    FROM transfers t JOIN orders o ON o.id = t.order_id WHERE {wanted_transfer}
    UNION ALL
    SELECT v.reversal_ref, 'reversal', o.producer_id, o.id, v.amount_fen,
           CASE WHEN v.status = 'done' THEN v.amount_fen ELSE 0 END
    FROM transfer_reversals v JOIN orders o ON o.id = v.order_id WHERE {wanted_reversal}"""
_NAMES = {
    "wanted_charge": "c.charge_ref", "wanted_refund": "r.bank_serial", "wanted_call": "p.answer_ref",
    "wanted_dispute": "d.dispute_ref", "wanted_transfer": "t.transfer_ref", "wanted_reversal": "v.reversal_ref",
}  # fmt: skip
#: All of them, for checks.
ALL_DOCUMENTS = DOCUMENTS.format(**{name: f"{column} IS NOT NULL" for name, column in _NAMES.items()})
_WANTED = text(
    DOCUMENTS.format(**{name: f"{column} = ANY(cast(:refs AS text[]))" for name, column in _NAMES.items()})
    + " ORDER BY ref, producer_id, order_id"
)


@dataclass
class Source:
    """A thing of ours: what it is, whose it is, and what stands on the provider's cash of it now."""

    ref: str
    kind: str
    booked_fen: int = 0
    #: As the document says it, by producer.
    full_fen: dict[int, int] = field(default_factory=dict)
    order_ids: set[int] = field(default_factory=set)

    @property
    def producer_id(self) -> int | None:
        """Its producer, if it has one alone."""
        return next(iter(self.full_fen)) if len(self.full_fen) == 1 else None

    @property
    def order_id(self) -> int | None:
        """Its order, if it has one alone."""
        return next(iter(self.order_ids)) if len(self.order_ids) == 1 else None


def find_sources(refs: Iterable[str]) -> Mapping[str, Source]:
    """Return what is known of these names, in one statement."""
    found: dict[str, Source] = {}
    for row in db.session.execute(_WANTED, {"refs": sorted(set(refs))}):
        source = found.setdefault(row.ref, Source(row.ref, row.kind))
        source.booked_fen += row.booked_fen
        if row.producer_id is not None:
            source.full_fen[row.producer_id] = source.full_fen.get(row.producer_id, 0) + row.full_fen
        if row.order_id is not None:
            source.order_ids.add(row.order_id)
    return found
