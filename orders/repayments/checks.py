"""Repayments recomputed from their documents, for ``duikou verify``."""

from __future__ import annotations

from flask import Flask

from orders.ledger import verify
from orders.payments import checks

#: What repayments have moved, as kind, owner and fen (debit less credit).
DOCUMENTS = """
    SELECT 'producer_payable', 'org:' || r.producer_id, -i.amount_fen FROM repayment_items i
    JOIN producer_repayments r ON r.id = i.repayment_id
    UNION ALL SELECT 'bank_supervised', 'org:' || r.producer_id, i.amount_fen - i.card_fen FROM repayment_items i
    JOIN producer_repayments r ON r.id = i.repayment_id
    UNION ALL SELECT 'bank_supervised', 'platform', card_fen FROM repayment_items
    UNION ALL SELECT 'stripe_cash', 'org:' || r.producer_id, i.card_fen FROM repayment_items i
    JOIN producer_repayments r ON r.id = i.repayment_id
    UNION ALL SELECT 'stripe_cash', 'platform', -card_fen FROM repayment_items"""

REPAYMENTS = """
    SELECT r.bank_serial AS subject, CASE WHEN r.status = 'confirmed' THEN r.amount_fen ELSE 0 END AS amount,
           coalesce(sum(i.amount_fen), 0) AS amount__should
    FROM producer_repayments r LEFT JOIN repayment_items i ON i.repayment_id = r.id GROUP BY r.id ORDER BY r.id"""
_NAME = "repayments = orders' parts"


def init_app(_app: Flask) -> None:
    """Add the check, and repayments to the documents of the money accounts."""
    checks.add_documents("repayments", DOCUMENTS)
    verify.register(_NAME, lambda _order_id: checks.result(_NAME, REPAYMENTS))
