"""What lies on the main supervised account of money that is a producer's with a sub-account of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import text

from shop.db import db

#: Confirmed receipts that a line of a main account shows, of producers that have a sub-account on the day: oldest first.
#: What was moved, went back or is about to is not there any more.
_RECEIPTS = """
    WITH subs AS (
        SELECT DISTINCT ON (producer_id) producer_id, id FROM supervised_accounts
        WHERE producer_id IS NOT NULL AND status = 'confirmed' AND valid_from <= :on AND coalesce(valid_to, :on) >= :on
          AND (cast(:producers AS bigint[]) IS NULL OR producer_id = ANY(:producers))
        ORDER BY producer_id, valid_from DESC, id
    ),
    mains AS (
        SELECT DISTINCT ON (number) number, id FROM supervised_accounts
        WHERE producer_id IS NULL AND status = 'confirmed' AND valid_from <= :on AND coalesce(valid_to, :on) >= :on
        ORDER BY number, valid_from DESC, id
    )
    SELECT p.payee_id, s.id AS sub_id, m.id AS main_id, p.id, p.amount_fen - p.split_fen - p.returned_fen - coalesce((
               SELECT sum(x.amount_fen) FROM refund_receipts x JOIN refunds r ON r.id = x.refund_id
               WHERE x.payment_id = p.id AND r.status <> 'refused'), 0)::bigint AS left_fen
    FROM subs s JOIN payments p ON p.payee_id = s.producer_id JOIN bank_line_payments b ON b.payment_id = p.id
    JOIN bank_statement_lines l ON l.id = b.line_id AND l.payee_id IS NULL
    JOIN statement_accounts a ON a.id = l.account_id AND a.clearing = 'supervised' JOIN mains m ON m.number = a.number
    WHERE p.clearing = 'supervised' AND p.status = 'confirmed' AND p.split_fen < p.amount_fen
    ORDER BY p.payee_id, p.value_on, p.id"""
_LOCK = text("""
    SELECT id FROM payments WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE""")
#: What payouts took from the main account, for the producer had no sub-account on the day of their release.
_PAID = text("""
    SELECT p.producer_id, sum(i.amount_fen - i.card_fen + coalesce(i.fee_sent_fen, i.fee_bank_fen))::bigint AS fen
    FROM payouts p JOIN payout_items i ON i.payout_id = p.id
    WHERE p.rail = 'bank' AND p.status IN ('sent', 'paid') AND p.producer_id = ANY(:producers)
      AND NOT EXISTS (SELECT FROM supervised_accounts s WHERE s.producer_id = p.producer_id AND s.status = 'confirmed'
                      AND (p.released_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN s.valid_from
                          AND coalesce(s.valid_to, 'infinity'))
    GROUP BY 1""")


@dataclass
class OnMain:
    """A producer's money on a main account: both accounts, and what of which receipt."""

    producer_id: int
    main_id: int
    sub_id: int
    parts: list[tuple[int, int]] = field(default_factory=list)

    @property
    def amount_fen(self) -> int:
        """Return all of it."""
        return sum(fen for _payment, fen in self.parts)


def on_main(on: date, producers: Sequence[int] | None = None, *, lock: bool = False) -> list[OnMain]:
    """Return what lies on each main account for each producer that has a sub-account on a day.

    What payouts took from the main account before there was one is taken off the oldest receipts.

    :param lock: lock the receipts first, in ascending key, so that two splits never take the same money.
    """
    values = {"on": on, "producers": sorted(producers) if producers is not None else None}
    rows = db.session.execute(text(_RECEIPTS), values).all()
    if lock and rows:
        db.session.execute(_LOCK, {"ids": sorted(row.id for row in rows)})
        rows = db.session.execute(text(_RECEIPTS), values).all()
    gone_by = db.session.execute(_PAID, {"producers": sorted({row.payee_id for row in rows})})
    paid = {row.producer_id: row.fen for row in gone_by}
    found: dict[tuple[int, int], OnMain] = {}
    for row in rows:
        left = max(row.left_fen, 0)
        gone = min(max(paid.get(row.payee_id, 0), 0), left)
        paid[row.payee_id] = paid.get(row.payee_id, 0) - gone
        if left > gone:
            one = OnMain(row.payee_id, row.main_id, row.sub_id)
            found.setdefault((row.payee_id, row.main_id), one).parts.append((row.id, left - gone))
    return list(found.values())
