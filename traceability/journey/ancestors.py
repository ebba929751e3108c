"""The papers of what a lot was made of, batch by batch and lot by lot, up the acts that moved its mass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from shop import hotreads


@dataclass(frozen=True, slots=True)
class EarlierPaper:
    """A certificate, test or paper of meat of what a lot was made of."""

    #: ``commitment``, ``test``, ``quarantine`` or ``meat_inspection``.
    kind: str
    number: str
    issuer: str
    on: date
    until: date | None
    has_passed: bool
    is_withdrawn: bool
    #: It had run out on the day when these goods were made of those.
    was_expired: bool

    @property
    def is_bad(self) -> bool:
        """Say whether it does not speak for the goods."""
        return not self.has_passed or self.is_withdrawn or self.was_expired


@dataclass(frozen=True, slots=True)
class Seller:
    """From whom a batch was bought outside the platform: an organisation, or a household of which only the place is told."""

    #: Empty for a household.
    name: str
    credit_code: str
    county: str
    township: str
    document_number: str


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A batch or lot that went into a lot, with its papers, and from whom it was bought if it was."""

    code: str
    product: str
    producer: str
    papers: list[EarlierPaper]
    seller: Seller | None


#: So many steps up, so many things, the nearest first; as on the rest of the page (``story``).
_DEPTH, _MOST, _SHOWN = 12, 500, 40
#: A batch was made of what its act took out of batches and of packs that it opened, a lot of its batch. The batch that
#: the lot itself was packed from tells its papers as the lot's own.
_ANCESTORS = f"""
    WITH RECURSIVE up (is_lot, id, used_at, depth) AS (
        SELECT false, l.batch_id, a.occurred_at, 0 FROM lots l JOIN batch_acts a ON a.id = l.act_id WHERE l.id = %(lot)s
        UNION
        SELECT x.is_lot, x.id, x.used_at, up.depth + 1 FROM up CROSS JOIN LATERAL (
            SELECT false AS is_lot, i.batch_id AS id, a.occurred_at AS used_at
            FROM batches b JOIN batch_acts a ON a.id = b.act_id JOIN batch_movements i ON i.act_id = a.id AND i.quantity_kg < 0
            WHERE NOT up.is_lot AND b.id = up.id
            UNION ALL
            SELECT true, m.lot_id, a.occurred_at
            FROM batches b JOIN batch_acts a ON a.id = b.act_id JOIN lot_movements m ON m.act_id = a.id AND m.kind = 'unpacked'
            WHERE NOT up.is_lot AND b.id = up.id
            UNION ALL
            SELECT false, l.batch_id, a.occurred_at FROM lots l JOIN batch_acts a ON a.id = l.act_id
            WHERE up.is_lot AND l.id = up.id) x
        WHERE up.depth < {_DEPTH}
    ), nearest AS (
        SELECT is_lot, id, (min(used_at) AT TIME ZONE 'Asia/Shanghai')::date AS used_on, min(depth) AS depth
        FROM (SELECT * FROM up LIMIT {_MOST}) near GROUP BY is_lot, id
    ), papers AS (
        SELECT n.is_lot, n.id, json_agg(json_build_array(p.kind, p.number, p.issuer, p.issued_on, p.until, p.has_passed,
               p.is_withdrawn, coalesce(p.until < n.used_on, false)) ORDER BY p.place, p.issued_on DESC, p.number) AS told
        FROM nearest n CROSS JOIN LATERAL (
            SELECT * FROM (
                SELECT 0 AS place, 'commitment' AS kind, k.number, k.producer_name AS issuer, k.issued_on, NULL::date AS until,
                       true AS has_passed, false AS is_withdrawn
                FROM commitments k WHERE (n.is_lot AND k.lot_id = n.id) OR (NOT n.is_lot AND k.batch_id = n.id)
                ORDER BY k.id DESC LIMIT 1) last
            UNION ALL
            SELECT 1, m.kind, m.number, m.issuer, m.issued_on, NULL, true, m.withdrawn_at IS NOT NULL
            FROM meat_papers m WHERE (n.is_lot AND m.lot_id = n.id) OR (NOT n.is_lot AND m.batch_id = n.id)
            UNION ALL
            SELECT 2, 'test', r.number, r.laboratory, r.tested_on, r.expires_on, r.has_passed, r.withdrawn_at IS NOT NULL
            FROM test_reports r WHERE (n.is_lot AND r.lot_id = n.id) OR (NOT n.is_lot AND r.batch_id = n.id)) p
        WHERE n.depth > 0 GROUP BY n.is_lot, n.id
    )
    SELECT coalesce(l.code, b.code), p.name, o.name, q.told, x.told
    FROM nearest n LEFT JOIN papers q USING (is_lot, id)
    LEFT JOIN LATERAL (
        SELECT json_build_array(s.name, coalesce(s.credit_code, ''), d.name, s.township, s.document_number) AS told
        FROM batch_suppliers s JOIN divisions d ON d.code = s.division_code
        WHERE NOT n.is_lot AND s.batch_id = n.id ORDER BY s.id DESC LIMIT 1) x ON true
    LEFT JOIN lots l ON n.is_lot AND l.id = n.id LEFT JOIN skus s ON s.id = l.sku_id
    LEFT JOIN batches b ON NOT n.is_lot AND b.id = n.id
    JOIN products p ON p.id = coalesce(b.product_id, s.product_id) JOIN organisations o ON o.id = p.producer_id
    WHERE q.told IS NOT NULL OR x.told IS NOT NULL
    ORDER BY n.depth, n.is_lot DESC, n.id LIMIT {_SHOWN}"""


def ancestors_of(lot_key: int) -> list[Ancestor]:
    """Return what a lot was made of and has papers or was bought, the nearest first, in one statement."""
    return [
        Ancestor(code, product, producer, [_paper(*each) for each in told or ()], Seller(*seller) if seller else None)
        for code, product, producer, told, seller in hotreads.fetch(_ANCESTORS, {"lot": lot_key})
    ]


def _paper(kind: str, number: str, issuer: str, on: str, until: str | None, *rest: Any) -> EarlierPaper:
    return EarlierPaper(
        kind, number, issuer, date.fromisoformat(on), date.fromisoformat(until) if until else None, *rest
    )
