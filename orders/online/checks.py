"""What ``duikou verify`` asks of payments by card, in plain SQL."""

from __future__ import annotations

from flask import Flask

from orders.ledger import verify

_INTENTS = """
    SELECT format('payment %s of %s: %s', i.public_id, p.number, what) FROM payment_intents i
    JOIN procurements p ON p.id = i.procurement_id
    LEFT JOIN charges c ON c.charge_ref = i.charge_ref
    LEFT JOIN (SELECT intent_id, sum(amount_fen) AS fen FROM intent_shares GROUP BY 1) s ON s.intent_id = i.id
    CROSS JOIN LATERAL (VALUES
        (i.status = 'succeeded' AND c.id IS NULL, 'succeeded without its charge'),
        (c.id IS NOT NULL AND c.procurement_id <> i.procurement_id, 'its charge is another procurement''s'),
        (c.id IS NOT NULL AND c.amount_fen <> i.amount_fen, format('asked %s fen, charged %s', i.amount_fen, c.amount_fen)),
        (s.fen IS DISTINCT FROM i.amount_fen, format('asked %s fen, its shares are %s', i.amount_fen, s.fen))
    ) AS found (wrong, what) WHERE wrong
    UNION ALL
    SELECT format('charge %s: no payment was asked for', charge_ref) FROM charges c
    WHERE NOT EXISTS (SELECT FROM payment_intents i WHERE i.procurement_id = c.procurement_id)"""
_DISPUTES = """
    SELECT format('order %s: held %s fen, its open disputes hold %s', o.number, o.held_fen, coalesce(h.fen, 0))
    FROM orders o LEFT JOIN (
        SELECT h.order_id, sum(h.amount_fen) AS fen FROM dispute_holds h
        JOIN disputes d ON d.id = h.dispute_id AND d.status = 'open' GROUP BY 1
    ) h ON h.order_id = o.id WHERE o.held_fen <> coalesce(h.fen, 0)
    UNION ALL
    SELECT format('dispute %s, order %s: lost %s fen, its refunds are %s', d.dispute_ref, h.order_id, h.amount_fen,
                  coalesce(r.fen, 0))
    FROM dispute_holds h JOIN disputes d ON d.id = h.dispute_id AND d.status = 'lost'
    LEFT JOIN (SELECT order_id, bank_serial, sum(amount_fen) AS fen FROM refunds
               WHERE cause = 'dispute' AND status = 'confirmed' GROUP BY 1, 2) r
         ON r.order_id = h.order_id AND r.bank_serial = d.dispute_ref
    WHERE h.amount_fen <> coalesce(r.fen, 0)"""
_CHARGES = """
    SELECT format('charge %s: disputed %s fen, its disputes hold or took %s', c.charge_ref, c.disputed_fen, coalesce(h.fen, 0))
    FROM charges c LEFT JOIN (
        SELECT d.charge_id, sum(h.amount_fen) AS fen FROM disputes d
        JOIN dispute_holds h ON h.dispute_id = d.id WHERE d.status <> 'won' GROUP BY 1
    ) h ON h.charge_id = c.id WHERE c.disputed_fen <> coalesce(h.fen, 0)"""


def init_app(_app: Flask) -> None:
    """Add the checks to ``duikou verify``."""
    for name, table, differing in (
        ("card payments = charges", "payment_intents", _INTENTS),
        ("disputes = holds and refunds", "disputes", _DISPUTES),
        ("charges' disputed = disputes", "charges", _CHARGES),
    ):
        verify.register(name, _check(table, differing))


def _check(table: str, differing: str) -> verify.Check:
    counted = f"SELECT count(*) FROM {table}"
    return lambda _order_id: verify.compare(counted, differing)
